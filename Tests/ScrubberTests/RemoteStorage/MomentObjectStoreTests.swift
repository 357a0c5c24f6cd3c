import Foundation
import Testing

@testable import Scrubber

@Suite("Store at a moment")
struct MomentObjectStoreTests {
  @Test("shows of each object the newest version that is not later, at every moment and page size")
  func smallWorld() async throws {
    let store = MemoryObjectStore(keepsVersions: true)
    try store.put("a", body: .bytes([1]), lastModified: .init(seconds: 10))
    try store.put("a", body: .bytes([2, 2]), lastModified: .init(seconds: 20))
    try store.putDeleteMarker("a", lastModified: .init(seconds: 30))
    try store.put("a", body: .bytes([4, 4, 4, 4]), lastModified: .init(seconds: 40))
    try store.put("b", body: .bytes([5]), lastModified: .init(seconds: 30))
    // Two of the same second: the one that was written last counts.
    try store.put("c", body: .bytes([6]), lastModified: .init(seconds: 20))
    try store.put("c", body: .bytes([7, 7]), lastModified: .init(seconds: 20))
    let expected: [Int64: [String: [UInt8]]] = [
      9: [:], 10: ["a": [1]], 19: ["a": [1]], 20: ["a": [2, 2], "c": [7, 7]],
      29: ["a": [2, 2], "c": [7, 7]],
      30: ["b": [5], "c": [7, 7]], 40: ["a": [4, 4, 4, 4], "b": [5], "c": [7, 7]],
    ]
    for (seconds, objects) in expected {
      let view = MomentObjectStore(store, at: Timestamp(seconds: seconds))
      for pageLimit in 1...4 {
        try await expectKeys(objects.keys.sorted(), view, ListRequest(pageLimit: pageLimit))
      }
      for key in ["a", "b", "c"] {
        guard let bytes = objects[key] else {
          #expect(try await view.head(key) == nil)
          await expectStoreError(.notFound, .read, key: key) {
            _ = try await view.read(ReadRequest(key, limit: 9))
          }
          continue
        }
        #expect(try await view.head(key)?.size == UInt64(bytes.count))
        let content = try await view.read(ReadRequest(key, limit: 9))
        #expect(content.bytes == bytes)
        #expect(try await view.head(key) == content.metadata)
      }
    }
  }

  @Test("cannot be written to")
  func readOnly() async throws {
    let view = MomentObjectStore(MemoryObjectStore(keepsVersions: true), at: .now)
    await expectStoreError(.unsupported, .put, key: "a") { _ = try await view.put("a", bytes: []) }
    await expectStoreError(.unsupported, .delete, key: "a") { try await view.delete(["a"]) }
  }

  @Test(
    "an error of the version listing is one of the operation that was asked for, and loses nothing",
    arguments: 1...6
  )
  func errors(failing call: Int) async throws {
    let store = MemoryObjectStore(keepsVersions: true)
    for key in ["a", "b", "c"] {
      for round in 1...2 { try store.put(key, body: .zeros(1), lastModified: .init(seconds: Int64(round))) }
    }
    let faulty = FaultyObjectStore(store, faults: [.fail(.listVersions, .only(call))])
    let pages = MomentObjectStore(faulty, at: .init(seconds: 9)).list(ListRequest(pageLimit: 1))
    var keys: [String] = []
    var errors: [StoreError] = []
    while errors.count < 9 {
      do throws(StoreError) {
        guard let page = try await pages.next() else { break }
        keys += page.entries.map { page.key(of: $0) }
      } catch {
        errors.append(error)
      }
    }
    #expect(keys == ["a", "b", "c"])
    #expect(faulty.injections == 1)
    #expect(errors.allSatisfy { $0.operation == .list && $0.isInjected })
  }

  // MARK: Versions of a real bucket

  private struct RecordedVersion: Decodable {
    var key: String
    var version: String
    var lastModified: String
    var isLatest: Bool
    var deleteMarker: Bool?
    var size: UInt64?

    enum CodingKeys: String, CodingKey {
      case key, version, size
      case lastModified = "last_modified"
      case isLatest = "is_latest"
      case deleteMarker = "delete_marker"
    }

    /// The moment; all are of one day, written `2026-11-23T02:10:30.000000Z`.
    var time: Timestamp {
      get throws {
        let text = Array(lastModified.utf8)
        func number(at index: Int) throws -> Int64 {
          try #require(Int64(String(decoding: text[index..<index + 2], as: UTF8.self)))
        }
        try #require(lastModified.hasPrefix("2026-11-23T") && lastModified.hasSuffix(".000000Z"))
        return Timestamp(
          seconds: 1_795_392_000 + (try number(at: 11) * 60 + number(at: 14)) * 60 + (try number(at: 17))
        )
      }
    }
  }

  private static let recording = Golden.folder.appending(path: "pageserver/versions/versions.jsonl")

  /// Goal: the view agrees with what really was in a bucket. Method: at every second of the recording, each
  /// key's expectation comes from sorting that key's versions, without the store.
  @Test(
    "agrees with the version history of a real bucket at every second",
    .enabled(if: Golden.isPresent, Golden.absence)
  )
  func realVersions() async throws {
    let recorded = try String(contentsOf: Self.recording, encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(RecordedVersion.self, from: Data($0.utf8))
    }
    // Within a second, the server's version identifiers fall with time.
    let ordered = try recorded.map { ($0, try $0.time) }.sorted {
      ($0.1, $1.0.version) < ($1.1, $0.0.version)
    }
    let store = MemoryObjectStore(keepsVersions: true)
    for (version, time) in ordered {
      if version.deleteMarker == true {
        try store.putDeleteMarker(version.key, lastModified: time, version: version.version)
      } else {
        let size = try #require(version.size)
        try store.put(version.key, body: .zeros(size), lastModified: time, version: version.version)
      }
    }
    let byKey = Dictionary(grouping: ordered) { $0.0.key }
    #expect(byKey.values.allSatisfy { $0.last?.0.isLatest == true })

    let times = Set(ordered.map(\.1.nanoseconds)).sorted()
    var counts = Set<Int>()
    for nanoseconds in [times[0] - 1] + times.flatMap({ [$0, $0 + 999_999_999] }) {
      let moment = Timestamp(nanoseconds: nanoseconds)
      var expected: [String] = []
      for (key, versions) in byKey {
        guard let last = versions.last(where: { $0.1 <= moment }), last.0.deleteMarker != true else {
          continue
        }
        expected.append("\(key) \(last.0.size ?? 0) \(last.1.nanoseconds)")
      }
      var listed: [String] = []
      let pages = MomentObjectStore(store, at: moment).list(ListRequest(pageLimit: 7))
      while let page = try await pages.next() {
        listed += page.entries.map { "\(page.key(of: $0)) \($0.size) \($0.lastModified.nanoseconds)" }
      }
      #expect(listed == expected.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }, "at \(nanoseconds)")
      counts.insert(listed.count)
    }
    // The history has something to tell: the bucket grew and shrank.
    #expect(counts.contains(0) && counts.count > 5)

    let end = MomentObjectStore(store, at: Timestamp(nanoseconds: times[times.count - 1]))
    for version in recorded where version.isLatest {
      let head = try await end.head(version.key)
      #expect(head?.version == (version.deleteMarker == true ? nil : version.version), "\(version.key)")
    }
  }
}
