import Synchronization
import Testing

@testable import Scrubber

/// Many seeded worlds of keys, most of them lopsided, listed by one request after the other and by several.
@Suite("A listing by several requests")
struct ParallelListingTests {
  /// Tenants of which some are a hundred times as large as others, some with shards, some with one huge timeline.
  private static func keys(_ random: inout SeededRandom) -> [String] {
    var keys = Set<String>()
    for _ in 0..<Int.random(in: 1...12, using: &random) {
      let tenant =
        hex(8, &random) + (Bool.random(using: &random) ? "" : "-0\(Int.random(in: 0...3, using: &random))04")
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let timeline = hex(8, &random)
        let size = [1, 10, 100, 600].randomElement(using: &random) ?? 1
        for _ in 0..<size {
          let layer = "000000067F0000000500004\(hex(5, &random).uppercased())"
          keys.insert("p/tenants/\(tenant)/timelines/\(timeline)/\(layer)")
        }
        keys.insert("p/tenants/\(tenant)/timelines/\(timeline)/index_part.json-00000001")
      }
    }
    return keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func hex(_ count: Int, _ random: inout SeededRandom) -> String {
    (0..<count).map { _ in String(Int.random(in: 0..<16, using: &random), radix: 16) }.joined()
  }

  @Test(arguments: 0..<20)
  func hasEveryKeyOnceAndInOrder(seed: Int) async throws {
    var random = SeededRandom(seed: UInt64(seed))
    let keys = Self.keys(&random)
    let store = MemoryObjectStore()
    for key in keys { try store.put(key, body: .bytes([])) }
    let counting = CountingStore(store)
    let pageLimit = Int.random(in: 5...60, using: &random)
    let request = ListRequest(prefix: "p/", pageLimit: pageLimit)
    let slots = ListingSlots(requests: 6, pages: 20, cuts: 16)
    let pages = ParallelListing(counting, request, slots: slots)
    var listed: [String] = []
    while let page = try await pages.next() { listed += page.entries.map { page.key(of: $0) } }
    #expect(listed == keys)
    #expect(try await pages.next() == nil)
    // Each cut costs two pages that are not full, at the most.
    let fewest = keys.count / pageLimit + 1
    let cutsAllowed = 16 + fewest / 32 + 1
    #expect(
      counting.requests <= fewest + 2 * cutsAllowed,
      "\(counting.requests) for \(keys.count) by \(pageLimit)"
    )
  }

  /// One huge tenant is listed by several requests at the same time, and what waits stays bounded.
  @Test func aLopsidedBucketIsListedByMany() async throws {
    let store = MemoryObjectStore()
    var random = SeededRandom(seed: 7)
    for _ in 0..<8_000 {
      let key = "p/tenants/aaaa/timelines/\(Self.hex(6, &random))/\(Self.hex(6, &random))"
      try store.put(key, body: .bytes([]))
    }
    let counting = CountingStore(store, latency: .milliseconds(2))
    let slots = ListingSlots(requests: 6)
    let pages = ParallelListing(counting, ListRequest(prefix: "p/", pageLimit: 100), slots: slots)
    var count = 0
    while let page = try await pages.next() { count += page.count }
    #expect(count == 8_000)
    #expect(counting.mostAtOnce >= 4)
    // Those that wait for the page they need are not counted as ahead.
    #expect(counting.mostAtOnce <= 6 + 1)
  }

  /// An error comes where it belongs, and the listing goes on behind it, at the same page.
  @Test func anErrorIsToldOnceAndTheListingGoesOn() async throws {
    let store = MemoryObjectStore()
    var keys: [String] = []
    for number in 0..<2000 { keys.append("p/\(String(number + 10_000, radix: 16))") }
    for key in keys { try store.put(key, body: .bytes([])) }
    for failing in [0, 1, 5, 17] {
      let faulty = CountingStore(store, failing: failing)
      let slots = ListingSlots(requests: 4)
      let pages = ParallelListing(faulty, ListRequest(prefix: "p/", pageLimit: 50), slots: slots)
      var listed: [String] = []
      var errors = 0
      while true {
        do throws(StoreError) {
          guard let page = try await pages.next() else { break }
          listed += page.entries.map { page.key(of: $0) }
        } catch {
          errors += 1
        }
      }
      #expect(errors == 1, "request \(failing)")
      #expect(listed == keys.sorted(), "request \(failing)")
    }
  }

  @Test func aCancelledListingEnds() async throws {
    let store = MemoryObjectStore()
    for number in 0..<500 { try store.put("p/\(number)", body: .bytes([])) }
    let slow = CountingStore(store, latency: .seconds(600))
    let task = Task {
      let pages = ParallelListing(slow, ListRequest(pageLimit: 10), slots: ListingSlots(requests: 4))
      do throws(StoreError) {
        _ = try await pages.next()
        return StoreError.Kind?.none
      } catch {
        return error.kind
      }
    }
    try await Task.sleep(for: .milliseconds(20))
    task.cancel()
    #expect(await task.value == .cancelled)
  }

  @Test(
    arguments: [
      // first, last, end, cut
      ("t/2a", "t/3b", nil, "t/a"), ("t/2a", "t/eb", nil, nil), ("t/aa2", "t/aa3", nil, "t/aaa"),
      ("t/aae", "t/aaf", nil, "t/ad"), ("t/aae", "t/aaf", "t/c", "t/ad"), ("t/afe", "t/aff", "t/c", "t/b"),
      ("t/afe", "t/aff", "t/b", nil), ("t/A2", "t/A3", nil, "t/AA"),
      ("t/2", "t/2", nil, nil), ("t/!", "t/~", nil, nil),
    ] as [(String, String, String?, String?)]
  )
  func cutsWhereSomethingIsLeft(first: String, last: String, end: String?, expected: String?) {
    let cut = ListingCut.cut(
      first: Array(first.utf8),
      last: Array(last.utf8),
      prefix: 2,
      end: end.map { Array($0.utf8) }
    )
    #expect(cut.map { String(decoding: $0, as: UTF8.self) } == expected)
  }
}

/// Counts the pages that are asked for, and takes its time.
private final class CountingStore: ObjectStore {
  private struct State {
    var requests = 0
    var running = 0
    var mostAtOnce = 0
  }

  private let base: MemoryObjectStore
  private let latency: Duration
  private let failing: Int?
  private let state = Mutex(State())

  init(_ base: MemoryObjectStore, latency: Duration = .zero, failing: Int? = nil) {
    self.base = base
    self.latency = latency
    self.failing = failing
  }

  var requests: Int { state.withLock(\.requests) }
  var mostAtOnce: Int { state.withLock(\.mostAtOnce) }
  var location: String { base.location }
  var keepsVersions: Bool { false }

  func list(_ request: ListRequest) -> any ListingPages { CountingPages(base.list(request), self) }

  fileprivate func ask(_ pages: any ListingPages) async throws(StoreError) -> ListingPage? {
    let number = state.withLock { state in
      state.requests += 1
      state.running += 1
      state.mostAtOnce = max(state.mostAtOnce, state.running)
      return state.requests - 1
    }
    defer { state.withLock { $0.running -= 1 } }
    if latency > .zero {
      do { try await Task.sleep(for: latency) } catch {
        throw StoreError(.cancelled, .list, key: "", detail: "cancelled")
      }
    }
    if number == failing { throw StoreError(.failed, .list, key: "p/", detail: "as told") }
    return try await pages.next()
  }

  func listVersions(_ request: ListRequest) throws(StoreError) -> any VersionPages {
    try base.listVersions(request)
  }
  func read(_ request: ReadRequest) async throws(StoreError) -> ObjectContent { try await base.read(request) }
  func head(_ key: String) async throws(StoreError) -> ObjectMetadata? { try await base.head(key) }
  func put(_ key: String, bytes: [UInt8]) async throws(StoreError) -> ObjectMetadata {
    try await base.put(key, bytes: bytes)
  }
  func delete(_ keys: [String]) async throws(StoreError) { try await base.delete(keys) }
}

private final class CountingPages: ListingPages {
  private let base: any ListingPages
  private let store: CountingStore

  init(_ base: any ListingPages, _ store: CountingStore) {
    self.base = base
    self.store = store
  }

  func next() async throws(StoreError) -> ListingPage? { try await store.ask(base) }
}
