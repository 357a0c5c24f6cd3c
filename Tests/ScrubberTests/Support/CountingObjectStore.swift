import IndexFormat
import Synchronization

@testable import Scrubber

/// A store that counts the reads of each object.
final class CountingObjectStore: ObjectStore {
  let base: any ObjectStore
  private let counts = Mutex<[String: Int]>([:])

  init(_ base: any ObjectStore) { self.base = base }

  var location: String { base.location }
  var keepsVersions: Bool { base.keepsVersions }

  /// Reads by key since the last call.
  func takeCounts() -> [String: Int] {
    counts.withLock { counts in
      defer { counts = [:] }
      return counts
    }
  }

  func list(_ request: ListRequest) -> any ListingPages { base.list(request) }

  func listVersions(_ request: ListRequest) throws(StoreError) -> any VersionPages {
    try base.listVersions(request)
  }

  func read(_ request: ReadRequest) async throws(StoreError) -> ObjectContent {
    counts.withLock { $0[request.key, default: 0] += 1 }
    return try await base.read(request)
  }

  func head(_ key: String) async throws(StoreError) -> ObjectMetadata? {
    counts.withLock { $0[key, default: 0] += 1 }
    return try await base.head(key)
  }

  func put(_ key: String, bytes: [UInt8]) async throws(StoreError) -> ObjectMetadata {
    try await base.put(key, bytes: bytes)
  }

  func delete(_ keys: [String]) async throws(StoreError) { try await base.delete(keys) }
}
