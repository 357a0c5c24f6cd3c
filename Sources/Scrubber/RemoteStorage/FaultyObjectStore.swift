import Synchronization

/// Another store with faults put in, for tests.
///
/// Calls are counted per operation, from 1; each page of a listing is a call. An error that was put in says
/// so (`isInjected`), and the other store has not been asked then.
final class FaultyObjectStore<Base: ObjectStore>: ObjectStore {
  let base: Base
  private let faults: [StoreFault]
  private let state = Mutex((calls: [StoreError.Operation: Int](), injections: 0))

  init(_ base: Base, faults: [StoreFault] = []) {
    self.base = base
    self.faults = faults
  }

  var location: String { base.location }
  var keyOrder: KeyOrder { base.keyOrder }
  var keepsVersions: Bool { base.keepsVersions }

  func calls(of operation: StoreError.Operation) -> Int { state.withLock { $0.calls[operation] ?? 0 } }

  /// How many calls met a fault. A test that meant to have one looks here whether it had.
  var injections: Int { state.withLock { $0.injections } }

  func list(_ request: ListRequest) -> any ListingPages {
    FaultyListing(self, base.list(request), prefix: request.prefix)
  }

  func listVersions(_ request: ListRequest) throws(StoreError) -> any VersionPages {
    FaultyVersionListing(self, try base.listVersions(request), prefix: request.prefix)
  }

  func read(_ request: ReadRequest) async throws(StoreError) -> ObjectContent {
    let faults = try await begin(.read, key: request.key)
    var content = try await base.read(request)
    for fault in faults { fault.damage(&content.bytes) }
    return content
  }

  func head(_ key: String) async throws(StoreError) -> ObjectMetadata? {
    try await begin(.head, key: key)
    return try await base.head(key)
  }

  func put(_ key: String, bytes: [UInt8]) async throws(StoreError) -> ObjectMetadata {
    try await begin(.put, key: key)
    return try await base.put(key, bytes: bytes)
  }

  func delete(_ keys: [String]) async throws(StoreError) {
    try await begin(.delete, key: keys.first ?? "")
    try await base.delete(keys)
  }

  /// Counts a call and does to it what its faults want before the other store is asked. Gives its faults.
  @discardableResult
  fileprivate func begin(
    _ operation: StoreError.Operation,
    key: String
  ) async throws(StoreError) -> [StoreFault] {
    let met = state.withLock { state in
      let call = (state.calls[operation] ?? 0) + 1
      state.calls[operation] = call
      let met = faults.filter { $0.operation == operation && $0.calls.contains(call) }
      state.injections += met.isEmpty ? 0 : 1
      return met
    }
    for fault in met { try await fault.delayOrFail(key: key) }
    return met
  }
}

/// One fault: which calls meet it, and what it does to them.
struct StoreFault: Sendable {
  /// Calls by number, from 1.
  enum Calls: Sendable {
    case only(Int)
    case from(Int)

    func contains(_ call: Int) -> Bool {
      switch self {
      case .only(let number): call == number
      case .from(let number): call >= number
      }
    }
  }

  fileprivate enum Effect: Sendable {
    case fail(StoreError.Kind)
    case shorten(byteCount: Int)
    case flipBit(Int)
    /// Nil: until the task is cancelled.
    case stall(Duration?)
  }

  let operation: StoreError.Operation
  let calls: Calls
  private let effect: Effect

  /// The call throws.
  static func fail(
    _ operation: StoreError.Operation,
    _ calls: Calls,
    as kind: StoreError.Kind = .failed
  ) -> StoreFault {
    StoreFault(operation: operation, calls: calls, effect: .fail(kind))
  }

  /// A read gives so many bytes fewer, and does not notice.
  static func shortenRead(_ calls: Calls, byteCount: Int) -> StoreFault {
    StoreFault(operation: .read, calls: calls, effect: .shorten(byteCount: byteCount))
  }

  /// A read gives bytes of which one bit is wrong: the one of this number, counted on from the start if need
  /// be.
  static func flipBitOfRead(_ calls: Calls, bit: Int) -> StoreFault {
    StoreFault(operation: .read, calls: calls, effect: .flipBit(bit))
  }

  /// The call takes this much longer; without a duration, until its task is cancelled.
  static func stall(
    _ operation: StoreError.Operation,
    _ calls: Calls,
    for duration: Duration? = nil
  ) -> StoreFault {
    StoreFault(operation: operation, calls: calls, effect: .stall(duration))
  }

  fileprivate func delayOrFail(key: String) async throws(StoreError) {
    switch effect {
    case .shorten, .flipBit: return
    case .fail(let kind):
      throw StoreError(kind, operation, key: key, detail: "a fault of the test", isInjected: true)
    case .stall(let duration):
      do {
        repeat { try await Task.sleep(for: duration ?? .seconds(3600)) } while duration == nil
      } catch {
        let detail = "cancelled while a fault of the test stalled it"
        throw StoreError(.cancelled, operation, key: key, detail: detail, isInjected: true)
      }
    }
  }

  fileprivate func damage(_ bytes: inout [UInt8]) {
    switch effect {
    case .fail, .stall: return
    case .shorten(let count): bytes.removeLast(min(max(0, count), bytes.count))
    case .flipBit(let bit):
      guard !bytes.isEmpty, bit >= 0 else { return }
      bytes[bit / 8 % bytes.count] ^= 1 << UInt8(bit % 8)
    }
  }
}

private final class FaultyListing<Base: ObjectStore>: ListingPages {
  private let store: FaultyObjectStore<Base>
  private let base: any ListingPages
  private let prefix: String

  init(_ store: FaultyObjectStore<Base>, _ base: any ListingPages, prefix: String) {
    self.store = store
    self.base = base
    self.prefix = prefix
  }

  var resumesBehindErrors: Bool { base.resumesBehindErrors }

  func next() async throws(StoreError) -> ListingPage? {
    try await store.begin(.list, key: prefix)
    return try await base.next()
  }
}

private final class FaultyVersionListing<Base: ObjectStore>: VersionPages {
  private let store: FaultyObjectStore<Base>
  private let base: any VersionPages
  private let prefix: String

  init(_ store: FaultyObjectStore<Base>, _ base: any VersionPages, prefix: String) {
    self.store = store
    self.base = base
    self.prefix = prefix
  }

  func next() async throws(StoreError) -> [ObjectVersion]? {
    try await store.begin(.listVersions, key: prefix)
    return try await base.next()
  }
}
