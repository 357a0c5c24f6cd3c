import IndexFormat
import Testing
@testable import Scrubber

@Suite struct ExitCodeTests {
  /// Every combination of what a summary can say, against the order of precedence written out once more.
  @Test(arguments: 0..<256)
  func precedence(bits: Int) {
    func has(_ bit: Int) -> Bool { bits & (1 << bit) != 0 }
    var summary = SampleScan.cleanSummary
    summary.isInterrupted = has(0)
    if has(1) { summary.counts[.layerMissing] = 1 }
    summary.lookErrorCount = has(2) ? 1 : 0
    if has(3) { summary.coverage.objectsListed += 1 }
    if has(4) { summary.timelineShardCount = 0 }
    summary.limitReached = has(5) ? "time" : nil
    if has(6) { summary.counts[.layerOverlap] = 2 }
    let isStrict = has(7)
    let order: [(Bool, Int32)] = [
      (has(0), 130), (has(1), 2), (has(2) || has(3), 1), (has(4), 66), (has(5), 75), (has(6) && isStrict, 3),
      (true, 0),
    ]
    let expected = order.first { $0.0 }?.1
    #expect(ExitCode(summary, isStrict: isStrict).rawValue == expected)
  }

  @Test func garbageAndInformationNeverCount() {
    var summary = SampleScan.cleanSummary
    summary.counts = [.layerOrphan: 5, .timelineArchived: 2]
    #expect(ExitCode(summary, isStrict: true) == .ok)
  }

  @Test func bytesThatDoNotAddUpAreIncomplete() {
    var summary = SampleScan.cleanSummary
    summary.coverage.bytesVisited -= 1
    #expect(ExitCode(summary, isStrict: false) == .couldNotFinish)
  }

  @Test func numbersAreAsPublished() {
    #expect(ExitCode.allCases.map(\.rawValue) == [0, 1, 2, 3, 64, 66, 69, 75, 130])
  }
}
