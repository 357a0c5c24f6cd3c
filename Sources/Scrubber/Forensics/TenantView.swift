import Engine
import IndexFormat

/// One tenant of a bucket, opened to look into: what was listed of it, its indices and manifests, which shards serve
/// it. Layers are read through `source`, by the keys that `LayerReference` has.
///
/// Nothing is concluded from what could not be read: a timeline is asked for with `timeline(_:on:)`, which says why it
/// is not to be had.
final class TenantView: Sendable {
  let bucket: ForensicBucket
  let inventory: TenantInventory
  let contents: TenantContents
  let plan: ShardPlan
  /// The shards to look at: those that serve the tenant, or the one that was asked for.
  let shards: [ShardIndex]
  let stripeSize: StripeSize

  private init(
    bucket: ForensicBucket,
    inventory: TenantInventory,
    contents: TenantContents,
    selected: ShardIndex?,
    stripeSize: StripeSize?
  ) {
    self.bucket = bucket
    self.inventory = inventory
    self.contents = contents
    plan = ShardPlan(inventory, contents, ShardFacts.all(inventory, contents))
    shards = selected.map { [$0] } ?? plan.current
    self.stripeSize = stripeSize ?? Self.stripeSize(contents, plan.current)
  }

  var tenant: TenantID { inventory.tenant }
  var isSharded: Bool { shards.contains { $0.count > 1 } }

  /// Where layers are read from.
  var source: StoreLayerSource { StoreLayerSource(store: bucket.store) }

  /// What the manifests of the serving shards say. One that says nothing means the size of old.
  private static func stripeSize(_ contents: TenantContents, _ shards: [ShardIndex]) -> StripeSize {
    let told = shards.lazy.compactMap { contents.shards[$0]?.manifest.value?.stripeSize }
      .compactMap { StripeSize(pages: $0) }.first
    return told ?? (shards.contains { $0.count > 1 } ? .defaultBefore2025 : .defaultSince2025)
  }

  /// The shard that owns a key, among those looked at; nil if it is another one.
  func owner(of key: Key) -> ShardIndex? {
    guard let count = plan.current.map(\.count).max(), count > 1 else { return shards.first }
    let number = ShardIdentity.owner(of: key, count: count, stripeSize: stripeSize)
    return shards.first { shard in
      shard.count == count
        ? shard.number == number : shard.isUnsharded || number % max(1, shard.count) == shard.number
    }
  }
}

// MARK: - Opening

extension TenantView {
  /// Tenants whose identifiers are looked at for one that resembles a mistyped one.
  private static let suggestionLimit = 100
  /// Tenants that are named when one must be chosen.
  private static let choiceLimit = 10

  /// - Parameters:
  ///   - selector: nil for the only tenant of the bucket.
  ///   - stripeSize: instead of what manifests say.
  static func open(
    _ selector: TenantSelector?,
    in bucket: ForensicBucket,
    stripeSize: StripeSize? = nil
  ) async throws(ScanFailure) -> TenantView {
    let selector = if let selector { selector } else { try await onlyTenant(of: bucket) }
    let listing = TenantListing(store: bucket.store, root: bucket.root)
    let inventory = try await listing.inventory(of: selector.tenant)
    guard inventory.objectCount > 0 else { throw try await noSuchTenant(selector.tenant, bucket) }
    var selected: ShardIndex?
    if case .shard(let shard) = selector {
      guard inventory.shard(shard.shard) != nil else { throw noSuchShard(shard, inventory, bucket) }
      selected = shard.shard
    }
    var reader = TenantReader(store: bucket.store)
    reader.readsSuperseded = false
    let contents = await reader.read(inventory)
    if Task.isCancelled { throw .interrupted }
    return TenantView(
      bucket: bucket,
      inventory: inventory,
      contents: contents,
      selected: selected,
      stripeSize: stripeSize
    )
  }

  private static func onlyTenant(of bucket: ForensicBucket) async throws(ScanFailure) -> TenantSelector {
    let tenants = try await bucket.tenants(limit: choiceLimit + 1)
    guard let tenant = tenants.first else {
      throw ScanFailure(
        message: "\(bucket.location): there are no tenants at \(bucket.root.placeText)",
        hint: "Check --bucket, and what is behind the bucket's name.",
        exitCode: .nothingMatched
      )
    }
    guard tenants.count == 1 else {
      let names = tenants.prefix(choiceLimit).map(\.description).joined(separator: ", ")
      throw ScanFailure(
        message: "\(bucket.location): there is more than one tenant",
        hint: "Choose one with --tenant-id: \(names)\(tenants.count > choiceLimit ? " and others" : "").",
        exitCode: .usage
      )
    }
    return .tenant(tenant)
  }

  private static func noSuchTenant(
    _ tenant: TenantID,
    _ bucket: ForensicBucket
  ) async throws(ScanFailure) -> ScanFailure {
    let names = try await bucket.tenants(limit: suggestionLimit).map(\.description)
    let nearest = NearestName.find(tenant.description, among: names) ?? (names.count == 1 ? names.first : nil)
    return ScanFailure(
      message: "\(bucket.location): there are no objects of tenant \(tenant) at \(bucket.root.placeText)",
      hint: nearest.map { "Did you mean \($0)?" }
        ?? "Check --bucket, what is behind the bucket's name, and --tenant-id.",
      exitCode: .nothingMatched
    )
  }

  private static func noSuchShard(
    _ shard: TenantShardID,
    _ inventory: TenantInventory,
    _ bucket: ForensicBucket
  ) -> ScanFailure {
    let names = inventory.shards.filter(\.isShard).map {
      TenantShardID(tenant: shard.tenant, shard: $0.index).description
    }
    return ScanFailure(
      message: "\(bucket.location): there are no objects of shard \(shard)",
      hint: "Shards that are there: \(names.joined(separator: ", ")).",
      exitCode: .nothingMatched
    )
  }
}

extension BucketRoot {
  /// Where tenants lie, for messages.
  var placeText: String { tenantsPrefix.isEmpty ? "its root" : tenantsPrefix }
}
