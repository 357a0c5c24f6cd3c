import Testing

@testable import Scrubber

@Suite("Memory as a store")
struct MemoryObjectStoreTests {
  private func versions(_ store: MemoryObjectStore, _ request: ListRequest) async throws -> [ObjectVersion] {
    let pages = try store.listVersions(request)
    var all: [ObjectVersion] = []
    while let page = try await pages.next() {
      #expect(!page.isEmpty && page.count <= request.pageLimit)
      all += page
    }
    return all
  }

  @Test("versions come by key, the newest first, in pages of any size", arguments: [1, 2, 3, 1000])
  func versionListing(pageLimit: Int) async throws {
    let store = MemoryObjectStore(keepsVersions: true)
    try store.put("b", body: .bytes([1]), lastModified: .init(seconds: 1), version: "b1")
    try store.put("a", body: .bytes([]), lastModified: .init(seconds: 2), version: "a1")
    try store.put("b", body: .zeros(5), lastModified: .init(seconds: 3), version: "b2")
    try store.putDeleteMarker("b", lastModified: .init(seconds: 4), version: "b3")
    try store.put("c/d", body: .bytes([]), lastModified: .init(seconds: 5), version: "c1")
    let all = try await versions(store, ListRequest(pageLimit: pageLimit))
    #expect(all.map(\.version) == ["a1", "b3", "b2", "b1", "c1"])
    #expect(all.map(\.isLatest) == [true, true, false, false, true])
    #expect(all.map(\.isDeleteMarker) == [false, true, false, false, false])
    #expect(all.map(\.size) == [0, 0, 5, 1, 0])
    #expect(all.map(\.lastModified.nanoseconds) == [2, 4, 3, 1, 5].map { $0 * 1_000_000_000 })
    let part = ListRequest(startAfter: "a", endBefore: "c", pageLimit: pageLimit)
    #expect(try await versions(store, part).map(\.version) == ["b3", "b2", "b1"])
    #expect(
      try await versions(store, ListRequest(prefix: "c/", pageLimit: pageLimit)).map(\.version) == ["c1"]
    )
  }

  @Test("a version is read by its name, a delete marker is no object")
  func readingVersions() async throws {
    let store = MemoryObjectStore(keepsVersions: true)
    let first = try await store.put("a", bytes: [1])
    let second = try await store.put("a", bytes: [2, 2])
    try await store.delete(["a"])
    let oldest = try await store.read(ReadRequest("a", version: first.version, limit: 10))
    #expect(oldest.bytes == [1])
    #expect(oldest.metadata == first)
    #expect(try await store.read(ReadRequest("a", version: second.version, limit: 10)).bytes == [2, 2])
    #expect(try await store.head("a") == nil)
    let marker = try #require(try await versions(store, ListRequest()).first)
    #expect(marker.isDeleteMarker && marker.isLatest)
    for version in [marker.version, "no such version"] {
      await expectStoreError(.notFound, .read, key: "a") {
        _ = try await store.read(ReadRequest("a", version: version, limit: 10))
      }
    }
  }

  @Test("times come from the clock that the store was given")
  func clock() async throws {
    let store = MemoryObjectStore(clock: { Timestamp(seconds: 77) })
    #expect(try await store.put("a", bytes: []).lastModified == Timestamp(seconds: 77))
    #expect(
      try store.put("b", body: .zeros(1), lastModified: .init(seconds: 5)).lastModified == .init(seconds: 5)
    )
  }

  @Test("an object of zeros has any size and takes no memory")
  func zeros() async throws {
    let store = MemoryObjectStore()
    try store.put("a", body: .zeros(.max))
    #expect(try await store.head("a")?.size == .max)
    let request = ReadRequest("a", range: .max - 2 ..< .max, limit: 2)
    #expect(try await store.read(request).bytes == [0, 0])
    await expectStoreError(.tooLarge, .read, key: "a") {
      _ = try await store.read(ReadRequest("a", limit: .max))
    }
  }

  @Test("keys that look alike are different objects")
  func composedAndDecomposed() async throws {
    let store = MemoryObjectStore()
    try store.put("\u{e9}", body: .bytes([1]))
    try store.put("e\u{301}", body: .bytes([2, 2]))
    #expect(try await store.head("\u{e9}")?.size == 1)
    #expect(try await store.head("e\u{301}")?.size == 2)
  }
}
