import Engine
import Glibc
import IndexFormat

/// What a verification is of, in one hash: equal for two runs whose units give the same results.
enum VerifyFingerprint {
  static func text(
    _ tenant: TenantView,
    _ options: VerifyOptions,
    _ parts: [VerifyPlan.Part],
    _ timelines: [WholeTimeline],
    unitCount: Int
  ) -> String {
    var lines = [
      Version.text, absolute(tenant.bucket.location), tenant.bucket.root.tenantsPrefix,
      tenant.tenant.description,
      "stripe \(tenant.stripeSize.pages)", "units \(unitCount)", "sample \(options.sampleShare)",
      "levels " + options.levels.map(\.rawValue).sorted().joined(separator: " "),
    ]
    for part in parts {
      lines.append("\(part.timeline) at " + part.lsns.map(\.description).joined(separator: " "))
    }
    for place in timelines.flatMap(\.shards) {
      for link in place.chain {
        let view = link.timeline
        let digest = Digest.sha256(view.index.encode()).lowercaseHex
        lines.append("\(view.tenantShard)/\(view.id) \(view.object.object.key) \(digest)")
      }
    }
    lines += parts.flatMap(\.replays).flatMap { Self.lines($0.replay.draft) }
    return Digest.sha256(Array(lines.joined(separator: "\n").utf8)).lowercaseHex
  }

  /// Which WAL a replay is of, and what it begins with.
  private static func lines(_ draft: ReplayDraft) -> [String] {
    let view = draft.timeline.view
    var lines = ["replay of \(view.tenantShard)/\(view.id) from \(draft.plan.start) to \(draft.end)"]
    for stretch in draft.plan.stretches { lines.append("\(stretch.shard.index) to \(stretch.end)") }
    switch draft.base {
    case .own: break
    case .copy(let base):
      for link in base.chain {
        let digest = Digest.sha256(link.timeline.index.encode()).lowercaseHex
        lines.append("base \(link.timeline.tenantShard)/\(link.timeline.id) \(digest)")
      }
    case .backup(_, let backup):
      let digest = Digest.sha256(backup.origin.controlFile.bytes).lowercaseHex
      lines.append("base backup \(backup.origin.start) \(backup.files.byteCount) \(digest)")
    }
    for segment in draft.wal.input.segments { lines.append("WAL \(segment.name) \(segment.byteCount)") }
    return lines
  }

  /// A folder by its full path: another one of that name elsewhere is not the same.
  private static func absolute(_ location: String) -> String {
    guard let path = realpath(location, nil) else { return location }
    defer { free(path) }
    return String(cString: path)
  }
}
