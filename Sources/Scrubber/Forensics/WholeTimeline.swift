import Engine
import IndexFormat

/// A timeline on all shards that serve its tenant, as one source of values: for what needs every page.
final class WholeTimeline: Sendable {
  /// In the order of their numbers; an unsharded tenant has one.
  let shards: [OpenTimeline]
  /// The one that knows sizes, SLRUs and the files of a cluster.
  let first: OpenTimeline
  let catalog: TimelineCatalog

  /// - Parameter cacheByteCount: for all shards together.
  convenience init(
    _ id: TimelineID,
    in tenant: TenantView,
    cacheByteCount: Int = OpenTimeline.defaultCacheByteCount
  ) throws(ScanFailure) {
    let store = LayerStore(source: tenant.source, cache: BlockCache(byteBudget: cacheByteCount))
    try self.init(id, in: tenant, store: store)
  }

  /// - Parameter store: opens the layers of the tenant. May be shared with other timelines of it.
  init(_ id: TimelineID, in tenant: TenantView, store: LayerStore) throws(ScanFailure) {
    var shards: [OpenTimeline] = []
    for shard in try Self.allShards(of: tenant) {
      shards.append(try OpenTimeline(try tenant.timeline(id, on: shard), in: tenant, store: store))
    }
    guard let first = shards.first else {
      throw ScanFailure(message: "tenant \(tenant.tenant) has no shards", exitCode: .nothingMatched)
    }
    self.shards = shards
    self.first = first
    let catalog = try first.catalog()
    guard shards.count > 1 else {
      self.catalog = catalog
      return
    }
    guard let union = ShardUnion(shards.map(\.timeline), stripeSize: tenant.stripeSize) else {
      throw ScanFailure(
        message: "tenant \(tenant.tenant): found \(shards.count) shards, expected at most \(UInt8.max)",
        exitCode: .damage
      )
    }
    self.catalog = TimelineCatalog(union, catalog.facts)
  }

  /// The serving shards in the order of their numbers, once each, of one count, and none missing.
  private static func allShards(of tenant: TenantView) throws(ScanFailure) -> [ShardIndex] {
    let shards = tenant.shards.sorted { $0.number < $1.number }
    let count = shards.map(\.count).max() ?? 0
    for number in 0..<max(count, 1) {
      let wanted = ShardIndex(number: number, count: count)
      guard shards.contains(wanted) else {
        throw ScanFailure(
          message:
            "\(tenant.bucket.location): shard \(TenantShardID(tenant: tenant.tenant, shard: wanted)) is not there, "
            + "nor are its pages",
          hint: "See which shards there are: scrubber timeline list.",
          exitCode: .damage
        )
      }
    }
    guard shards.count == max(Int(count), 1) else {
      throw ScanFailure(
        message:
          "\(tenant.bucket.location): tenant \(tenant.tenant) has shards of more than one split: "
          + shards.map(\.description).joined(separator: ", "),
        hint: "Name one of them with --tenant-id.",
        exitCode: .damage
      )
    }
    return shards
  }

  // MARK: What can be read

  /// The first LSN that all shards have.
  var firstLsn: Lsn { shards.map(\.firstLsn).max() ?? .invalid }

  /// Up to here all data of all shards is in layers.
  var lastLsn: Lsn { shards.map(\.lastLsn).min() ?? .invalid }

  /// What to say of an LSN whose values may be gone on some shard; nil if they are not.
  func warning(of lsn: Lsn) -> String? { shards.lazy.compactMap { $0.warning(of: lsn) }.first }

  /// The LSN to read at. Warns if values may be gone there.
  ///
  /// - Parameter wanted: nil for the end of the timeline.
  func lsn(_ wanted: Lsn?, _ desk: CommandDesk) throws(ScanFailure) -> Lsn {
    guard let wanted else { return lastLsn }
    try OpenTimeline.check(wanted, of: first.view.id, from: firstLsn, to: lastLsn)
    if let warning = warning(of: wanted) { desk.warn(warning) }
    return wanted
  }
}
