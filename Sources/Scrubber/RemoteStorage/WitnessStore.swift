import IndexFormat
import Synchronization

/// Another store that takes down the hash of each object that is read from it whole.
///
/// For two looks at a bucket: what was read the same both times did not change between them.
final class WitnessStore: ObjectStore {
  let base: any ObjectStore
  private let seen = Mutex<[String: SHA256Digest]>([:])

  init(_ base: any ObjectStore) { self.base = base }

  var location: String { base.location }
  var keepsVersions: Bool { base.keepsVersions }

  func digest(of key: String) -> SHA256Digest? { seen.withLock { $0[key] } }

  func read(_ request: ReadRequest) async throws(StoreError) -> ObjectContent {
    let content = try await base.read(request)
    if request.range == nil {
      let digest = SHA256Digest(bytes: Digest.sha256(content.bytes))
      seen.withLock { $0[request.key] = digest }
    }
    return content
  }

  func list(_ request: ListRequest) -> any ListingPages { base.list(request) }

  func listVersions(_ request: ListRequest) throws(StoreError) -> any VersionPages {
    try base.listVersions(request)
  }

  func head(_ key: String) async throws(StoreError) -> ObjectMetadata? { try await base.head(key) }

  func put(_ key: String, bytes: [UInt8]) async throws(StoreError) -> ObjectMetadata {
    try await base.put(key, bytes: bytes)
  }

  func delete(_ keys: [String]) async throws(StoreError) { try await base.delete(keys) }
}
