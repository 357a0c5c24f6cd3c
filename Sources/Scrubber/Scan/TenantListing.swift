import IndexFormat

/// Lists a range of keys and hands out what it finds, tenant by tenant.
struct TenantListing: Sendable {
  let store: any ObjectStore
  let root: BucketRoot
  /// Nil where listing by several requests is no use.
  var slots: ListingSlots?

  enum Step: Sendable {
    case tenant(TenantInventory)
    /// A part of the range could not be listed.
    case couldNotList(LookError)
    /// Objects that belong to no tenant: when there are many, and at the end.
    case outside(OutsideInventory)
    /// Instead of the tenant that was being listed when the task was cancelled.
    case interrupted(TenantVerdict)
  }

  func forEach(
    _ request: ListRequest,
    listed: (ListingPage) async -> Void,
    _ body: (Step) async -> Void
  ) async {
    var builder = InventoryBuilder(tenantsPrefix: root.tenantsPrefix)
    var holes = ListingHoles(tenantsPrefix: root.tenantsPrefix)
    let pages = slots.map { ParallelListing(store, request, slots: $0) } ?? store.list(request)
    let isWhole = await ListingWalk.run(pages) { page in
      await listed(page)
      var finished: [TenantInventory] = []
      builder.add(page) { finished.append($0) }
      for tenant in finished { await body(.tenant(holes.mark(tenant))) }
      if let outside = builder.takeOutside() { await body(.outside(outside)) }
    } fail: { error, leavesAHole in
      if leavesAHole { holes.add(error.key) }
      await body(.couldNotList(LookError(objectKey: error.key, reason: error.description)))
    }
    if !isWhole { builder.abandon() }
    await finish(&builder, holes, body)
  }

  private func finish(
    _ builder: inout InventoryBuilder,
    _ holes: ListingHoles,
    _ body: (Step) async -> Void
  ) async {
    if let last = builder.finish() {
      if Task.isCancelled {
        await body(.interrupted(TenantVerdict(interrupted: last)))
      } else {
        await body(.tenant(holes.mark(last)))
      }
    }
    await body(.outside(builder.outside))
  }
}

/// Where a listing is incomplete, and which tenants that concerns.
private struct ListingHoles {
  let tenantsPrefix: String
  private var prefixes: [TenantID: [String]] = [:]
  /// Folders that could not be listed and in which any tenant may have objects.
  private var everywhere: [String] = []

  init(tenantsPrefix: String) { self.tenantsPrefix = tenantsPrefix }

  mutating func add(_ key: String) {
    if tenantsPrefix.hasPrefix(key) {
      everywhere.append(key)
    } else if key.hasPrefix(tenantsPrefix) {
      let folder = key.dropFirst(tenantsPrefix.count).prefix { $0 != "/" }
      if let shard = TenantShardID(String(folder)) { prefixes[shard.tenant, default: []].append(key) }
    }
  }

  func mark(_ inventory: TenantInventory) -> TenantInventory {
    var result = inventory
    result.unlisted += everywhere + (prefixes[inventory.tenant] ?? [])
    return result
  }
}
