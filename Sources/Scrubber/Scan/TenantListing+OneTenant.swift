import IndexFormat

extension TenantListing {
  /// Everything of one tenant, from the folders of all its shards. Without any object it is empty.
  ///
  /// - Parameter listed: gets the pages as they come; they may hold objects of others.
  func inventory(
    of tenant: TenantID,
    listed: (ListingPage) -> Void = { _ in }
  ) async throws(ScanFailure) -> TenantInventory {
    var inventory = TenantInventory(tenant: tenant)
    var failure: LookError?
    // First its shards', which stand before the unsharded folder. Without the `-` and `/` other names would match too.
    for end in ["-", "/"] {
      let request = ListRequest(prefix: "\(root.tenantsPrefix)\(tenant)\(end)")
      await forEach(request, listed: { listed($0) }) { step in
        switch step {
        case .tenant(let found) where found.tenant == tenant: inventory.merge(found)
        case .couldNotList(let error): failure = failure ?? error
        case .tenant, .outside, .interrupted: break
        }
      }
    }
    if Task.isCancelled { throw .interrupted }
    if let failure { throw ScanFailure(message: "\(store.location): \(failure.reason)") }
    return inventory
  }
}
