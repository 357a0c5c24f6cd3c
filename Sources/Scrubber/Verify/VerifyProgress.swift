import Engine
import IndexFormat
import Synchronization

/// Tells on a terminal how far a verification is.
final class VerifyProgress: Sendable {
  private struct State: Sendable {
    var estimate = Estimate(total: 0)
    var doneBefore: UInt64 = 0
    var last = Duration.zero
  }

  private let line: DrawnLine
  private let totalWeight: UInt64
  private let unitCount: Int
  private let start = ContinuousClock.now
  private let state = Mutex(State())
  private static let interval = Duration.milliseconds(100)

  init(_ plan: VerifyPlan, _ line: DrawnLine) {
    self.line = line
    totalWeight = plan.totalWeight
    unitCount = plan.units.count
  }

  /// - Parameter doneBefore: the weight of units that an earlier run has done.
  func begin(_ doneBefore: UInt64) {
    state.withLock { state in
      state.doneBefore = doneBefore
      state.estimate = Estimate(total: totalWeight - min(doneBefore, totalWeight))
    }
  }

  func show(_ collector: VerifyCollector) {
    guard line.isShown else { return }
    let elapsed = ContinuousClock.now - start
    let due = state.withLock { state -> Bool in
      guard elapsed - state.last >= Self.interval else { return false }
      state.last = elapsed
      return true
    }
    guard due else { return }
    line.show(text(collector, elapsed))
  }

  /// `[####    ] 43 %, 120 of 280 units, 35.0 MiB read, 3 findings, 0:12, about 0:16 left`
  private func text(_ collector: VerifyCollector, _ elapsed: Duration) -> String {
    let (weight, units, findings, bytes) = collector.read {
      ($0.doneWeight, $0.doneCount, $0.findingCount, $0.sum.readByteCount)
    }
    let rest = state.withLock { state -> Duration? in
      state.estimate.look(done: weight - min(state.doneBefore, weight), at: elapsed)
      return state.estimate.rest
    }
    let fraction = totalWeight > 0 ? min(1, Double(weight) / Double(totalWeight)) : 1
    var parts = [
      "\(Int(fraction * 100)) %", "\(DecimalText.grouped(units)) of \(DecimalText.grouped(unitCount)) units",
      "\(DecimalText.bytes(bytes)) read", Count(findings, "finding").description, DecimalText.clock(elapsed),
    ]
    if let rest { parts.append("about \(DecimalText.clock(rest)) left") }
    return ProgressLine.bar(fraction) + parts.joined(separator: ", ")
  }
}
