import Foundation
import IndexFormat
import Synchronization

@testable import Scrubber

/// A tenant that a page server works on, request by request of somebody else: it flushes, compacts, replaces, attaches
/// anew, deletes and creates again. After each single change the whole of it is remembered.
///
/// The order is a page server's: a layer is there before an index that names it, and goes after the last one.
final class WrittenTenant: Sendable {
  struct Moment: Sendable {
    var time: Timestamp
    var objects: [String: [UInt8]]
  }

  private struct Shelf: Hashable {
    var shard: ShardIndex
    var timeline: TimelineID
  }

  private enum Change: Sendable {
    case put(String, [UInt8])
    case delete(String)
  }

  private struct State {
    var generator: SeededRandom
    var generation: UInt32 = 1
    var layers: [Shelf: [IndexLayer]] = [:]
    var lsn: UInt64 = 0x1000
    var waiting: [Change] = []
    var history: [Moment] = []
    var seconds: Int64 = 1_000_000
    var changesLeft: Int
  }

  let store: MemoryObjectStore
  private let state: Mutex<State>
  private let clock: Clock
  private let shards: [ShardIndex]
  /// Whether several changes happen in one second.
  private let isCoarse: Bool

  static let tenantsPrefix = "pageserver/v1/tenants/"

  private final class Clock: Sendable {
    let time = Mutex(Timestamp(seconds: 1_000_000))
  }

  init(seed: UInt64, keepsVersions: Bool, isCoarse: Bool, changes: Int) throws {
    let clock = Clock()
    self.clock = clock
    self.isCoarse = isCoarse
    store = MemoryObjectStore(keepsVersions: keepsVersions, clock: { clock.time.withLock { $0 } })
    state = Mutex(State(generator: SeededRandom(seed: seed), changesLeft: .max))
    shards =
      seed.isMultiple(of: 2)
      ? [.unsharded] : [ShardIndex(number: 0, count: 2), ShardIndex(number: 1, count: 2)]
    for shard in shards {
      for number in 1...2 {
        state.withLock { flush(Shelf(shard: shard, timeline: BucketFixture.timeline(UInt64(number))), &$0) }
      }
      state.withLock { documents(shard, &$0) }
    }
    while try state.withLock({ try step(&$0) }) {}
    state.withLock { $0.changesLeft = changes }
  }

  var history: [Moment] { state.withLock { $0.history } }
  var now: Timestamp { clock.time.withLock { $0 } }

  /// Makes some changes, none now and then.
  func work() throws {
    try state.withLock { state in
      for _ in 0..<Int.random(in: 0...2, using: &state.generator) where state.changesLeft > 0 {
        if state.waiting.isEmpty { think(&state) }
        state.changesLeft -= 1
        _ = try step(&state)
      }
    }
  }

  // MARK: What it does

  private func think(_ state: inout State) {
    let shelves = shards.flatMap { shard in
      (1...3).map { Shelf(shard: shard, timeline: BucketFixture.timeline($0)) }
    }
    let shelf = shelves[Int.random(in: 0..<shelves.count, using: &state.generator)]
    switch Int.random(in: 0..<9, using: &state.generator) {
    case 0...2: flush(shelf, &state)
    case 3, 4: compact(shelf, &state)
    case 5: replace(shelf, &state)
    case 6: state.generation += 1
    case 7: documents(shelf.shard, &state)
    default: delete(shelf, &state)
    }
  }

  private func flush(_ shelf: Shelf, _ state: inout State) {
    let layer = newLayer(shelf, &state)
    state.layers[shelf, default: []].append(layer)
    putIndex(shelf, &state)
  }

  private func compact(_ shelf: Shelf, _ state: inout State) {
    guard let old = state.layers[shelf], !old.isEmpty else { return flush(shelf, &state) }
    state.layers[shelf] = [newLayer(shelf, &state)]
    putIndex(shelf, &state)
    for layer in old { state.waiting.append(.delete(key(layer, shelf))) }
  }

  /// No page server does this: other bytes under the same name, of the same size.
  private func replace(_ shelf: Shelf, _ state: inout State) {
    guard let layer = state.layers[shelf]?.randomElement(using: &state.generator) else { return }
    state.waiting.append(.put(key(layer, shelf), bytes(Int(layer.fileSize), &state)))
  }

  private func delete(_ shelf: Shelf, _ state: inout State) {
    guard let layers = state.layers.removeValue(forKey: shelf), shelf.timeline != BucketFixture.timeline(1)
    else { return }
    var index = self.index(layers, &state)
    index.deletedAt = NaiveDateTime("2026-01-01T00:00:00")
    let generations = (1...state.generation).map { Generation.valid($0) }
    state.waiting.append(.put(indexKey(shelf, .valid(state.generation)), index.encode()))
    for layer in layers { state.waiting.append(.delete(key(layer, shelf))) }
    for generation in generations { state.waiting.append(.delete(indexKey(shelf, generation))) }
  }

  private func documents(_ shard: ShardIndex, _ state: inout State) {
    let folder = BucketFixture.folder(shard)
    let heatmap = "{\"generation\":\(state.generation),\"timelines\":[],\"upload_period_ms\":\(state.lsn)}"
    state.waiting.append(.put(folder + "heatmap-v1.json", Array(heatmap.utf8)))
    let manifest = "{\"version\":2,\"stripe_size\":\(state.lsn),\"offloaded_timelines\":[]}"
    let suffix = Generation.valid(state.generation).keySuffix
    state.waiting.append(.put(folder + "tenant-manifest\(suffix).json", Array(manifest.utf8)))
  }

  // MARK: Objects

  private func newLayer(_ shelf: Shelf, _ state: inout State) -> IndexLayer {
    let name = LayerName(delta: .all, from: Lsn(state.lsn), to: Lsn(state.lsn + 8))
    state.lsn += 8
    let size = Int.random(in: 1...200, using: &state.generator)
    let layer = IndexLayer(
      name: name,
      generation: .valid(state.generation),
      shard: shelf.shard,
      fileSize: UInt64(size)
    )
    state.waiting.append(.put(key(layer, shelf), bytes(size, &state)))
    return layer
  }

  private func putIndex(_ shelf: Shelf, _ state: inout State) {
    let index = self.index(state.layers[shelf] ?? [], &state)
    state.waiting.append(.put(indexKey(shelf, .valid(state.generation)), index.encode()))
  }

  private func index(_ layers: [IndexLayer], _ state: inout State) -> IndexPart {
    state.lsn += 8
    return BucketFixture.index(layers, end: Lsn(state.lsn))
  }

  private func indexKey(_ shelf: Shelf, _ generation: Generation) -> String {
    BucketFixture.folder(shelf.shard, shelf.timeline) + "index_part.json\(generation.keySuffix)"
  }

  private func key(_ layer: IndexLayer, _ shelf: Shelf) -> String {
    Self.tenantsPrefix
      + PageserverObjectKey.layerKey(
        BucketFixture.tenant,
        layerShard: layer.shard,
        shelf.timeline,
        layer.name,
        layer.generation
      )
  }

  private func bytes(_ count: Int, _ state: inout State) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &state.generator) }
  }

  /// Makes the next change. False if there is none.
  private func step(_ state: inout State) throws -> Bool {
    guard !state.waiting.isEmpty else { return false }
    if !isCoarse || Int.random(in: 0..<4, using: &state.generator) == 0 { state.seconds += 1 }
    let time = Timestamp(seconds: state.seconds)
    clock.time.withLock { $0 = time }
    var objects = state.history.last?.objects ?? [:]
    switch state.waiting.removeFirst() {
    case .put(let key, let bytes):
      try store.put(key, body: .bytes(bytes))
      objects[key] = bytes
    case .delete(let key):
      if store.keepsVersions {
        try store.putDeleteMarker(key)
      } else {
        try store.remove(key)
      }
      objects[key] = nil
    }
    state.history.append(Moment(time: time, objects: objects))
    return true
  }
}

/// A store whose bucket is worked on before each request, also between the pages of a listing.
final class WorkedOnStore: ObjectStore {
  private let tenant: WrittenTenant

  init(_ tenant: WrittenTenant) { self.tenant = tenant }

  private var store: MemoryObjectStore { tenant.store }
  var location: String { "worked on" }
  var keepsVersions: Bool { store.keepsVersions }

  private func work(_ operation: StoreError.Operation) throws(StoreError) {
    do {
      try tenant.work()
    } catch {
      throw StoreError(.failed, operation, key: "", detail: "the test's writer failed: \(error)")
    }
  }

  func list(_ request: ListRequest) -> any ListingPages {
    var request = request
    request.pageLimit = 3
    return Pages(self, store.list(request))
  }

  func listVersions(_ request: ListRequest) throws(StoreError) -> any VersionPages {
    var request = request
    request.pageLimit = 3
    return Versions(self, try store.listVersions(request))
  }

  func read(_ request: ReadRequest) async throws(StoreError) -> ObjectContent {
    try work(.read)
    return try await store.read(request)
  }

  func head(_ key: String) async throws(StoreError) -> ObjectMetadata? {
    try work(.head)
    return try await store.head(key)
  }

  func put(_ key: String, bytes: [UInt8]) async throws(StoreError) -> ObjectMetadata {
    throw StoreError(.unsupported, .put, key: key, detail: "a snapshot writes nothing")
  }

  func delete(_ keys: [String]) async throws(StoreError) {
    throw StoreError(.unsupported, .delete, key: "", detail: "a snapshot deletes nothing")
  }

  private final class Pages: ListingPages {
    let store: WorkedOnStore
    let pages: any ListingPages

    init(_ store: WorkedOnStore, _ pages: any ListingPages) { (self.store, self.pages) = (store, pages) }

    func next() async throws(StoreError) -> ListingPage? {
      try store.work(.list)
      return try await pages.next()
    }
  }

  private final class Versions: VersionPages {
    let store: WorkedOnStore
    let pages: any VersionPages

    init(_ store: WorkedOnStore, _ pages: any VersionPages) { (self.store, self.pages) = (store, pages) }

    func next() async throws(StoreError) -> [ObjectVersion]? {
      try store.work(.listVersions)
      return try await pages.next()
    }
  }
}
