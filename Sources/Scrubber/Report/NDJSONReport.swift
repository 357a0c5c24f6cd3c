import IndexFormat

/// The scan as it runs: one JSON object a line, each written at once.
///
/// | `type` | members, absent ones left out |
/// |---|---|
/// | `begin` | command, location, prefix, depth, moment, version; of safekeepers also node_kind, source |
/// | `finding` | what it is: code, severity, message, next_step |
/// | | where: tenant_id, shard, tenant_shard_id, timeline_id, object_key, offset, key, lsn |
/// | | what was there: seen, expected, bytes |
/// | `error` | object_key, tenant_id, reason |
/// | `progress` | objects_listed, bytes_listed, tenants_done, fraction, elapsed_seconds; with `--depth layers` and `blobs` also objects_opened, bytes_read |
/// | `summary` | the counts, then those of `JSONWriter.summaryMembers` |
///
/// Nothing is kept, so the limit on findings does not apply.
struct NDJSONReport: Report {
  private let sink: any OutputSink
  private let options: ReportOptions
  private var begin: ScanBegin?

  init(sink: any OutputSink, options: ReportOptions) {
    self.sink = sink
    self.options = options
  }

  mutating func receive(_ event: ScanEvent) {
    switch event {
    case .begin(let begin):
      self.begin = begin
      writeLine("begin") { write(begin, to: &$0) }
    case .finding(let finding):
      guard finding.severity >= options.minimumSeverity else { return }
      writeLine("finding") { $0.members(of: finding) }
    case .couldNotLook(let error):
      writeLine("error") { json in
        json.member("object_key", error.objectKey)
        json.member("tenant_id", ifPresent: error.tenant?.description)
        json.member("reason", error.reason)
      }
    case .progress(let progress): writeLine("progress") { write(progress, to: &$0) }
    case .summary(let summary):
      writeLine("summary") { json in
        json.countMembers(summary)
        json.summaryMembers(summary, begin: begin, exitCode: ExitCode(summary, isStrict: options.isStrict))
      }
    }
  }

  private func writeLine(_ type: String, members: (inout JSONWriter) -> Void) {
    var json = JSONWriter()
    json.object { json in
      json.member("type", type)
      members(&json)
    }
    sink.write(json.bytes + [UInt8(ascii: "\n")])
  }

  private func write(_ begin: ScanBegin, to json: inout JSONWriter) {
    json.member("command", begin.command)
    json.member("location", begin.location)
    json.member("prefix", begin.prefix)
    json.member("depth", begin.depth.rawValue)
    if begin.nodeKind == .safekeeper { json.member("node_kind", begin.nodeKind.rawValue) }
    json.member("source", ifPresent: begin.source)
    json.member("moment", begin.moment.rfc3339)
    json.member("version", Version.program)
  }

  private func write(_ progress: ScanProgress, to json: inout JSONWriter) {
    json.member("objects_listed", progress.objectsListed)
    json.member("bytes_listed", progress.bytesListed)
    json.member("tenants_done", progress.tenantsDone)
    if let bodies = progress.bodies {
      json.member("objects_opened", bodies.objectsDone)
      json.member("bytes_read", bodies.bytesRead)
    }
    if let fraction = progress.fraction.flatMap(DecimalText.fraction) {
      json.name("fraction")
      json.raw(fraction.utf8)
    }
    json.name("elapsed_seconds")
    json.raw(DecimalText.seconds(progress.elapsed).utf8)
  }
}
