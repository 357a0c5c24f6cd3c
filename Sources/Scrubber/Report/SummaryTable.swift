import IndexFormat

/// The numbers at the end of a text report.
struct SummaryTable {
  var summary: ScanSummary
  var style: TextStyle

  var lines: [String] { counts + codes + [coverage, ""] }

  private var counts: [String] {
    let coverage = summary.coverage
    let versions = summary.indicesByVersion.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    let severities = Severity.allCases.map { "\(DecimalText.grouped(summary.count(of: $0))) \($0.rawValue)" }
    var rows = [
      ("tenants", DecimalText.grouped(summary.tenantCount)),
      ("timelines", DecimalText.grouped(summary.timelineCount)),
    ]
    switch summary.nodeKind {
    case .pageserver:
      rows += [
        ("timelines of shards", DecimalText.grouped(summary.timelineShardCount)),
        ("with orphan layers", DecimalText.grouped(summary.withOrphans.count)),
        ("index versions", versions.isEmpty ? "none" : versions.joined(separator: ", ")),
      ]
    case .safekeeper: rows.append(("deleted timelines", DecimalText.grouped(summary.deletedCount)))
    }
    rows += [
      ("objects", DecimalText.grouped(coverage.objectsListed)),
      ("bytes", DecimalText.bytes(coverage.bytesListed)),
    ]
    if let bodies = summary.bodies { rows += Self.rows(bodies) }
    rows += [
      ("duration", "\(DecimalText.seconds(summary.duration)) s"),
      ("findings", severities.joined(separator: ", ")),
      ("could not look", DecimalText.grouped(summary.lookErrorCount)),
    ]
    if !summary.notFound.isEmpty {
      rows.append(("not found", summary.notFound.map(\.description).joined(separator: ", ")))
    }
    if let limit = summary.limitReached { rows.append(("limit reached", TerminalText.escape(limit))) }
    if summary.isInterrupted { rows.append(("interrupted", "yes, the numbers are not complete")) }
    return [style.heading("summary")] + rows.map { "  " + Self.pad($0, to: 21) + $1 } + [""]
  }

  private static func rows(_ bodies: BodyCounts) -> [(String, String)] {
    var rows = [
      ("layers opened", text(bodies.layers) + ", \(DecimalText.grouped(bodies.entryCount)) entries")
    ]
    if bodies.valueCount > 0 {
      let parts = [
        "\(DecimalText.grouped(bodies.valueCount)) (\(DecimalText.bytes(bodies.valueByteCount)))",
        "\(DecimalText.grouped(bodies.pageCount)) pages",
        "\(DecimalText.grouped(bodies.walRecordCount)) WAL records",
      ]
      rows.append(("values checked", parts.joined(separator: ", ")))
    }
    if bodies.archives.due > 0 {
      let files = "\(DecimalText.grouped(bodies.archivedFileCount)) files"
      rows.append(("initdb archives", text(bodies.archives) + ", " + files))
    }
    return rows
  }

  /// `12 of 13, 4.0 MiB of 90.0 MiB read, 1 unreadable`
  private static func text(_ objects: BodyCounts.Objects) -> String {
    var text =
      "\(DecimalText.grouped(objects.checked)) of \(DecimalText.grouped(objects.due)), "
      + "\(DecimalText.bytes(objects.bytesRead)) of \(DecimalText.bytes(objects.byteCount)) read"
    for (count, name) in [(objects.unreadable, "unreadable"), (objects.interrupted, "interrupted")]
    where count > 0 { text += ", \(DecimalText.grouped(count)) \(name)" }
    return text
  }

  /// A row for each code that occurred, the worst first.
  private var codes: [String] {
    let present = FindingCode.allCases.filter { (summary.counts[$0] ?? 0) > 0 }
      .enumerated().sorted {
        ($0.element.entry.severity.rank, $0.offset) < ($1.element.entry.severity.rank, $1.offset)
      }
      .map(\.element)
    guard !present.isEmpty else { return [] }
    let width = (present.map(\.rawValue.count).max() ?? 0) + 2
    let header = "  severity  " + Self.pad("code", to: width) + "     count  bytes"
    let rows = present.map { code in
      let severity = code.entry.severity
      let count = DecimalText.grouped(summary.counts[code] ?? 0)
      let bytes = summary.bytes[code].map { "  " + DecimalText.bytes($0) } ?? ""
      let gap = String(repeating: " ", count: 10 - severity.rawValue.count)
      return "  " + style.severity(severity, severity.rawValue) + gap + Self.pad(code.rawValue, to: width)
        + String(repeating: " ", count: max(0, 10 - count.count)) + count + bytes
    }
    return [style.heading(header)] + rows + [""]
  }

  private var coverage: String {
    let coverage = summary.coverage
    let reasons = Coverage.SkipReason.allCases.compactMap { reason in
      coverage.objectsSkipped[reason].map { "\(DecimalText.grouped($0)) \(reason.rawValue)" }
    }
    let skipped = reasons.isEmpty ? "none skipped" : "skipped " + reasons.joined(separator: ", ")
    let verdict = coverage.isComplete ? "every object is accounted for" : "THE NUMBERS DO NOT ADD UP"
    return "coverage: \(DecimalText.grouped(coverage.objectsVisited)) of "
      + "\(DecimalText.grouped(coverage.objectsListed)) objects visited "
      + "(\(DecimalText.bytes(coverage.bytesVisited))), \(skipped): \(verdict)"
  }

  private static func pad(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
