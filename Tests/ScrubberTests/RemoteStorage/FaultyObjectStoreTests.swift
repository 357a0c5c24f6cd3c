import Testing

@testable import Scrubber

@Suite("Fault wrapper")
struct FaultyObjectStoreTests {
  let base = MemoryObjectStore(keepsVersions: true)

  init() throws {
    for key in ["a", "b", "c"] { try base.put(key, body: .bytes([1, 2, 3])) }
  }

  private func injectedKind(_ body: () async throws -> Void) async throws -> StoreError.Kind? {
    do {
      try await body()
      return nil
    } catch let error as StoreError {
      #expect(error.isInjected)
      return error.kind
    }
  }

  @Test("the Nth call fails once, the one after it works")
  func failsOnce() async throws {
    let store = FaultyObjectStore(base, faults: [.fail(.read, .only(2), as: .timedOut)])
    var kinds: [StoreError.Kind?] = []
    for _ in 0..<4 {
      kinds.append(
        try await injectedKind {
          let content = try await store.read(ReadRequest("a", limit: 3))
          #expect(content.bytes == [1, 2, 3])
        }
      )
    }
    #expect(kinds == [nil, .timedOut, nil, nil])
    #expect(store.calls(of: .read) == 4)
    #expect(store.calls(of: .head) == 0)
    #expect(store.injections == 1)
  }

  @Test("from the Nth call on all fail, and change nothing")
  func failsFrom() async throws {
    let store = FaultyObjectStore(
      base,
      faults: [.fail(.put, .from(2)), .fail(.delete, .from(1), as: .accessDenied), .fail(.head, .only(1))]
    )
    _ = try await store.put("d", bytes: [])
    for _ in 0..<2 {
      #expect(try await injectedKind { _ = try await store.put("e", bytes: []) } == .failed)
    }
    #expect(try await injectedKind { try await store.delete(["a"]) } == .accessDenied)
    #expect(try await injectedKind { _ = try await store.head("a") } == .failed)
    try await expectKeys(["a", "b", "c", "d"], base)
  }

  @Test("a page of a listing that failed comes with the next call", arguments: 1...4)
  func listings(failing call: Int) async throws {
    let store = FaultyObjectStore(
      base,
      faults: [.fail(.list, .only(call)), .fail(.listVersions, .only(call))]
    )
    let pages = store.list(ListRequest(pageLimit: 1))
    let versions = try store.listVersions(ListRequest(pageLimit: 1))
    var keys: [String] = []
    var versionKeys: [String] = []
    for number in 1...4 {
      if number == call {
        #expect(try await injectedKind { _ = try await pages.next() } == .failed)
        #expect(try await injectedKind { _ = try await versions.next() } == .failed)
      }
      if let page = try await pages.next() { keys += page.entries.map { page.key(of: $0) } }
      versionKeys += (try await versions.next() ?? []).map(\.key)
    }
    #expect(keys == ["a", "b", "c"])
    #expect(versionKeys == ["a", "b", "c"])
    #expect(store.calls(of: .list) == 5)
    #expect(store.injections == 2)
  }

  @Test("reads are shortened or have a wrong bit, and say nothing")
  func damage() async throws {
    let store = FaultyObjectStore(
      base,
      faults: [
        .shortenRead(.only(1), byteCount: 1), .shortenRead(.only(2), byteCount: 99),
        .flipBitOfRead(.only(3), bit: 9), .flipBitOfRead(.only(4), bit: 24),
      ]
    )
    var contents: [[UInt8]] = []
    for _ in 0..<5 { contents.append(try await store.read(ReadRequest("a", limit: 3)).bytes) }
    #expect(contents == [[1, 2], [], [1, 0, 3], [0, 2, 3], [1, 2, 3]])
  }

  @Test("a call that stalls ends after its time, or when its task is cancelled")
  func stalls() async throws {
    let store = FaultyObjectStore(
      base,
      faults: [.stall(.head, .only(1), for: .milliseconds(20)), .stall(.head, .only(2))]
    )
    let start = ContinuousClock.now
    #expect(try await store.head("a")?.size == 3)
    #expect(ContinuousClock.now - start >= .milliseconds(20))
    let task = Task { try await injectedKind { _ = try await store.head("a") } }
    while store.calls(of: .head) < 2 { await Task.yield() }
    task.cancel()
    #expect(try await task.value == .cancelled)
  }
}
