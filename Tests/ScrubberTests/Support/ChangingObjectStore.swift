import Synchronization

@testable import Scrubber

/// A bucket that somebody else works on: after so many requests of a kind it is another one.
///
/// `states` are the buckets in turn; `isTurn` says after which requests the next one takes the place of the
/// present. The last one stays.
final class ChangingObjectStore: ObjectStore {
  enum Request: Sendable { case list, read, head }

  private let states: [MemoryObjectStore]
  private let isTurn: @Sendable (Request, Int) -> Bool
  private let progress = Mutex((state: 0, calls: [Request: Int]()))

  init(_ states: [MemoryObjectStore], after isTurn: @escaping @Sendable (Request, Int) -> Bool) {
    self.states = states
    self.isTurn = isTurn
  }

  var location: String { "changing" }
  var keepsVersions: Bool { false }

  /// The present state; then maybe goes on to the next.
  private func take(_ request: Request) -> MemoryObjectStore {
    progress.withLock { progress in
      let present = states[min(progress.state, states.count - 1)]
      progress.calls[request, default: 0] += 1
      if isTurn(request, progress.calls[request] ?? 0) { progress.state += 1 }
      return present
    }
  }

  func list(_ request: ListRequest) -> any ListingPages { take(.list).list(request) }

  func listVersions(_ request: ListRequest) throws(StoreError) -> any VersionPages {
    try take(.list).listVersions(request)
  }

  func read(_ request: ReadRequest) async throws(StoreError) -> ObjectContent {
    try await take(.read).read(request)
  }

  func head(_ key: String) async throws(StoreError) -> ObjectMetadata? { try await take(.head).head(key) }

  func put(_ key: String, bytes: [UInt8]) async throws(StoreError) -> ObjectMetadata {
    throw StoreError(.unsupported, .put, key: key, detail: "this bucket changes by itself")
  }

  func delete(_ keys: [String]) async throws(StoreError) {
    throw StoreError(.unsupported, .delete, key: keys.first ?? "", detail: "this bucket changes by itself")
  }
}
