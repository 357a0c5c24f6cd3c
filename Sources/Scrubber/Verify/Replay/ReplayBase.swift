import Engine
import IndexFormat

/// Another copy of a tenant, older mostly, that holds what replays begin with.
final class ReplayBase: Sendable {
  let tenant: TenantView
  private let store: LayerStore

  private init(_ tenant: TenantView, cacheByteCount: Int) {
    self.tenant = tenant
    store = LayerStore(source: tenant.source, cache: BlockCache(byteBudget: cacheByteCount))
  }

  static func open(
    _ address: BucketAddress,
    of tenant: TenantView,
    _ options: VerifyOptions,
    _ environment: Environment
  ) async throws(ScanFailure) -> ReplayBase {
    let bucket = try await ForensicBucket.open(address, environment, at: nil)
    let base = try await TenantView.open(.tenant(tenant.tenant), in: bucket, stripeSize: tenant.stripeSize)
    return ReplayBase(base, cacheByteCount: options.baseCacheByteCount)
  }

  /// What a replay of a timeline can begin with.
  struct Start {
    var timeline: OpenTimeline
    /// Up to here the base has all.
    var end: Lsn
    /// How many timelines lie between: 0 for the timeline itself, 1 for its ancestor.
    var depth: Int
  }

  /// The timeline itself or its nearest ancestor that is there, on the shard that the timeline's was or came of. Nil if
  /// there is none.
  func start(of timeline: OpenTimeline) throws(ScanFailure) -> Start? {
    let shard = timeline.view.shard
    guard let found = tenant.shards.first(where: { $0 == shard || ReplaySplits.isBefore($0, shard) })
    else { return nil }
    for (depth, link) in timeline.chain.enumerated() where isThere(link.timeline.id, found) {
      let base = try OpenTimeline(try tenant.timeline(link.timeline.id, on: found), in: tenant, store: store)
      return Start(
        timeline: base,
        end: min(base.lastLsn, link.limit ?? base.lastLsn),
        depth: depth
      )
    }
    return nil
  }

  private func isThere(_ timeline: TimelineID, _ shard: ShardIndex) -> Bool {
    tenant.inventory.shard(shard)?.timeline(timeline).map { !$0.isOnlyArchives } ?? false
  }
}
