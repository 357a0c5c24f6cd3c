import Testing

@testable import Scrubber

/// What every object store must do, as checks that a store's tests run on it.
///
/// A store for the suite is made anew for each check, from the objects that it should hold.
struct ObjectStoreConformance: Sendable, CustomTestStringConvertible {
  var name: String
  /// Whether a key may be an object and at the same time the beginning of others with a `/` behind it.
  var holdsObjectsBelowObjects = true
  /// Whether names between two `/` may be longer than 255 bytes.
  var holdsLongNames = true
  var isWritable = true
  /// Which keys the store's server can hold.
  var canHold: @Sendable (String) -> Bool = { _ in true }
  /// Of all prefixes and borders, try every so manieth: a request to a server takes milliseconds.
  var step = 1
  /// Makes a store with these objects, and runs the check on it.
  var withStore: @Sendable ([(String, [UInt8])], (any ObjectStore) async throws -> Void) async throws -> Void

  var testDescription: String { name }
}

/// A key of each sort that has ever been sorted or split wrongly.
private let awkwardKeys = [
  " ", "!", "A", "a b", "a!/x", "a-0002/x", "a-0002/y/z", "a-x", "a.b", "a/1", "a/10", "a/2", "a/b/c", "a0",
  "a\u{e9}", "a\u{65}\u{301}", "aa", "b~/.x", "tab\tand\nnewline", "z\u{10FFFF}", "z\u{FFFD}", "\u{7f}",
  "%2F", "a+b", "x=y&z", "quote'\"", "back\\slash", "k.metadata", "k.1.___temp", "...", "..a", "a..",
]

private func sortedByBytes(_ keys: [String]) -> [String] {
  keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

extension ObjectStore {
  /// The keys in the order of the store's listings.
  fileprivate func sorted(_ keys: [String]) -> [String] {
    keys.sorted { keyOrder.precedes($0.utf8.span, $1.utf8.span) }
  }
}

/// All keys of a listing. Fails on pages that are empty or too large.
func listedKeys(_ store: any ObjectStore, _ request: ListRequest) async throws -> [String] {
  let pages = store.list(request)
  var keys: [String] = []
  while let page = try await pages.next() {
    #expect(!page.isEmpty)
    #expect(page.count <= request.pageLimit)
    keys += page.entries.map { page.key(of: $0) }
  }
  let afterTheEnd = try await pages.next()
  #expect(afterTheEnd == nil, "a listing that has ended stays so")
  return keys
}

/// Compares keys by bytes: texts that look alike are equal as strings.
func expectKeys(
  _ expected: [String],
  _ store: any ObjectStore,
  _ request: ListRequest = ListRequest(),
  location: SourceLocation = #_sourceLocation
) async throws {
  let listed = try await listedKeys(store, request)
  #expect(
    listed.map { Array($0.utf8) } == expected.map { Array($0.utf8) },
    "\(request)",
    sourceLocation: location
  )
}

func expectStoreError(
  _ kind: StoreError.Kind,
  _ operation: StoreError.Operation,
  key: String,
  location: SourceLocation = #_sourceLocation,
  _ body: () async throws -> Void
) async {
  do {
    try await body()
    Issue.record("\(operation) \(key) gave an answer, not \(kind)", sourceLocation: location)
  } catch let error as StoreError {
    #expect(error.kind == kind, "\(error)", sourceLocation: location)
    #expect(error.operation == operation, "\(error)", sourceLocation: location)
    #expect(error.key.utf8.elementsEqual(key.utf8), "\(error)", sourceLocation: location)
    #expect(!error.detail.isEmpty, sourceLocation: location)
    #expect(!error.isInjected, sourceLocation: location)
  } catch {
    Issue.record("\(error) is no StoreError", sourceLocation: location)
  }
}

extension ObjectStoreConformance {
  // MARK: Listing

  private var keys: [String] {
    var keys = awkwardKeys + [String(repeating: "n", count: 255), String(repeating: "d/", count: 60) + "e"]
    if holdsObjectsBelowObjects { keys += ["x", "x/y", "a", "b~"] }
    if holdsLongNames { keys.append(String(repeating: "l", count: 900)) }
    return keys.filter(canHold)
  }

  func checkKeyOrder() async throws {
    let keys = self.keys
    try await withStore(keys.map { ($0, Array($0.utf8)) }) { store async throws in
      // The first listing may tell the store how its server sorts.
      #expect(try await listedKeys(store, ListRequest()).count == keys.count)
      for limit in [1, 2, 3, 1000] {
        try await expectKeys(store.sorted(keys), store, ListRequest(pageLimit: limit))
      }
      let pages = store.list(ListRequest())
      while let page = try await pages.next() {
        for entry in page.entries {
          #expect(entry.size == UInt64(page.key(of: entry).utf8.count), "\(page.key(of: entry))")
          let metadata = try #require(try await store.head(page.key(of: entry)))
          #expect(metadata.lastModified == entry.lastModified)
        }
      }
    }
  }

  func checkEmptyStore() async throws {
    try await withStore([]) { store async throws in
      try await expectKeys([], store)
      try await expectKeys([], store, ListRequest(prefix: "a/b/c"))
    }
  }

  /// All prefixes of all keys, and some that no key has.
  func checkPrefixes() async throws {
    let keys = self.keys
    let strange = ["nothing", "a//", "..", "../", "./", "/", "a/../a", "a/1/", "a/1/x", "\0", "a\0b/"]
    try await withStore(keys.map { ($0, []) }) { store async throws in
      var prefixes = Set(strange.map { Array($0.utf8) })
      for key in keys {
        for end in key.indices.prefix(70) { prefixes.insert(Array(key[..<end].utf8)) }
        prefixes.insert(Array(key.utf8))
      }
      let texts = prefixes.map { String(decoding: $0, as: UTF8.self) }
      for (number, prefix) in sortedByBytes(texts).enumerated() where number % step == 0 {
        let listed = keys.filter { $0.utf8.starts(with: prefix.utf8) }
        let expected =
          number == 0 ? try await listedKeys(store, ListRequest(prefix: prefix)) : store.sorted(listed)
        #expect(expected.count == listed.count)
        try await expectKeys(expected, store, ListRequest(prefix: prefix))
      }
    }
  }

  /// A small world in full: every pair of borders, from all keys, folders and texts between them, for some
  /// prefixes.
  func checkBorders() async throws {
    let keys = ["a!", "a-2/x", "a-2/y", "a.b", "a/1", "a/10", "a/b/c", "a/b/d", "a0", "b"]
    let borders: [String?] =
      [nil, "", "a", "a-2", "a-2/", "a-2/xx", "a/", "a/1!", "a/b", "a/b/", "a/b/c/", "a/c", "a1", "c"] + keys
    var number = 0
    try await withStore(keys.map { ($0, []) }) { store async throws in
      _ = try await listedKeys(store, ListRequest())
      for prefix in ["", "a", "a/", "a/b", "a/b/", "a-"] {
        for startAfter in borders {
          for endBefore in borders {
            number += 1
            guard number % step == 0 else { continue }
            let request = ListRequest(
              prefix: prefix,
              startAfter: startAfter,
              endBefore: endBefore,
              pageLimit: 3
            )
            let expected = keys.filter { request.matches($0, order: store.keyOrder) }
            try await expectKeys(store.sorted(expected), store, request)
          }
        }
      }
    }
  }

  /// The parts of a cut listing have every key once, in order, whatever lies between and beside the tenants.
  func checkSplitting() async throws {
    var keys = [
      "t", "t!/x", "t-old/a", "t.x", "t/ /x", "t/-", "t/:/x", "t/A/x", "t/F", "t/`", "t/g/x", "t/~", "t0",
    ]
    for digit in "0123456789abcdef" {
      keys += ["t/\(digit)\(digit)7/x", "t/\(digit)\(digit)7-0102/x", "t/\(digit)\u{e9}/x"]
    }
    keys.append("t/9/x")
    let held = keys.filter { holdsObjectsBelowObjects || $0 != "t" }
    try await withStore(held.map { ($0, []) }) { store async throws in
      for root in ["", "t", "t/"] {
        let whole = try await listedKeys(store, ListRequest(prefix: root))
        for count in [1, 2, 5, 16, 64, 300] {
          let parts = try await store.split(ListRequest(prefix: root), at: "t/", into: count)
          var listed: [String] = []
          for part in parts { listed += try await listedKeys(store, part) }
          #expect(listed == whole, "\(root) in \(count)")
        }
      }
    }
  }

  /// By several requests, a listing has the same keys in the same order.
  func checkListingInParallel() async throws {
    let tenants = ["0a", "1b", "1b-0102", "c3", "ff"]
    let keys = tenants.flatMap { tenant in (0..<60).map { "t/\(tenant)/timelines/\($0 % 7)f/\(100 + $0)" } }
    try await withStore(keys.map { ($0, []) }) { store async throws in
      for limit in [1, 7, 1000] {
        let request = ListRequest(prefix: "t/", pageLimit: limit)
        let whole = try await listedKeys(store, request)
        #expect(whole.count == keys.count)
        let pages = ParallelListing(store, request, slots: ListingSlots(requests: 8))
        var listed: [String] = []
        while let page = try await pages.next() { listed += page.entries.map { page.key(of: $0) } }
        #expect(listed == whole, "\(limit) a page")
      }
    }
  }

  // MARK: Reading

  func checkRanges() async throws {
    let content: [UInt8] = Array(0..<20)
    try await withStore([("some/object", content), ("empty", [])]) { store async throws in
      let key = "some/object"
      let whole = try await store.read(ReadRequest(key, limit: 20))
      #expect(whole.bytes == content)
      #expect(whole.metadata.size == 20)
      #expect(try await store.head(key) == whole.metadata)
      for start in 0...20 {
        for end in [start, start + 1, 19, 20, 21, 1_000_000] where end >= start {
          let range = UInt64(start)..<UInt64(end)
          let part = try await store.read(ReadRequest(key, range: range, limit: 20))
          #expect(part.bytes == Array(content[start..<min(20, end)]), "\(range)")
          #expect(part.metadata == whole.metadata)
        }
      }
      let toTheLast = try await store.read(ReadRequest(key, range: 15..<UInt64.max, limit: 5))
      #expect(toTheLast.bytes == [15, 16, 17, 18, 19])
      for range: Range<UInt64> in [21..<22, 21..<21, .max - 1 ..< .max] {
        await expectStoreError(.badRequest, .read, key: key) {
          _ = try await store.read(ReadRequest(key, range: range, limit: 20))
        }
      }
      #expect(try await store.read(ReadRequest("empty", limit: 0)).bytes == [])
      #expect(try await store.read(ReadRequest("empty", range: 0..<10, limit: 0)).bytes == [])
      #expect(try await store.head("empty")?.size == 0)
    }
  }

  func checkLimits() async throws {
    let key = "object"
    try await withStore([(key, [1, 2, 3, 4])]) { store async throws in
      for request in [
        ReadRequest(key, limit: 3), ReadRequest(key, limit: 0), ReadRequest(key, limit: -1),
        ReadRequest(key, range: 0..<10, limit: 3), ReadRequest(key, range: 1..<3, limit: 1),
      ] {
        await expectStoreError(.tooLarge, .read, key: key) { _ = try await store.read(request) }
      }
      #expect(try await store.read(ReadRequest(key, limit: 4)).bytes == [1, 2, 3, 4])
      #expect(try await store.read(ReadRequest(key, range: 1..<3, limit: 2)).bytes == [2, 3])
    }
  }

  func checkConditions() async throws {
    let key = "some/object"
    try await withStore([(key, [1, 2, 3])]) { store async throws in
      let etag = try #require(try await store.head(key)).etag
      #expect(try await store.read(ReadRequest(key, ifMatch: etag, limit: 3)).bytes == [1, 2, 3])
      #expect(try await store.read(ReadRequest(key, range: 1..<2, ifMatch: etag, limit: 3)).bytes == [2])
      #expect(try await store.read(ReadRequest(key, range: 3..<9, ifMatch: etag, limit: 3)).bytes == [])
      let other = String(repeating: "0", count: 32)
      for range: Range<UInt64>? in [nil, 0..<2, 2..<2, 3..<4] {
        await expectStoreError(.changed, .read, key: key) {
          _ = try await store.read(ReadRequest(key, range: range, ifMatch: other, limit: 3))
        }
      }
      await expectStoreError(.notFound, .read, key: "missing") {
        _ = try await store.read(ReadRequest("missing", ifMatch: etag, limit: 3))
      }
    }
  }

  func checkReadingIntoASink() async throws {
    let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * 31 + $0 >> 8) }
    try await withStore([("some/object", content), ("empty", [])]) { store async throws in
      let metadata = try await store.head("some/object")
      for part in [70_000, 300_000, 400_000] as [UInt64] {
        let sink = HesitantSink()
        let request = ReadRequest("some/object", limit: 300_000)
        #expect(try await store.read(request, into: sink, partByteCount: part) == metadata)
        #expect(sink.bytes == content)
        #expect(sink.refusals > 0)
      }
      let sink = HesitantSink()
      let empty = try await store.read(ReadRequest("empty", limit: 0), into: sink, partByteCount: 10)
      #expect(empty.size == 0 && sink.bytes.isEmpty)
      let other = String(repeating: "0", count: 32)
      for (kind, request) in [
        (.tooLarge, ReadRequest("some/object", limit: 299_999)),
        (.tooLarge, ReadRequest("some/object", limit: -1)),
        (.notFound, ReadRequest("missing", limit: 10)), (.badRequest, ReadRequest("a//b", limit: 10)),
        (.changed, ReadRequest("some/object", ifMatch: other, limit: 300_000)),
      ] as [(StoreError.Kind, ReadRequest)] {
        await expectStoreError(kind, .read, key: request.key) {
          _ = try await store.read(request, into: HesitantSink(), partByteCount: 100_000)
        }
      }
      // What a sink has no use for ends the reading, and does not look like a fault of the object.
      await expectStoreError(.failed, .read, key: "some/object") {
        let request = ReadRequest("some/object", limit: 300_000)
        _ = try await store.read(request, into: HesitantSink(limit: 150_000), partByteCount: 100_000)
      }
    }
  }

  func checkMissingObjects() async throws {
    try await withStore([("a/b/c", [1])]) { store async throws in
      for key in ["a", "a/b", "a/b/d", "a/b/c/d", "b", "a/b/cc"] {
        #expect(try await store.head(key) == nil, "\(key)")
        await expectStoreError(.notFound, .read, key: key) {
          _ = try await store.read(ReadRequest(key, limit: 10))
        }
      }
    }
  }

  func checkBadKeys() async throws {
    let bad = [
      "", "/", "/abs", "a//b", "a/", "..", "../a", "a/..", "a/../b", ".", "./a", "a/./b", "a\0b", "\0",
    ]
    try await withStore([("a/b", [1]), ("good", [2])]) { store async throws in
      for key in bad {
        await expectStoreError(.badRequest, .read, key: key) {
          _ = try await store.read(ReadRequest(key, limit: 10))
        }
        await expectStoreError(.badRequest, .head, key: key) { _ = try await store.head(key) }
        guard isWritable else { continue }
        await expectStoreError(.badRequest, .put, key: key) { _ = try await store.put(key, bytes: [1]) }
        await expectStoreError(.badRequest, .delete, key: key) { try await store.delete(["good", key]) }
      }
      try await expectKeys(["a/b", "good"], store)
    }
  }

  func checkVersionsAreRefusedWhereThereAreNone() async throws {
    try await withStore([("a", [1])]) { store async throws in
      if store.keepsVersions { return }
      await expectStoreError(.unsupported, .read, key: "a") {
        _ = try await store.read(ReadRequest("a", version: "v1", limit: 10))
      }
      await expectStoreError(.unsupported, .listVersions, key: "a") {
        _ = try store.listVersions(ListRequest(prefix: "a"))
      }
    }
  }

  func checkCancellation() async throws {
    try await withStore([("a", [1])]) { store async throws in
      // The task waits until it is cancelled, as otherwise the listing might be faster.
      let task = Task {
        while !Task.isCancelled { await Task.yield() }
        await expectStoreError(.cancelled, .list, key: "a") {
          _ = try await store.list(ListRequest(prefix: "a")).next()
        }
      }
      task.cancel()
      await task.value
    }
  }

  // MARK: Writing

  func checkWriting() async throws {
    guard isWritable else { return }
    try await withStore([]) { store async throws in
      let key = "p/q/r"
      let first = try await store.put(key, bytes: [1, 2, 3])
      #expect(first.size == 3)
      #expect(try await store.head(key) == first)
      let second = try await store.put(key, bytes: [4, 5])
      #expect(second.etag != first.etag)
      let content = try await store.read(ReadRequest(key, limit: 10))
      #expect(content.bytes == [4, 5])
      #expect(content.metadata == second)
      _ = try await store.put("p/q/s", bytes: [])
      try await expectKeys(["p/q/r", "p/q/s"], store)
      try await store.delete(["missing", key, "p/missing", "p/q", "p/q/s/t", "other/missing"])
      #expect(try await store.head(key) == nil)
      try await expectKeys(["p/q/s"], store)
      try await store.delete([])
      try await store.delete(["p/q/s"])
      try await expectKeys([], store)
      _ = try await store.put(key, bytes: [6])
      #expect(try await store.read(ReadRequest(key, limit: 10)).bytes == [6])
    }
  }

  /// Readers never see half of an object while it is written over and over.
  func checkOverwritingIsAtomic() async throws {
    guard isWritable else { return }
    let size = 200_000
    try await withStore([("object", [UInt8](repeating: 0, count: size))]) { store async throws in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 1...2 {
          group.addTask {
            for round in 0..<20 {
              let fill = UInt8(writer * 100 + round)
              _ = try await store.put("object", bytes: [UInt8](repeating: fill, count: size + writer))
            }
          }
        }
        group.addTask {
          for _ in 0..<100 {
            let content = try await store.read(ReadRequest("object", limit: size + 2))
            #expect(content.bytes.count == Int(content.metadata.size))
            #expect(content.bytes.allSatisfy { $0 == content.bytes[0] })
            await Task.yield()
          }
        }
        try await group.waitForAll()
      }
      try await expectKeys(["object"], store)
    }
  }

  /// All of the above.
  func check() async throws {
    try await checkKeyOrder()
    try await checkEmptyStore()
    try await checkPrefixes()
    try await checkBorders()
    try await checkRanges()
    try await checkLimits()
    try await checkConditions()
    try await checkReadingIntoASink()
    try await checkMissingObjects()
    try await checkBadKeys()
    try await checkVersionsAreRefusedWhereThereAreNone()
    try await checkCancellation()
    try await checkWriting()
    try await checkOverwritingIsAtomic()
  }
}
