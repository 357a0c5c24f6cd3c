import Glibc
import Synchronization

/// Objects in memory, for tests and small tools.
///
/// With `keepsVersions` it does as S3 with versioning on: a put adds a version, a deletion adds a delete
/// marker (also to a key without an object), and the version written last is the latest, whatever its time.
/// An object's etag is the number of the put that wrote it.
final class MemoryObjectStore: ObjectStore {
  let location: String
  let keepsVersions: Bool
  private let clock: @Sendable () -> Timestamp
  private let state = Mutex(State())

  init(
    keepsVersions: Bool = false,
    location: String = "memory",
    clock: @escaping @Sendable () -> Timestamp = { Timestamp.now }
  ) {
    self.keepsVersions = keepsVersions
    self.location = location
    self.clock = clock
  }

  enum Body: Sendable {
    case bytes([UInt8])
    /// So many zeros, which take no memory.
    case zeros(UInt64)

    var size: UInt64 {
      switch self {
      case .bytes(let bytes): UInt64(bytes.count)
      case .zeros(let count): count
      }
    }
  }

  // MARK: Filling

  /// Writes an object or a version, by default as `put` would.
  @discardableResult
  func put(
    _ key: String,
    body: Body,
    lastModified: Timestamp? = nil,
    version: String? = nil
  ) throws(StoreError) -> ObjectMetadata {
    try checkKey(key, for: .put)
    let written = add(key, body, lastModified: lastModified, version: version)
    return metadata(of: written)
  }

  /// Marks an object as deleted. Only for a store that keeps versions.
  func putDeleteMarker(
    _ key: String,
    lastModified: Timestamp? = nil,
    version: String? = nil
  ) throws(StoreError) {
    try checkKey(key, for: .delete)
    guard keepsVersions else { throw unsupported(.delete, key) }
    _ = add(key, nil, lastModified: lastModified, version: version)
  }

  /// Removes an object. Only for a store that keeps no versions.
  func remove(_ key: String) throws(StoreError) {
    try checkKey(key, for: .delete)
    guard !keepsVersions else { throw unsupported(.delete, key) }
    state.withLock { $0.remove(Array(key.utf8)) }
  }

  private func add(_ key: String, _ body: Body?, lastModified: Timestamp?, version: String?) -> Version {
    let time = lastModified ?? clock()
    return state.withLock { state in
      state.count += 1
      let new = Version(
        number: state.count,
        name: version ?? "v\(state.count)",
        lastModified: time,
        body: body
      )
      state.add(new, to: Array(key.utf8), keepingOlder: keepsVersions)
      return new
    }
  }

  // MARK: The protocol

  func list(_ request: ListRequest) -> any ListingPages { Listing(self, request) }

  func listVersions(_ request: ListRequest) throws(StoreError) -> any VersionPages {
    guard keepsVersions else { throw unsupported(.listVersions, request.prefix) }
    return VersionListing(self, request)
  }

  func read(_ request: ReadRequest) async throws(StoreError) -> ObjectContent {
    try checkNotCancelled(.read, key: request.key)
    try checkKey(request.key, for: .read)
    if request.version != nil, !keepsVersions { throw unsupported(.read, request.key) }
    let versions = state.withLock { $0.versions(of: request.key) }
    let found =
      if let name = request.version { versions.last { $0.name == name } } else { versions.last }
    guard let found, let body = found.body else {
      throw StoreError(.notFound, .read, key: request.key, detail: "there is no such object")
    }
    let metadata = metadata(of: found)
    try request.checkMatch(metadata)
    let range = try request.bytesToRead(ofSize: body.size)
    // The limit is an `Int`, so these are too, as far as there are bytes.
    let count = Int(clamping: range.upperBound - range.lowerBound)
    let bytes: [UInt8] =
      switch body {
      case .bytes(let all): Array(all.dropFirst(Int(clamping: range.lowerBound)).prefix(count))
      case .zeros: [UInt8](repeating: 0, count: count)
      }
    return ObjectContent(bytes: bytes, metadata: metadata)
  }

  func head(_ key: String) async throws(StoreError) -> ObjectMetadata? {
    try checkNotCancelled(.head, key: key)
    try checkKey(key, for: .head)
    guard let latest = state.withLock({ $0.versions(of: key).last }), latest.body != nil else { return nil }
    return metadata(of: latest)
  }

  func put(_ key: String, bytes: [UInt8]) async throws(StoreError) -> ObjectMetadata {
    try checkNotCancelled(.put, key: key)
    return try put(key, body: .bytes(bytes))
  }

  func delete(_ keys: [String]) async throws(StoreError) {
    for key in keys { try checkKey(key, for: .delete) }
    for key in keys {
      try checkNotCancelled(.delete, key: key)
      if keepsVersions {
        _ = add(key, nil, lastModified: nil, version: nil)
      } else {
        try remove(key)
      }
    }
  }

  private func metadata(of version: Version) -> ObjectMetadata {
    ObjectMetadata(
      size: version.body?.size ?? 0,
      lastModified: version.lastModified,
      etag: "\(version.number)",
      version: keepsVersions ? version.name : nil
    )
  }

  private func unsupported(_ operation: StoreError.Operation, _ key: String) -> StoreError {
    StoreError(.unsupported, operation, key: key, detail: "the store keeps no versions")
  }
}

// MARK: - Content

extension MemoryObjectStore {
  private struct Version: Sendable {
    /// Counts all puts and deletions of the store.
    var number: Int
    var name: String
    var lastModified: Timestamp
    /// Nil for a delete marker.
    var body: Body?
  }

  /// Keys are arrays of bytes, as strings would be equal that look equal.
  private struct State {
    var count = 0
    private var versions: [[UInt8]: [Version]] = [:]
    /// The keys of `versions`, sorted when they are needed: keys come in any order.
    private var keys: [[UInt8]] = []
    private var keysAreSorted = true

    mutating func add(_ version: Version, to key: [UInt8], keepingOlder: Bool) {
      if versions[key] == nil {
        if let last = keys.last, !last.lexicographicallyPrecedes(key) { keysAreSorted = false }
        keys.append(key)
      }
      if keepingOlder {
        versions[key, default: []].append(version)
      } else {
        versions[key] = [version]
      }
    }

    mutating func remove(_ key: [UInt8]) {
      guard versions.removeValue(forKey: key) != nil else { return }
      keys.removeAll { $0 == key }
    }

    /// The versions of a key, the oldest first.
    func versions(of key: String) -> [Version] { versions[Array(key.utf8)] ?? [] }

    func versions(of key: [UInt8]) -> [Version] { versions[key] ?? [] }

    /// Calls `body` with the keys from `start` on, until it gives false.
    mutating func forEachKey(from start: [UInt8], _ body: ([UInt8], [Version]) -> Bool) {
      if !keysAreSorted {
        keys.sort { $0.lexicographicallyPrecedes($1) }
        keysAreSorted = true
      }
      var low = 0
      var high = keys.count
      while low < high {
        let middle = low + (high - low) / 2
        if keys[middle].lexicographicallyPrecedes(start) { low = middle + 1 } else { high = middle }
      }
      while low < keys.count, body(keys[low], versions(of: keys[low])) { low += 1 }
    }
  }
}

// MARK: - Listings

extension MemoryObjectStore {
  private final class Listing: ListingPages {
    private let store: MemoryObjectStore
    private let request: ListRequest
    private let window: ListingWindow
    /// No key before this is left to list.
    private var start: [UInt8]

    init(_ store: MemoryObjectStore, _ request: ListRequest) {
      self.store = store
      self.request = request
      window = ListingWindow(request)
      start = window.prefix
    }

    func next() async throws(StoreError) -> ListingPage? {
      try store.checkNotCancelled(.list, key: request.prefix)
      var page = ListingPage()
      var last: [UInt8]? = nil
      store.state.withLock { state in
        state.forEachKey(from: start) { key, versions in
          guard key.starts(with: window.prefix) else { return false }
          guard window.holds(object: key), let latest = versions.last, let body = latest.body else {
            return true
          }
          page.append(
            key: key,
            size: body.size,
            lastModified: latest.lastModified,
            mark: ContentMark(etag: "\(latest.number)")
          )
          last = key
          return page.count < max(1, request.pageLimit)
        }
      }
      // The key with a NUL behind it is the next possible one.
      if let last { start = last + [0] }
      return page.isEmpty ? nil : page
    }
  }

  private final class VersionListing: VersionPages {
    private let store: MemoryObjectStore
    private let request: ListRequest
    private let window: ListingWindow
    /// Where to go on: no key before this, and of this key only versions older than the numbered one.
    private var start: (key: [UInt8], before: Int)

    init(_ store: MemoryObjectStore, _ request: ListRequest) {
      self.store = store
      self.request = request
      window = ListingWindow(request)
      start = (window.prefix, .max)
    }

    func next() async throws(StoreError) -> [ObjectVersion]? {
      try store.checkNotCancelled(.listVersions, key: request.prefix)
      let limit = max(1, request.pageLimit)
      let from = start
      var page: [ObjectVersion] = []
      store.state.withLock { state in
        state.forEachKey(from: from.key) { key, versions in
          guard key.starts(with: window.prefix) else { return false }
          guard window.holds(object: key) else { return true }
          for version in versions.reversed() where key != from.key || version.number < from.before {
            page.append(
              store.describe(version, key: key, isLatest: version.number == versions.last?.number)
            )
            start = (key, version.number)
            if page.count >= limit { return false }
          }
          return true
        }
      }
      return page.isEmpty ? nil : page
    }
  }

  private func describe(_ version: Version, key: [UInt8], isLatest: Bool) -> ObjectVersion {
    ObjectVersion(
      key: String(decoding: key, as: UTF8.self),
      version: version.name,
      isLatest: isLatest,
      isDeleteMarker: version.body == nil,
      size: version.body?.size ?? 0,
      lastModified: version.lastModified,
      etag: version.body == nil ? "" : "\(version.number)"
    )
  }
}
