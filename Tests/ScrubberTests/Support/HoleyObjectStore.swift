import IndexFormat

@testable import Scrubber

/// A bucket in which a folder cannot be opened: its listing says so and goes on behind it, and requests for what is
/// in it are refused. So is a folder on a disk.
struct HoleyObjectStore: ObjectStore {
  let base: MemoryObjectStore
  /// The folder, with a `/` at its end.
  let folder: String

  var location: String { "holey" }
  var keepsVersions: Bool { false }

  func list(_ request: ListRequest) -> any ListingPages {
    let isAsked = folder.hasPrefix(request.prefix) || request.prefix.hasPrefix(folder)
    return Pages(base: base, folder: folder, request: request, hasFailed: !isAsked)
  }

  func listVersions(_ request: ListRequest) throws(StoreError) -> any VersionPages {
    try base.listVersions(request)
  }

  func read(_ request: ReadRequest) async throws(StoreError) -> ObjectContent {
    try check(request.key, .read)
    return try await base.read(request)
  }

  func head(_ key: String) async throws(StoreError) -> ObjectMetadata? {
    try check(key, .head)
    return try await base.head(key)
  }

  func put(_ key: String, bytes: [UInt8]) async throws(StoreError) -> ObjectMetadata {
    try check(key, .put)
    return try await base.put(key, bytes: bytes)
  }

  func delete(_ keys: [String]) async throws(StoreError) { try await base.delete(keys) }

  private func check(_ key: String, _ operation: StoreError.Operation) throws(StoreError) {
    if key.hasPrefix(folder) {
      throw StoreError(.accessDenied, operation, key: key, detail: "permission denied")
    }
  }

  /// First what comes before the folder, then the error, then what comes behind it.
  private final class Pages: ListingPages {
    private let folder: String
    private let before: any ListingPages
    private let behind: any ListingPages
    private var hasFailed: Bool
    private var isBehind = false

    var resumesBehindErrors: Bool { true }

    init(base: MemoryObjectStore, folder: String, request: ListRequest, hasFailed: Bool) {
      self.folder = folder
      self.hasFailed = hasFailed
      var first = request
      first.endBefore = min(request.endBefore ?? folder, folder)
      before = base.list(first)
      var second = request
      second.startAfter = max(request.startAfter ?? "", folder + "\u{10ffff}")
      behind = base.list(second)
    }

    func next() async throws(StoreError) -> ListingPage? {
      if !isBehind {
        if let page = try await before.next() { return page }
        isBehind = true
        if !hasFailed {
          hasFailed = true
          throw StoreError(.accessDenied, .list, key: folder, detail: "permission denied")
        }
      }
      return try await behind.next()
    }
  }
}
