import IndexFormat

/// The findings of one place, in the order of a report: the worst first.
struct FindingGroup {
  var place: String
  var findings: [Finding]

  /// Places by their worst severity, then by name; within a place by severity, code, object and offset.
  static func groups(of findings: some Sequence<Finding>) -> [FindingGroup] {
    Dictionary(grouping: findings, by: \.place)
      .map { FindingGroup(place: $0.key, findings: $0.value.sorted(by: precedes)) }
      .sorted { ($0.worstRank, $0.place) < ($1.worstRank, $1.place) }
  }

  private var worstRank: Int { findings.first?.severity.rank ?? Severity.allCases.count }

  private static func precedes(_ left: Finding, _ right: Finding) -> Bool {
    (left.severity.rank, left.code.rawValue, left.objectKey ?? "", left.offset ?? 0, left.message)
      < (right.severity.rank, right.code.rawValue, right.objectKey ?? "", right.offset ?? 0, right.message)
  }
}
