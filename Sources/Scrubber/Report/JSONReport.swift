import IndexFormat

/// The whole scan as one JSON object, written at the end: what Neon's scrubber prints with `--json`, and
/// more.
///
/// | member | content |
/// |---|---|
/// | `tenant_count`, `timeline_count`, `timeline_shard_count` | integers |
/// | `with_errors`, `with_warnings` | place (`<tenant shard>/<timeline>`) to array of messages; of safekeepers an array of `{tenant_id, timeline_id, messages}` |
/// | `deleted_count` | only of safekeepers: timelines whose WAL is not complete because they are deleted |
/// | `look_errors` | array of `{object_key, reason}`, the first thousand |
/// | `findings_dropped` | findings that are counted but have no message here, because there were too many |
/// | others | see `JSONWriter.summaryMembers` |
struct JSONReport: Report {
  static let maximumLookErrors = 1000

  private let sink: any OutputSink
  private let options: ReportOptions
  private var begin: ScanBegin?
  private var findings: KeptFindings

  var droppedFindingCount: Int { findings.droppedCount }
  private var lookErrors: [LookError] = []

  init(sink: any OutputSink, options: ReportOptions) {
    self.sink = sink
    self.options = options
    findings = KeptFindings(limit: options.maximumFindings)
  }

  mutating func receive(_ event: ScanEvent) {
    switch event {
    case .begin(let begin): self.begin = begin
    case .finding(let finding):
      // Garbage and information have no messages in this format, only counts.
      if finding.severity >= max(options.minimumSeverity, .warning) { findings.insert(finding) }
    case .couldNotLook(let error):
      if lookErrors.count < Self.maximumLookErrors { lookErrors.append(error) }
    case .progress: break
    case .summary(let summary): write(summary)
    }
  }

  private func write(_ summary: ScanSummary) {
    var json = JSONWriter()
    json.object { json in
      json.countMembers(summary)
      for (severity, name) in [(Severity.error, "with_errors"), (.warning, "with_warnings")] {
        switch summary.nodeKind {
        case .pageserver: writeMessages(severity, as: name, to: &json)
        case .safekeeper: writeTimelines(severity, as: name, to: &json)
        }
      }
      json.summaryMembers(summary, begin: begin, exitCode: ExitCode(summary, isStrict: options.isStrict))
      json.member("look_errors") { json in
        json.array { json in
          for error in lookErrors {
            json.object { json in
              json.member("object_key", error.objectKey)
              json.member("reason", error.reason)
            }
          }
        }
      }
      json.member("findings_dropped", findings.droppedCount)
    }
    sink.write(json.bytes + [UInt8(ascii: "\n")])
  }

  /// The form that Neon's scrubber has for safekeepers, with the messages added.
  private func writeTimelines(_ severity: Severity, as name: String, to json: inout JSONWriter) {
    let groups = FindingGroup.groups(of: findings.all.filter { $0.severity == severity })
    json.member(name) { json in
      json.array { json in
        for group in groups {
          json.object { json in
            json.member("tenant_id", ifPresent: group.findings.first?.tenant?.description)
            json.member("timeline_id", ifPresent: group.findings.first?.timeline?.description)
            json.member("messages") { json in
              json.array { json in for finding in group.findings { json.value(finding.line) } }
            }
          }
        }
      }
    }
  }

  private func writeMessages(_ severity: Severity, as name: String, to json: inout JSONWriter) {
    var messages: [String: [String]] = [:]
    for finding in findings.all where finding.severity == severity {
      messages[finding.place, default: []].append(finding.line)
    }
    json.member(name) { json in
      json.object { json in
        for (place, lines) in messages.sorted(by: { $0.key < $1.key }) {
          json.member(place) { json in
            json.array { json in
              for line in lines.sorted() { json.value(line) }
            }
          }
        }
      }
    }
  }
}
