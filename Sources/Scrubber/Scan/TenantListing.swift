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

  /// A store that fails on the same place this often in a row is left alone.
  private static let maxFailuresAtOnePlace = 3
  /// The most failures of one range.
  private static let maxFailures = 10_000

  func forEach(
    _ request: ListRequest,
    listed: (ListingPage) async -> Void,
    _ body: (Step) async -> Void
  ) async {
    var builder = InventoryBuilder(tenantsPrefix: root.tenantsPrefix)
    var failures = ListingFailures(tenantsPrefix: root.tenantsPrefix)
    let pages = slots.map { ParallelListing(store, request, slots: $0) } ?? store.list(request)
    while !Task.isCancelled {
      do throws(StoreError) {
        guard let page = try await pages.next() else { break }
        await listed(page)
        var finished: [TenantInventory] = []
        builder.add(page) { finished.append($0) }
        for tenant in finished { await body(.tenant(failures.mark(tenant))) }
        if let outside = builder.takeOutside() { await body(.outside(outside)) }
      } catch {
        if error.kind == .cancelled { break }
        let isNew = failures.add(error, leavesAHole: pages.resumesBehindErrors)
        if isNew { await body(.couldNotList(LookError(objectKey: error.key, reason: error.description))) }
        if failures.countAtOnePlace >= Self.maxFailuresAtOnePlace || failures.count >= Self.maxFailures {
          builder.abandon()
          break
        }
      }
    }
    await finish(&builder, failures, body)
  }

  private func finish(
    _ builder: inout InventoryBuilder,
    _ failures: ListingFailures,
    _ body: (Step) async -> Void
  ) async {
    if let last = builder.finish() {
      if Task.isCancelled {
        await body(.interrupted(TenantVerdict(interrupted: last)))
      } else {
        await body(.tenant(failures.mark(last)))
      }
    }
    await body(.outside(builder.outside))
  }
}

/// What went wrong in a listing, and which tenants it leaves incomplete.
private struct ListingFailures {
  let tenantsPrefix: String
  private(set) var count = 0
  private(set) var countAtOnePlace = 0
  private var lastKey: String?
  private var prefixes: [TenantID: [String]] = [:]
  /// Folders that could not be listed and in which any tenant may have objects.
  private var everywhere: [String] = []

  init(tenantsPrefix: String) { self.tenantsPrefix = tenantsPrefix }

  /// Notes an error; returns whether it is about another place than the one before.
  ///
  /// - Parameter leavesAHole: whether the listing goes on behind what failed. A store that is asked for the
  ///   same page again leaves none.
  mutating func add(_ error: StoreError, leavesAHole: Bool) -> Bool {
    count += 1
    let isNew = error.key != lastKey
    countAtOnePlace = isNew ? 1 : countAtOnePlace + 1
    lastKey = error.key
    guard isNew, leavesAHole else { return isNew }
    if tenantsPrefix.hasPrefix(error.key) {
      everywhere.append(error.key)
    } else if error.key.hasPrefix(tenantsPrefix) {
      let folder = error.key.dropFirst(tenantsPrefix.count).prefix { $0 != "/" }
      if let shard = TenantShardID(String(folder)) { prefixes[shard.tenant, default: []].append(error.key) }
    }
    return isNew
  }

  func mark(_ inventory: TenantInventory) -> TenantInventory {
    var result = inventory
    result.unlisted += everywhere + (prefixes[inventory.tenant] ?? [])
    return result
  }
}
