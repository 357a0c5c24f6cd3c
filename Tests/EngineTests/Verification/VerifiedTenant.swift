import Engine
import Foundation
import IndexFormat
import Testing

/// All timelines of a tenant, ready to be verified.
struct VerifiedTenant {
  struct Entry {
    var id: TimelineID
    var verification: Verification
    /// The end, branch points and the GC horizon.
    var points: [Lsn]
  }

  let tenant: GoldenTenant
  let entries: [Entry]

  /// - shown: changes what one shard's timeline is before it is verified.
  init(
    _ tenant: GoldenTenant,
    _ options: VerificationOptions = VerificationOptions(),
    changing: (Timeline) throws -> Timeline = { $0 }
  ) throws {
    self.tenant = tenant
    let alive = try tenant.timelines.keys.filter { try tenant.index($0).deletedAt == nil }
    // Of a tenant that was split, the shards that serve.
    let count = alive.map(\.shard.count).max() ?? 0
    let serving = alive.filter { $0.shard.count == count }
    entries = try Set(serving.map(\.timeline)).sorted { "\($0)" < "\($1)" }.map { id in
      let places = serving.filter { $0.timeline == id }.sorted { $0.shard < $1.shard }
      let shards = try places.map { place in
        let index = try tenant.index(place)
        let timeline = try changing(try #require(tenant.timelines[place]))
        return VerifiedShard(
          timeline,
          TimelineCatalog(timeline, try tenant.catalog(place).facts),
          gcCutoff: index.metadata.latestGcCutoffLsn
        )
      }
      let index = try tenant.index(try #require(places.first))
      let children = try serving.filter { try tenant.index($0).metadata.ancestorTimeline == id }
      let start =
        index.metadata.ancestorTimeline == nil ? index.metadata.initdbLsn : index.metadata.ancestorLsn
      return Entry(
        id: id,
        verification: try #require(Verification(shards, options)),
        points: Verification.points(
          from: start,
          to: index.diskConsistentLsn,
          branchPoints: try children.map { try tenant.index($0).metadata.ancestorLsn },
          gcCutoff: index.metadata.latestGcCutoffLsn
        )
      )
    }
  }

  /// The sample bucket, which is part of the repository.
  static func sample() throws -> GoldenTenant {
    try GoldenTenant(LayerFile.root.appending(path: "samples/bucket"), rules: .march2026)
  }
}

extension Verification {
  /// Does all units of some levels, in their order.
  func verify(
    _ levels: Set<VerificationLevel> = [.reconstruct, .images],
    at lsns: [Lsn]
  ) async throws -> VerificationResult {
    var result = VerificationResult()
    for unit in try await units(levels: levels, at: lsns) { result += try await run(unit) }
    return result
  }
}

extension VerificationResult {
  /// Findings that accuse.
  var accusations: [Finding] { findings.filter { $0.severity == .error || $0.severity == .warning } }

  var texts: String {
    findings.prefix(10).map {
      "\($0.code.rawValue) \($0.key?.describe() ?? "") \($0.lsn.map { "\($0)" } ?? ""): \($0.message) "
        + "[\($0.seen ?? "") / \($0.expected ?? "")] \($0.objectKey ?? "")"
    }
    .joined(separator: "\n")
  }
}
