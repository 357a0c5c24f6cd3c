import Engine
import IndexFormat
import Synchronization

/// Does the units of a plan, by several tasks.
final class VerifyRun: Sendable {
  private let plan: VerifyPlan
  /// Nil where there is no place for one.
  private let journal: VerifyJournal?
  private let collector: VerifyCollector
  private let progress: VerifyProgress
  private let unansweredCount = Atomic<Int>(0)
  private let firstFailure = Mutex<ScanFailure?>(nil)

  init(
    _ plan: VerifyPlan,
    _ journal: VerifyJournal?,
    _ collector: VerifyCollector,
    _ progress: VerifyProgress
  ) {
    self.plan = plan
    self.journal = journal
    self.collector = collector
    self.progress = progress
  }

  /// Returns when all is done, or the task is cancelled. True if all units were done, and the store has answered each
  /// of their requests.
  ///
  /// - Parameter left: what an earlier run has done; taken as it is.
  func run(_ left: VerifyJournal.Left) async -> Bool {
    var rest: [Int] = []
    for number in plan.units.indices {
      if let result = left.units[number]?.result {
        collector.add(number, result)
      } else {
        rest.append(number)
      }
    }
    progress.begin(collector.read { $0.doneWeight })
    let numbers = rest
    await Workers.run(count: numbers.count, jobs: plan.options.jobs) { [self] place in
      await work(numbers[place])
    }
    if Task.isCancelled || failure != nil { collector.takeRest() }
    let isAnswered = unansweredCount.load(ordering: .relaxed) == 0
    return isAnswered && collector.read { $0.doneCount } == plan.units.count
  }

  /// Why the work was broken off, if it was not cancelled.
  var failure: ScanFailure? { firstFailure.withLock { $0 } }

  /// Does a unit. False when the task is cancelled, or nothing can be done any more.
  private func work(_ number: Int) async -> Bool {
    let result: VerificationResult
    do throws(ScanFailure) {
      result = try await plan.run(number)
    } catch {
      if error.exitCode != .interrupted { firstFailure.withLock { $0 = $0 ?? error } }
      return false
    }
    if result.isAnswered {
      journal?.note(VerifiedUnit(number: number, result))
    } else {
      // A run that goes on asks again.
      _ = unansweredCount.add(1, ordering: .relaxed)
    }
    collector.add(number, result)
    progress.show(collector)
    return true
  }
}

extension VerificationResult {
  /// Whether the store has answered every request.
  var isAnswered: Bool { coverage.skipped(.unreachable) == 0 }
}

extension VerificationCoverage {
  /// How many keys, values and records were skipped for a reason.
  func skipped(_ reason: VerificationTally.SkipReason) -> UInt64 {
    [keys, values, records].reduce(UInt64(0)) { $0.saturatingSum($1.skipped[reason] ?? 0) }
  }
}
