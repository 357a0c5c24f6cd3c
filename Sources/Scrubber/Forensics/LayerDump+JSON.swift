import Engine
import IndexFormat

/// The same as JSON: `{"layer": …, "values": [ … ], "findings": [ … ], …}`, a value a line, written as it is read.
struct LayerJSONDump {
  var showsBytes = false
  var key: Key?
  let target: LayerTarget
  let desk: CommandDesk

  private final class State {
    var json = JSONWriter()
    var findings: [Finding] = []
    var count = 0
  }

  func run() async throws(ScanFailure) -> ExitCode {
    let state = State()
    state.json.beginObject()
    state.json.member("layer") { json in json.object { target.write(to: &$0) } }
    state.json.name("values")
    state.json.beginArray()
    let report = try await LayerWalk(target: target).run(
      value: { entry, bytes in
        guard key == nil || key == entry.key else { return }
        write(entry, bytes, &state.json)
        state.count += 1
      },
      piece: { found in
        state.findings += found
        desk.write(state.json.takeBytes())
      }
    )
    state.json.endArray()
    write(report, state.findings, &state.json)
    state.json.endObject()
    desk.write(state.json.takeBytes())
    desk.writeLine("")
    if report.hasErrors { return .damage }
    return key != nil && state.count == 0 ? .nothingMatched : .ok
  }

  private func write(_ entry: LayerEntry, _ bytes: RawSpan, _ json: inout JSONWriter) {
    json.object { json in
      json.member("key", entry.key.description)
      json.member("lsn", entry.lsn.description)
      json.member("offset", entry.blob.lowerBound)
      StoredValue(bytes, in: target.object.name.kind).write(to: &json)
      if showsBytes { json.member("value") { json in json.plainString { HexText.append(bytes, to: &$0) } } }
    }
  }

  private func write(_ report: LayerCheckReport, _ findings: [Finding], _ json: inout JSONWriter) {
    json.member("entry_count", report.entryCount)
    json.member("value_count", report.valueCount)
    json.member("value_bytes", report.valueByteCount)
    json.members(of: report, findings)
  }
}

extension LayerCheckReport {
  var hasErrors: Bool { omittedFindingCount > 0 || findings.contains { $0.severity == .error } }
}

extension JSONWriter {
  /// `findings` and, if some were only counted, how many.
  mutating func members(of report: LayerCheckReport, _ findings: [Finding]) {
    member("findings") { json in
      json.array { json in for finding in findings { json.object { $0.members(of: finding) } } }
    }
    if report.omittedFindingCount > 0 { member("omitted_finding_count", report.omittedFindingCount) }
  }
}

extension LayerTarget {
  func write(to json: inout JSONWriter) {
    json.member("object_key", object.key)
    json.member("name", object.name.description)
    json.member("kind", object.name.isDelta ? "delta" : "image")
    json.member("is_l0", object.name.isL0)
    json.member("tenant_id", object.tenant.description)
    json.member("shard", ifPresent: object.shard?.description)
    json.member("timeline_id", object.timeline.description)
    json.member("key_start", object.name.keys.start.description)
    json.member("key_end", object.name.keys.end.description)
    json.member("lsn_start", object.name.startLsn.description)
    json.member("lsn_end", object.name.endLsn.description)
    json.member("size", byteCount)
    json.member("index_size", ifPresent: indexByteCount)
  }
}
