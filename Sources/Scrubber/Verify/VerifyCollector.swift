import Engine
import IndexFormat
import Synchronization

/// Takes what came of units as they are done, puts it into the order of the plan, and adds it up. Who brings a result
/// waits until what can be told is told, so a slow reader slows the work and does not fill the memory.
final class VerifyCollector: Sendable {
  struct State: Sendable {
    /// Done, but not those before them.
    fileprivate var waiting: [Int: VerificationResult] = [:]
    /// Units before it have been added up.
    fileprivate(set) var next = 0
    fileprivate(set) var doneCount = 0
    fileprivate(set) var doneWeight: UInt64 = 0
    /// Without the findings.
    fileprivate(set) var sum = VerificationResult()
    fileprivate(set) var findings: KeptFindings
    fileprivate(set) var counts: [FindingCode: Int] = [:]
    fileprivate(set) var findingCount = 0
    /// What replays have said of whole layers: each unit that needs one says so.
    fileprivate var known: Set<[String]> = []
  }

  /// Findings that are kept for a report at the end.
  static let findingLimit = 100_000

  private let state: Mutex<State>
  private let weights: [UInt64]
  private let levels: [VerificationLevel]
  private let tell: (@Sendable (Finding) -> Void)?

  /// - Parameter tell: takes findings at once, in order; without it they are kept.
  init(_ units: [VerificationUnit], tell: (@Sendable (Finding) -> Void)? = nil) {
    weights = units.map(\.weight)
    levels = units.map(\.level)
    self.tell = tell
    state = Mutex(State(findings: KeptFindings(limit: tell == nil ? Self.findingLimit : 0)))
  }

  func add(_ number: Int, _ result: VerificationResult) {
    state.withLock { state in
      state.waiting[number] = result
      state.doneCount += 1
      state.doneWeight = state.doneWeight.saturatingSum(weights[number])
      while let next = state.waiting.removeValue(forKey: state.next) {
        take(next, of: state.next, &state)
        state.next += 1
      }
    }
  }

  /// Adds up what is done behind a unit that is not: when the work was broken off.
  func takeRest() {
    state.withLock { state in
      for number in state.waiting.keys.sorted() {
        if let result = state.waiting.removeValue(forKey: number) { take(result, of: number, &state) }
      }
    }
  }

  private func take(_ result: VerificationResult, of number: Int, _ state: inout State) {
    for finding in result.findings {
      if levels[number] == .replay, !ReplayCheck.isNew(finding, &state.known) { continue }
      state.counts[finding.code, default: 0] += 1
      state.findingCount += 1
      if let tell { tell(finding) } else { state.findings.insert(finding) }
    }
    var part = result
    part.findings = []
    state.sum += part
  }

  func read<Result>(_ body: (State) -> Result) -> Result { state.withLock { body($0) } }
}
