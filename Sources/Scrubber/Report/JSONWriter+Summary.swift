import IndexFormat

/// The members that the JSON object and the last NDJSON line have in common.
///
/// | member | content |
/// |---|---|
/// | `tenant_count`, `timeline_count`, `timeline_shard_count` | integers, as Neon's scrubber counts |
/// | `node_kind`, `deleted_count`, `source` | only of safekeepers; `source`: where the timelines come from |
/// | `with_orphans` | array of `{tenant_shard_id, timeline_id}` |
/// | `indices_by_version` | version to count |
/// | `counts_by_severity` | all four severities to count |
/// | `counts_by_code`, `bytes_by_code` | codes that occurred; `bytes_by_code` only those that speak of bytes |
/// | `coverage` | `objects_*` and `bytes_*` listed, visited, skipped; `complete` |
/// | `layers`, `archives` | only with `--depth layers` and `blobs`: objects `due`, `checked`, `unreadable`, `interrupted`; `bytes` of those that were checked, `bytes_read`; `complete` if they add up |
/// | | of `layers` also `entries` of their indices, `values` decoded and `value_bytes`, and of these `pages` and `wal_records`; of `archives` `files` |
/// | `look_error_count` | requests without an answer |
/// | `not_found` | tenants and shards that were asked for and are not there; only if there are such |
/// | `limit_reached` | what reached its limit, or null |
/// | `interrupted`, `duration_seconds`, `moment` | |
/// | `location`, `prefix`, `depth` | what was scanned; null if the scan did not get that far |
/// | `version`, `exit_code` | of this program |
extension JSONWriter {
  mutating func summaryMembers(_ summary: ScanSummary, begin: ScanBegin?, exitCode: ExitCode) {
    switch summary.nodeKind {
    case .pageserver: orphanMembers(summary)
    case .safekeeper:
      member("node_kind", summary.nodeKind.rawValue)
      member("source", ifPresent: begin?.source)
    }
    findingMembers(summary)
    coverageMember(summary.coverage)
    if let bodies = summary.bodies { bodiesMember(bodies) }
    member("look_error_count", summary.lookErrorCount)
    if !summary.notFound.isEmpty {
      member("not_found") { json in
        json.array { json in for selector in summary.notFound { json.value(selector.description) } }
      }
    }
    nullableMember("limit_reached", summary.limitReached)
    member("interrupted", summary.isInterrupted)
    name("duration_seconds")
    raw(DecimalText.seconds(summary.duration).utf8)
    member("moment", summary.moment.rfc3339)
    nullableMember("location", begin?.location)
    nullableMember("prefix", begin?.prefix)
    nullableMember("depth", begin?.depth.rawValue)
    member("version", Version.program)
    member("exit_code", exitCode.rawValue)
  }

  mutating func countMembers(_ summary: ScanSummary) {
    member("tenant_count", summary.tenantCount)
    member("timeline_count", summary.timelineCount)
    member("timeline_shard_count", summary.timelineShardCount)
    if summary.nodeKind == .safekeeper { member("deleted_count", summary.deletedCount) }
  }

  // MARK: Parts

  private mutating func orphanMembers(_ summary: ScanSummary) {
    member("with_orphans") { json in
      json.array { json in
        for orphan in summary.withOrphans.sorted() {
          json.object { json in
            json.member("tenant_shard_id", orphan.tenantShard.description)
            json.member("timeline_id", orphan.timeline.description)
          }
        }
      }
    }
    member("indices_by_version") { json in
      json.object { json in
        for (version, count) in summary.indicesByVersion.sorted(by: { $0.key < $1.key }) {
          json.member(String(version), count)
        }
      }
    }
  }

  private mutating func findingMembers(_ summary: ScanSummary) {
    member("counts_by_severity") { json in
      json.object { json in
        for severity in Severity.allCases { json.member(severity.rawValue, summary.count(of: severity)) }
      }
    }
    member("counts_by_code") { json in
      json.object { json in
        for code in FindingCode.allCases { json.member(code.rawValue, ifPresent: summary.counts[code]) }
      }
    }
    member("bytes_by_code") { json in
      json.object { json in
        for code in FindingCode.allCases { json.member(code.rawValue, ifPresent: summary.bytes[code]) }
      }
    }
  }

  private mutating func coverageMember(_ coverage: Coverage) {
    member("coverage") { json in
      json.object { json in
        json.member("objects_listed", coverage.objectsListed)
        json.member("objects_visited", coverage.objectsVisited)
        json.member("objects_skipped") { json in
          json.object { json in
            for reason in Coverage.SkipReason.allCases {
              json.member(reason.rawValue, ifPresent: coverage.objectsSkipped[reason])
            }
          }
        }
        json.member("bytes_listed", coverage.bytesListed)
        json.member("bytes_visited", coverage.bytesVisited)
        json.member("bytes_skipped", coverage.bytesSkipped)
        json.member("complete", coverage.isComplete)
      }
    }
  }

  private mutating func bodiesMember(_ bodies: BodyCounts) {
    member("layers") { json in
      json.object { json in
        json.members(of: bodies.layers)
        json.member("entries", bodies.entryCount)
        json.member("values", bodies.valueCount)
        json.member("value_bytes", bodies.valueByteCount)
        json.member("pages", bodies.pageCount)
        json.member("wal_records", bodies.walRecordCount)
      }
    }
    member("archives") { json in
      json.object { json in
        json.members(of: bodies.archives)
        json.member("files", bodies.archivedFileCount)
      }
    }
  }

  private mutating func members(of objects: BodyCounts.Objects) {
    member("due", objects.due)
    member("checked", objects.checked)
    member("unreadable", objects.unreadable)
    member("interrupted", objects.interrupted)
    member("bytes", objects.byteCount)
    member("bytes_read", objects.bytesRead)
    member("complete", objects.isComplete)
  }

  private mutating func nullableMember(_ name: String, _ value: String?) {
    if let value {
      member(name, value)
    } else {
      self.name(name)
      null()
    }
  }
}
