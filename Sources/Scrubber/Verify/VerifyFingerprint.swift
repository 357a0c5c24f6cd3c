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
    return Digest.sha256(Array(lines.joined(separator: "\n").utf8)).lowercaseHex
  }

  /// A folder by its full path: another one of that name elsewhere is not the same.
  private static func absolute(_ location: String) -> String {
    guard let path = realpath(location, nil) else { return location }
    defer { free(path) }
    return String(cString: path)
  }
}
