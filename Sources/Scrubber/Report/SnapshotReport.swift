import IndexFormat

/// What came of a snapshot, for people or as JSON.
struct SnapshotReport {
  var outcome: SnapshotOutcome

  private var document: SnapshotDocument { outcome.document }

  // MARK: Text

  func lines(_ style: TextStyle) -> [String] {
    let way = document.isByVersions ? ", by versions" : ""
    let head =
      "tenant-snapshot of \(document.source.location), prefix \(document.source.tenantsPrefix), "
      + "tenant \(document.tenant), as of \(document.moment)\(way)"
    return [TerminalText.escape(head), ""] + FindingText(style: style).lines(outcome.findings)
      + [style.heading("snapshot")] + rows.map { "  " + pad($0.name) + TerminalText.escape($0.value) }
      + ["", TerminalText.escape(verdict), TerminalText.escape("next: " + next)]
  }

  private var rows: [(name: String, value: String)] {
    let files = Count(document.files.count, "file").description
    var rows = [
      ("folder", outcome.path),
      ("shards", document.shards.map(\.description).joined(separator: ", ")),
      ("timelines", DecimalText.grouped(document.timelines.count)),
      ("files", "\(files), \(DecimalText.bytes(outcome.byteCount))"),
    ]
    if outcome.action == .taken {
      rows.append(
        ("fetched", "\(Count(outcome.fetchedCount, "object")), \(DecimalText.bytes(outcome.fetchedBytes))")
      )
      if outcome.keptCount > 0 {
        rows.append(("kept", "\(Count(outcome.keptCount, "file")) of an earlier run"))
      }
      rows.append(("looks", "\(outcome.looks)"))
    }
    let gone = document.missing.filter { $0.reason == .gone }.count
    rows.append(("missing", gone == 0 ? "none" : Count(gone, "object").description))
    let deleting = document.missing.count - gone
    if deleting > 0 {
      rows.append(("deleted", "\(Count(deleting, "layer")) of timelines that are being deleted"))
    }
    rows.append(("left out", leftOut))
    if let count = outcome.verifiedCount { rows.append(("verified", "\(Count(count, "file")) by SHA-256")) }
    rows.append(("duration", "\(DecimalText.seconds(outcome.duration)) s"))
    return rows
  }

  private var leftOut: String {
    let reasons = outcome.leftOut.map { "\(DecimalText.grouped($0.count)) \($0.reason.rawValue)" }
    let bytes = outcome.leftOut.reduce(UInt64(0)) { $0.saturatingSum($1.bytes) }
    return reasons.isEmpty ? "none" : "\(reasons.joined(separator: ", ")); \(DecimalText.bytes(bytes))"
  }

  private var verdict: String {
    switch (outcome.action, outcome.exitCode) {
    case (.taken, .ok): "complete: everything that the indices name is there, of one moment"
    case (.found, .ok): "already complete: there was nothing to do"
    case (.taken, _): "NOT COMPLETE: the rest is there, of one moment"
    case (.found, _): "NOT COMPLETE, or damaged since"
    }
  }

  private var next: String {
    guard let worst = outcome.findings.min(by: { $0.severity.rank < $1.severity.rank }),
      worst.severity >= .warning
    else {
      return document.isComplete ? "nothing to do" : "see \"missing\" in \(SnapshotDocument.fileName)"
    }
    return "\(worst.code.rawValue): \(worst.nextStep) (scrubber explain \(worst.code.rawValue))"
  }

  private func pad(_ name: String) -> String { name + String(repeating: " ", count: max(1, 12 - name.count)) }

  // MARK: JSON

  /// | member | content |
  /// |---|---|
  /// | `tenant_id`, `output_path`, `location`, `tenants_prefix`, `moment`, `by_versions` | what was taken, from where |
  /// | `action` | `taken`, or `found` if it was there already |
  /// | `complete` | whether nothing is missing or damaged |
  /// | `shards`, `timelines` | arrays |
  /// | `file_count`, `byte_count`, `fetched_count`, `fetched_bytes`, `kept_count`, `looks` | integers |
  /// | `verified_count` | files whose content was compared, or null |
  /// | `missing` | array of `{path, size, reason}` |
  /// | `left_out` | reason to `{objects, bytes}`; the objects are in `snapshot.json` |
  /// | `findings` | array of findings, as lines of NDJSON have them |
  /// | `duration_seconds`, `version`, `exit_code` | |
  var json: [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("tenant_id", document.tenant.description)
      json.member("output_path", outcome.path)
      json.member("location", document.source.location)
      json.member("tenants_prefix", document.source.tenantsPrefix)
      json.member("moment", document.moment)
      json.member("by_versions", document.isByVersions)
      json.member("action", outcome.action == .taken ? "taken" : "found")
      json.member("complete", outcome.exitCode == .ok)
      json.member("shards") { json in
        json.array { json in for shard in document.shards { json.value(shard.description) } }
      }
      json.member("timelines") { json in
        json.array { json in for timeline in document.timelines { json.value(timeline.description) } }
      }
      writeCounts(to: &json)
      writeLists(to: &json)
      json.name("duration_seconds")
      json.raw(DecimalText.seconds(outcome.duration).utf8)
      json.member("version", Version.program)
      json.member("exit_code", outcome.exitCode.rawValue)
    }
    return json.bytes
  }

  private func writeCounts(to json: inout JSONWriter) {
    json.member("file_count", document.files.count)
    json.member("byte_count", outcome.byteCount)
    json.member("fetched_count", outcome.fetchedCount)
    json.member("fetched_bytes", outcome.fetchedBytes)
    json.member("kept_count", outcome.keptCount)
    json.member("looks", outcome.looks)
    json.name("verified_count")
    if let count = outcome.verifiedCount { json.value(count) } else { json.null() }
  }

  private func writeLists(to json: inout JSONWriter) {
    json.member("missing") { json in
      json.array { json in
        for object in document.missing {
          json.object { json in
            json.member("path", object.path)
            json.member("size", object.size)
            json.member("reason", object.reason.rawValue)
          }
        }
      }
    }
    json.member("left_out") { json in
      json.object { json in
        for group in outcome.leftOut {
          json.member(group.reason.rawValue) { json in
            json.object { json in
              json.member("objects", group.count)
              json.member("bytes", group.bytes)
            }
          }
        }
      }
    }
    json.member("findings") { json in
      json.array { json in
        for finding in outcome.findings { json.object { json in json.members(of: finding) } }
      }
    }
  }
}
