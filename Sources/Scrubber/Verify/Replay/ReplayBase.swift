import Engine
import IndexFormat

/// What replays begin with that is not the timelines themselves.
enum ReplayBase: Sendable {
  case copy(ReplayCopy)
  case backup(ReplayBackup)

  static func open(
    _ address: BucketAddress,
    of tenant: TenantView,
    _ timelines: [TimelineID],
    _ options: VerifyOptions,
    _ environment: Environment
  ) async throws(ScanFailure) -> ReplayBase {
    if case .folder(let path) = address, let backup = try ReplayBackup.open(path, timelines) {
      return .backup(backup)
    }
    return .copy(try await ReplayCopy.open(address, of: tenant, options, environment))
  }
}

/// Another copy of a tenant, older mostly, that holds what replays begin with.
final class ReplayCopy: Sendable {
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
  ) async throws(ScanFailure) -> ReplayCopy {
    let bucket = try await ForensicBucket.open(address, environment, at: nil)
    let base = try await TenantView.open(.tenant(tenant.tenant), in: bucket, stripeSize: tenant.stripeSize)
    return ReplayCopy(base, cacheByteCount: options.baseCacheByteCount)
  }

  /// What a replay of a timeline can begin with.
  struct Start {
    var timeline: OpenTimeline
    /// Up to here the base has all.
    var end: Lsn
  }

  /// The timeline as it is there, on the shard that this one's was or came of. Nil if it is not there: an ancestor
  /// does not do, as branches do not inherit its aux files and replication origins.
  func start(of timeline: OpenTimeline) throws(ScanFailure) -> Start? {
    let (id, shard) = (timeline.view.id, timeline.view.shard)
    let found = tenant.shards.first { $0 == shard || ReplaySplits.isBefore($0, shard) }
    guard let found, isThere(id, found) else { return nil }
    let base = try OpenTimeline(try tenant.timeline(id, on: found), in: tenant, store: store)
    return Start(timeline: base, end: base.lastLsn)
  }

  private func isThere(_ timeline: TimelineID, _ shard: ShardIndex) -> Bool {
    tenant.inventory.shard(shard)?.timeline(timeline).map { !$0.isOnlyArchives } ?? false
  }
}
