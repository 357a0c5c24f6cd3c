import Engine
import IndexFormat

/// Says what a layer is, without listing its values: `layer show`.
struct LayerPortrait {
  let target: LayerTarget
  let desk: CommandDesk

  func run(isJSON: Bool) async throws(ScanFailure) -> ExitCode {
    let profile = LayerProfile()
    let kind = target.object.name.kind
    let report = try await LayerWalk(target: target).run(
      value: { profile.add($0, $1, in: kind) },
      piece: { _ in }
    )
    if isJSON {
      desk.write(json(report, profile))
      desk.writeLine("")
    } else {
      write(report, profile)
    }
    return report.hasErrors ? .damage : .ok
  }

  /// Bytes of the file between summary and index: values as they are stored, and up to 8191 zeros.
  private func storedByteCount(_ report: LayerCheckReport) -> UInt64 {
    guard let end = report.summary?.indexStart, end <= target.byteCount else { return 0 }
    return end - min(end, LayerGeometry.valuesStart)
  }

  // MARK: Text

  private func write(_ report: LayerCheckReport, _ profile: LayerProfile) {
    desk.writeLine(desk.style.heading("layer \(target.object.name)"))
    for (name, value) in rows(report, profile) {
      desk.writeLine(
        "  \(name)" + String(repeating: " ", count: max(1, 12 - name.count)) + TerminalText.escape(value)
      )
    }
    for (title, shares) in [("keys", profile.families), ("values", profile.forms)] where !shares.isEmpty {
      desk.writeLine("")
      var table = TextTable([
        .init(title: "  \(title)"), .init(title: "count", isNumber: true),
        .init(title: "bytes", isNumber: true),
      ])
      for (name, share) in LayerProfile.sorted(shares) {
        table.add(["  \(name)", DecimalText.grouped(share.count), DecimalText.grouped(share.byteCount)])
      }
      desk.writeLines(table.lines(desk.style))
    }
    desk.writeLine("")
    desk.writeLines(FindingText(style: desk.style).lines(report.findings))
    desk.writeLine(verdict(report))
  }

  private func rows(_ report: LayerCheckReport, _ profile: LayerProfile) -> [(String, String)] {
    let object = target.object
    var rows = [
      ("object", object.key), ("kind", kindText),
      ("tenant", "\(object.tenant)\(object.shard?.keySuffix ?? "")"),
    ]
    let written =
      report.summary.map(\.timeline).flatMap { $0 == object.timeline ? nil : ", written as \($0)" } ?? ""
    rows.append(("timeline", "\(object.timeline)\(written)"))
    rows.append(("from key", object.name.keys.start.described))
    rows.append(("up to key", "\(object.name.keys.end)"))
    rows.append(("LSN", object.name.lsnText))
    let index = target.indexByteCount.map { $0 == target.byteCount ? "" : ", but the index says \($0)" } ?? ""
    rows.append(("size", "\(DecimalText.grouped(target.byteCount)) bytes\(index)"))
    rows.append(
      ("index", "\(Count(report.indexBlockCount, "block")), \(Count(report.entryCount, "entry", "entries"))")
    )
    let stored = storedByteCount(report)
    let share = compressedShare(report).map { ", \($0)" } ?? ""
    rows.append(
      (
        "values",
        "\(DecimalText.grouped(report.valueByteCount)) bytes, in \(DecimalText.grouped(stored)) of the file\(share)"
      )
    )
    if let first = profile.firstKey, let last = profile.lastKey {
      rows.append(("first", first.described))
      rows.append(("last", last.described))
      rows.append(
        (
          "keys",
          "\(DecimalText.grouped(profile.keyCount)), \(Count(profile.initCount, "value")) that need none before"
        )
      )
    }
    return rows
  }

  private var kindText: String {
    let name = target.object.name
    if name.isL0 { return "delta, L0: as it was flushed, over all keys" }
    return name.isDelta ? "delta: changes over a range of LSNs" : "image: values at one LSN"
  }

  /// What compression leaves of the values, as far as they are compressed; nil if none is.
  private func compressedShare(_ report: LayerCheckReport) -> String? {
    guard report.coverage.decompressed > 0, report.valueByteCount > 0 else { return nil }
    let tenths =
      storedByteCount(report).multipliedReportingOverflow(by: 1000).partialValue / report.valueByteCount
    return "\(tenths / 10).\(tenths % 10) % by zstd"
  }

  private func verdict(_ report: LayerCheckReport) -> String {
    let unread = report.coverage.unread
    let rest = unread > 0 ? "; \(DecimalText.grouped(unread)) bytes were not looked at" : ""
    if report.findings.isEmpty { return "whole: summary, index and values fit together\(rest)" }
    let omitted = report.omittedFindingCount > 0 ? " and \(report.omittedFindingCount) more" : ""
    return
      "\(report.hasErrors ? "DAMAGED" : "readable"): \(Count(report.findings.count, "finding"))\(omitted)\(rest)"
  }

  // MARK: JSON

  private func json(_ report: LayerCheckReport, _ profile: LayerProfile) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      target.write(to: &json)
      json.member("summary_timeline_id", ifPresent: report.summary?.timeline.description)
      json.member("index_block_count", report.indexBlockCount)
      json.member("entry_count", report.entryCount)
      json.member("value_count", report.valueCount)
      json.member("value_bytes", report.valueByteCount)
      json.member("stored_value_bytes", storedByteCount(report))
      json.member("key_count", profile.keyCount)
      json.member("will_init_count", profile.initCount)
      json.member("first_key", ifPresent: profile.firstKey?.description)
      json.member("last_key", ifPresent: profile.lastKey?.description)
      json.member("key_families") { write(profile.families, to: &$0) }
      json.member("value_forms") { write(profile.forms, to: &$0) }
      json.member("unread_bytes", report.coverage.unread)
      json.members(of: report, report.findings)
    }
    return json.bytes
  }

  private func write(_ shares: [String: LayerProfile.Share], to json: inout JSONWriter) {
    json.array { json in
      for (name, share) in LayerProfile.sorted(shares) {
        json.object { json in
          json.member("name", name)
          json.member("count", share.count)
          json.member("bytes", share.byteCount)
        }
      }
    }
  }
}

extension Key {
  /// The key, and what it stands for if anything.
  var described: String {
    let keyClass = KeyClass(self)
    return keyClass == .unknown ? "\(self)" : "\(self), \(keyClass)"
  }
}
