import Engine
import IndexFormat

/// What the JSON document and the last line of NDJSON have in common.
///
/// | member | content |
/// |---|---|
/// | `tenant_id`, `location`, `prefix` | what was verified |
/// | `timelines` | array of `{timeline_id, lsns, units}` |
/// | `not_verified` | array of `{timeline_id, kind, reason}`; kind: `deleted`, `other-lsns`, `unreadable` |
/// | `replays` | array of `{timeline_id, shard_id, base, lsn_start, lsn_end, lsn_reached, records, units}` |
/// | `not_replayed` | as `not_verified`; kind: `no-wal`, `no-base`, `nothing-since`, `unsupported` |
/// | `levels`, `levels_not_run`, `sample_percent` | how |
/// | `unit_count`, `units_done`, `units_kept` | units; kept: done by an earlier run |
/// | `coverage` | `keys`, `values` (images), `records`, `bytes`: each `{present, checked, skipped}`; `complete` if they add up |
/// | `read_depths` | number of layers to number of keys that were read through so many |
/// | `layer_count`, `layer_bytes`, `read_bytes` | what there is, and what was read |
/// | `counts_by_severity`, `counts_by_code`, `findings_omitted` | omitted: counted, but neither told nor classed |
/// | `interrupted`, `duration_seconds`, `version`, `exit_code` | |
extension JSONWriter {
  mutating func verifyMembers(_ outcome: VerifyOutcome) {
    let plan = outcome.plan
    member("tenant_id", plan.tenant.tenant.description)
    member("location", plan.tenant.bucket.location)
    member("prefix", plan.tenant.bucket.root.tenantsPrefix)
    timelineMembers(plan)
    replayMembers(plan)
    member("levels") { json in
      json.array { json in
        for level in VerificationLevel.allCases where plan.options.levels.contains(level) {
          json.value(level.rawValue)
        }
      }
    }
    member("levels_not_run") { json in
      json.array { json in
        for level in VerificationLevel.allCases where !plan.options.levels.contains(level) {
          json.value(level.rawValue)
        }
      }
    }
    name("sample_percent")
    raw(
      "\(plan.options.sampleShare / 100).\(DecimalText.padded(Int64(plan.options.sampleShare % 100), 2))".utf8
    )
    member("unit_count", plan.units.count)
    member("units_done", outcome.doneCount)
    member("units_kept", outcome.keptCount)
    coverageMember(outcome.sum.coverage)
    member("read_depths") { json in
      json.object { json in
        for (depth, count) in outcome.sum.depths.enumerated() where count > 0 {
          json.member("\(depth)", count)
        }
      }
    }
    member("layer_count", plan.layerCount)
    member("layer_bytes", plan.layerByteCount)
    member("read_bytes", outcome.sum.readByteCount)
    countMembers(outcome)
    member("interrupted", outcome.isInterrupted)
    name("duration_seconds")
    raw(DecimalText.seconds(outcome.duration).utf8)
    member("version", Version.program)
    member("exit_code", outcome.exitCode.rawValue)
  }

  private mutating func timelineMembers(_ plan: VerifyPlan) {
    member("timelines") { json in
      json.array { json in
        for part in plan.parts {
          json.object { json in
            json.member("timeline_id", part.timeline.description)
            json.member("lsns") { json in
              json.array { json in for lsn in part.lsns { json.value(lsn.description) } }
            }
            json.member("units", part.units.count)
          }
        }
      }
    }
    omissionMember("not_verified", plan.omissions)
  }

  private mutating func omissionMember(_ name: String, _ omissions: [VerifyPlan.Omission]) {
    member(name) { json in
      json.array { json in
        for omission in omissions {
          json.object { json in
            json.member("timeline_id", omission.timeline.description)
            json.member("kind", omission.kind.rawValue)
            json.member("reason", omission.reason)
          }
        }
      }
    }
  }

  private mutating func replayMembers(_ plan: VerifyPlan) {
    member("replays") { json in
      json.array { json in
        for replay in plan.parts.flatMap(\.replays) {
          let draft = replay.replay.draft
          json.object { json in
            json.member("timeline_id", draft.timeline.view.id.description)
            json.member("shard_id", draft.timeline.view.shard.description)
            json.member("base", draft.baseText)
            json.member("lsn_start", draft.plan.start.description)
            json.member("lsn_end", draft.end.description)
            json.member("lsn_reached", replay.replay.replayed.end.description)
            json.member("records", replay.replay.replayed.result.coverage.records.checked)
            json.member("units", replay.units.count)
          }
        }
      }
    }
    omissionMember("not_replayed", plan.unreplayed)
  }

  private mutating func coverageMember(_ coverage: VerificationCoverage) {
    let tallies = [
      ("keys", coverage.keys), ("values", coverage.values), ("records", coverage.records),
      ("bytes", coverage.bytes),
    ]
    member("coverage") { json in
      json.object { json in
        for (name, tally) in tallies {
          json.member(name) { json in VerifiedTally(tally).encode(into: &json) }
        }
        json.member("complete", coverage.addsUp)
      }
    }
  }

  private mutating func countMembers(_ outcome: VerifyOutcome) {
    member("counts_by_severity") { json in
      json.object { json in
        for severity in Severity.allCases { json.member(severity.rawValue, outcome.count(of: severity)) }
      }
    }
    member("counts_by_code") { json in
      json.object { json in
        for (code, count) in outcome.counts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
          json.member(code.rawValue, count)
        }
      }
    }
    member("findings_omitted", outcome.findings.droppedCount + outcome.sum.omittedFindingCount)
  }
}
