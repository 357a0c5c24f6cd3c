import IndexFormat

/// The findings of a scan, as many as a limit allows: when it is full, the mildest make room for worse ones.
struct KeptFindings: Sendable {
  let limit: Int
  private(set) var count = 0
  /// How many were let go.
  private(set) var droppedCount = 0
  /// By the rank of their severity.
  private var bySeverity: [[Finding]] = Array(repeating: [], count: Severity.allCases.count)

  init(limit: Int) { self.limit = max(0, limit) }

  mutating func insert(_ finding: Finding) {
    let rank = finding.severity.rank
    if count >= limit {
      droppedCount += 1
      guard let mildest = bySeverity.lastIndex(where: { !$0.isEmpty }), mildest > rank else { return }
      bySeverity[mildest].removeLast()
      count -= 1
    }
    bySeverity[rank].append(finding)
    count += 1
  }

  /// The worst first, of one severity in the order they came.
  var all: some Sequence<Finding> { bySeverity.joined() }
}
