import IndexFormat

/// The scan for people, written at the end: findings by timeline, the worst first; a summary; what to do
/// next.
struct TextReport: Report {
  static let maximumLookErrors = 20

  private let sink: any OutputSink
  private let options: ReportOptions
  private let style: TextStyle
  private var begin: ScanBegin?
  private var findings: KeptFindings

  var droppedFindingCount: Int { findings.droppedCount }
  private var lookErrors: [LookError] = []

  init(sink: any OutputSink, options: ReportOptions) {
    self.sink = sink
    self.options = options
    style = TextStyle(isColoured: options.isColoured)
    findings = KeptFindings(limit: options.maximumFindings)
  }

  mutating func receive(_ event: ScanEvent) {
    switch event {
    case .begin(let begin): self.begin = begin
    case .finding(let finding):
      if finding.severity >= options.minimumSeverity { findings.insert(finding) }
    case .couldNotLook(let error):
      if lookErrors.count < Self.maximumLookErrors { lookErrors.append(error) }
    case .progress: break
    case .summary(let summary): write(summary)
    }
  }

  private func write(_ summary: ScanSummary) {
    if let begin {
      let prefix = begin.prefix.isEmpty ? "" : ", prefix \(begin.prefix)"
      let source = begin.source.map { ", against \($0)" } ?? ""
      writeLine(
        "\(begin.command) of \(begin.location)\(prefix), depth \(begin.depth.rawValue)\(source), "
          + "as of \(summary.moment.rfc3339)"
      )
      sink.writeLine("")
    }
    writeGroups()
    writeLookErrors(summary)
    let table = SummaryTable(summary: summary, style: style)
    for line in table.lines { sink.writeLine(line) }
    writeLine(NextStep.line(summary, isStrict: options.isStrict))
  }

  /// A line with text from outside in it.
  private func writeLine(_ text: String) { sink.writeLine(TerminalText.escape(text)) }

  // MARK: Findings

  private func writeGroups() {
    for group in FindingGroup.groups(of: findings.all) {
      sink.writeLine(style.heading(TerminalText.escape(group.place)))
      for finding in group.findings { write(finding) }
      sink.writeLine("")
    }
    if findings.droppedCount > 0 {
      sink.writeLine(
        "\(DecimalText.grouped(findings.droppedCount)) more findings are counted below but not shown: "
          + "--max-findings is \(DecimalText.grouped(findings.limit))."
      )
      sink.writeLine("")
    }
  }

  private func write(_ finding: Finding) {
    let severity = finding.severity.rawValue
    let padding = String(repeating: " ", count: max(0, 8 - severity.count))
    sink.writeLine(
      "  " + style.severity(finding.severity, severity) + padding
        + TerminalText.escape("\(finding.code.rawValue): \(finding.message)")
    )
    for detail in details(of: finding) { writeLine("          " + detail) }
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
    if options.isVerbose { lines.append("next: \(finding.nextStep)") }
    return lines
  }

  // MARK: Requests without an answer

  private func writeLookErrors(_ summary: ScanSummary) {
    guard summary.lookErrorCount > 0 else { return }
    sink.writeLine(style.heading("could not look"))
    for error in lookErrors { writeLine("  \(error.objectKey): \(error.reason)") }
    let rest = summary.lookErrorCount - lookErrors.count
    if rest > 0 { sink.writeLine("  and \(DecimalText.grouped(rest)) more") }
    sink.writeLine("")
  }
}
