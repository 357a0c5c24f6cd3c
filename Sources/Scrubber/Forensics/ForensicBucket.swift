import IndexFormat

/// A bucket opened to look into: as it is, or as it was at a moment.
struct ForensicBucket: Sendable {
  /// At a moment a view of the store at it.
  let store: any ObjectStore
  let root: BucketRoot
  let moment: Timestamp?

  init(store: any ObjectStore, root: BucketRoot, moment: Timestamp? = nil) {
    self.store = moment.map { RememberingMomentStore(store, at: $0) } ?? store
    self.root = root
    self.moment = moment
  }

  /// Requests to S3 at the same time.
  private static let requests = 16

  static func open(
    _ address: BucketAddress,
    _ environment: Environment,
    at moment: Timestamp?
  ) async throws(ScanFailure) -> ForensicBucket {
    switch address {
    case .folder(let path):
      try FolderScan.checkNoMoment(
        moment,
        hint: "Name a bucket with versioning, or a snapshot of that moment."
      )
      let store = FolderObjectStore(root: path)
      return ForensicBucket(store: store, root: try FolderScan(path: path).findRoot(store))
    case .s3(let address):
      let store = try await S3Bucket.open(address, environment, maxInFlight: requests)
      if moment != nil {
        try await S3Bucket.checkHistory(store, hint: "Only a bucket with versioning enabled has a past.")
      }
      return ForensicBucket(store: store, root: S3Bucket.root(address), moment: moment)
    }
  }

  /// How to name the bucket to people.
  var location: String { moment.map { "\(store.location) as of \($0.rfc3339)" } ?? store.location }
}

// MARK: - Which tenants there are

extension ForensicBucket {
  /// The first tenants of the bucket, in the order of its listing, at most `limit`. Takes a request for each, or for
  /// each folder that is named after none: what is in between is skipped.
  func tenants(limit: Int) async throws(ScanFailure) -> [TenantID] {
    var tenants: [TenantID] = []
    var last: String?
    // Folders with other names might go on for ever.
    for _ in 0..<limit &* 2 &+ 64 where tenants.count < limit {
      guard let key = try await firstKey(behind: last) else { break }
      let folder = String(key.dropFirst(root.tenantsPrefix.count).prefix { $0 != "/" })
      // `0` comes behind `-` and `/`, and so behind all shards of a tenant.
      if let shard = TenantShardID(folder), shard.description == folder {
        if tenants.last != shard.tenant { tenants.append(shard.tenant) }
        last = "\(root.tenantsPrefix)\(shard.tenant)0"
      } else {
        last =
          key.utf8.count > root.tenantsPrefix.utf8.count + folder.utf8.count
          ? "\(root.tenantsPrefix)\(folder)0" : key
      }
    }
    return tenants
  }

  private func firstKey(behind last: String?) async throws(ScanFailure) -> String? {
    let request = ListRequest(prefix: root.tenantsPrefix, startAfter: last, pageLimit: 1)
    do throws(StoreError) {
      guard let page = try await store.list(request).next(), let entry = page.entries.first else {
        return nil
      }
      return page.key(of: entry)
    } catch {
      throw error.kind == .cancelled ? .interrupted : ScanFailure(message: "\(location): \(error)")
    }
  }
}
