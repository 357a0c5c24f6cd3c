import IndexFormat

/// Findings for people: by place, the worst first. What came from outside is safe for a terminal.
struct FindingText {
  var style: TextStyle
  /// Say for each finding what to do.
  var isVerbose = false

  func lines(_ findings: some Sequence<Finding>) -> [String] {
    FindingGroup.groups(of: findings).flatMap { group in
      [style.heading(TerminalText.escape(group.place))] + group.findings.flatMap(lines) + [""]
    }
  }

  private func lines(_ finding: Finding) -> [String] {
    let severity = finding.severity.rawValue
    let padding = String(repeating: " ", count: max(0, 8 - severity.count))
    let first =
      "  " + style.severity(finding.severity, severity) + padding
      + TerminalText.escape("\(finding.code.rawValue): \(finding.message)")
    return [first] + details(of: finding).map { TerminalText.escape("          " + $0) }
  }

  private func details(of finding: Finding) -> [String] {
    var lines: [String] = []
    if let key = finding.objectKey {
      lines.append(key + (finding.offset.map { ", byte \($0)" } ?? ""))
    }
    let facts = [
      finding.key.map { "key \($0)" }, finding.lsn.map { "LSN \($0)" },
      finding.seen.map { "seen \($0)" }, finding.expected.map { "expected \($0)" },
      finding.bytes.map { DecimalText.bytes($0) },
    ]
    let line = facts.compactMap { $0 }.joined(separator: ", ")
    if !line.isEmpty { lines.append(line) }
    if isVerbose { lines.append("next: \(finding.nextStep)") }
    return lines
  }
}
