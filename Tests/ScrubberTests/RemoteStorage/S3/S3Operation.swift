import Testing

@testable import Scrubber

/// Everything that a store of S3 can be asked, each with a check that its result is right.
enum S3Operation: String, Sendable, CaseIterable {
  case list, listVersions, keepsHistory, readWhole, readRange, readIntoSink, head, put, putMultipart, delete

  /// Whether it does something to the bucket.
  var isWriting: Bool { [.put, .putMultipart, .delete].contains(self) }

  /// Which server to ask: only one takes small parts, and is asked for versions page by page.
  var server: RealS3Server.Kind { self == .putMultipart || self == .listVersions ? .moto : .seaweedFS }

  /// How many requests it takes from `S3OperationBucket`.
  var requestCount: Int {
    switch self {
    case .list, .listVersions: 3
    case .put: 2
    // One to begin, two parts, one to end, one to look.
    case .putMultipart: 5
    default: 1
    }
  }
}

/// A bucket with something for each operation.
struct S3OperationBucket: Sendable {
  let store: S3ObjectStore
  let listed = (0..<7).map { "list/\($0)" }
  let readBytes = (0..<2000).map { UInt8(truncatingIfNeeded: $0 * 31 + $0 / 256) }
  let versions: [ObjectVersion]
  let metadata: ObjectMetadata

  static let partSize: UInt64 = 64 << 10

  init(_ server: RealS3Server) async throws {
    store = try await server.makeBucket(versioned: true)
    for key in listed { _ = try await store.put(key, bytes: Array(key.utf8)) }
    for number in 0..<3 { _ = try await store.put("versions/\(number)", bytes: [0]) }
    for number in 0..<3 { _ = try await store.put("versions/\(number)", bytes: [0, 1]) }
    try await store.delete(["versions/1"])
    metadata = try await store.put("read", bytes: readBytes)
    versions = try await Self.versions(store)
    try #require(versions.count == 7)
  }

  private static func versions(_ store: S3ObjectStore) async throws(StoreError) -> [ObjectVersion] {
    let pages = try store.listVersions(ListRequest(prefix: "versions/", pageLimit: 3))
    var seen: [ObjectVersion] = []
    while let page = try await pages.next() { seen += page }
    return seen
  }

  private static func keys(_ store: S3ObjectStore) async throws(StoreError) -> [String] {
    let pages = store.list(ListRequest(prefix: "list/", pageLimit: 3))
    var seen: [String] = []
    while let page = try await pages.next() { seen += page.entries.map(page.key) }
    return seen
  }

  static let large = (0..<(partSize + 1000)).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 9) }

  /// Runs the operation through another store of the same bucket.
  ///
  /// - Parameter key: What to write or delete: an object that is there, with the bytes `[1]`.
  /// - Returns: Nil if the result is right, else what is wrong with it. Errors are thrown.
  func run(_ operation: S3Operation, on store: S3ObjectStore, key: String) async throws(StoreError) -> String?
  {
    switch operation {
    case .list:
      let found = try await Self.keys(store)
      return found == listed ? nil : "listed \(found)"
    case .listVersions:
      let found = try await Self.versions(store)
      return found == versions ? nil : "listed \(found)"
    case .keepsHistory: return try await store.keepsHistory() ? nil : "said that no versions are kept"
    case .readWhole:
      let content = try await store.read(ReadRequest("read", limit: 4000))
      return content.bytes == readBytes && content.metadata == metadata ? nil : "read \(content)"
    case .readRange:
      let content = try await store.read(ReadRequest("read", range: 500..<700, limit: 4000))
      return content.bytes == Array(readBytes[500..<700]) && content.metadata == metadata
        ? nil : "read \(content)"
    case .readIntoSink:
      let sink = HesitantSink()
      let found = try await store.read(ReadRequest("read", limit: 2000), into: sink, partByteCount: 500)
      return sink.bytes == readBytes && found == metadata ? nil : "read \(found), \(sink.bytes.count) bytes"
    case .head:
      let found = try await store.head("read")
      return found == metadata ? nil : "found \(String(describing: found))"
    case .put:
      let written = try await store.put(key, bytes: readBytes)
      return written.size == 2000 && written.etag == metadata.etag ? nil : "wrote \(written)"
    case .putMultipart:
      let written = try await store.putMultipart(key, size: UInt64(Self.large.count), partSize: Self.partSize)
      {
        Array(Self.large[Int($0.lowerBound)..<Int($0.upperBound)])
      }
      return written.size == UInt64(Self.large.count) ? nil : "wrote \(written)"
    case .delete:
      try await store.delete([key])
      return nil
    }
  }

  /// What the operation left, seen without faults: what it should leave, or, if it may have failed, what was there.
  func whatIsLeft(_ operation: S3Operation, key: String, mayHaveFailed: Bool) async throws -> String? {
    guard operation.isWriting else { return nil }
    let metadata = try await store.head(key)
    let bytes = metadata == nil ? nil : try await store.read(ReadRequest(key, limit: 16 << 20)).bytes
    let wanted: [UInt8]? =
      switch operation {
      case .put: readBytes
      case .putMultipart: Self.large
      default: nil
      }
    if bytes == wanted || (mayHaveFailed && bytes == [1]) { return nil }
    return "left \(bytes.map { "\($0.count) bytes" } ?? "nothing")"
  }
}
