import Synchronization

/// A store that keeps versions as it was at a moment, like `MomentObjectStore`, that remembers which version of each
/// object it has listed: what was listed is read without another request.
///
/// Memory grows with what is listed, so such a store is made for one tenant and let go with it.
final class RememberingMomentStore: ObjectStore {
  let base: any ObjectStore
  let moment: Timestamp
  private let listed = Mutex<[String: ObjectVersion]>([:])

  init(_ base: any ObjectStore, at moment: Timestamp) {
    self.base = base
    self.moment = moment
  }

  var location: String { base.location }
  var keepsVersions: Bool { false }

  /// The version of an object that was listed.
  func version(of key: String) -> ObjectVersion? { listed.withLock { $0[key] } }

  func list(_ request: ListRequest) -> any ListingPages {
    func listing(_ base: some ObjectStore) -> any ListingPages {
      MomentListing(base, request, moment) { version in self.listed.withLock { $0[version.key] = version } }
    }
    return listing(base)
  }

  func listVersions(_ request: ListRequest) throws(StoreError) -> any VersionPages {
    try unremembered.listVersions(request)
  }

  func read(_ request: ReadRequest) async throws(StoreError) -> ObjectContent {
    guard request.version == nil, let version = version(of: request.key) else {
      return try await unremembered.read(request)
    }
    var request = request
    request.version = version.version
    return try await base.read(request)
  }

  func head(_ key: String) async throws(StoreError) -> ObjectMetadata? {
    if let version = version(of: key) { return ObjectMetadata(version) }
    return try await unremembered.head(key)
  }

  func put(_ key: String, bytes: [UInt8]) async throws(StoreError) -> ObjectMetadata {
    try await unremembered.put(key, bytes: bytes)
  }

  func delete(_ keys: [String]) async throws(StoreError) { try await unremembered.delete(keys) }

  private var unremembered: any ObjectStore {
    func view(_ base: some ObjectStore) -> any ObjectStore { MomentObjectStore(base, at: moment) }
    return view(base)
  }
}
