import Testing

@testable import Scrubber

/// The stores that need no server. A store with one has the same checks among its own tests.
private let stores: [ObjectStoreConformance] = [
  ObjectStoreConformance(name: "folder", holdsObjectsBelowObjects: false, holdsLongNames: false) {
    objects,
    check in
    let folder = try TemporaryFolder()
    for (key, bytes) in objects { try folder.write(key, bytes) }
    try await check(FolderObjectStore(root: folder.path))
  },
  ObjectStoreConformance(
    name: "folder, written by put",
    holdsObjectsBelowObjects: false,
    holdsLongNames: false
  ) {
    objects,
    check in
    let folder = try TemporaryFolder()
    let store = FolderObjectStore(root: folder.path)
    for (key, bytes) in objects { _ = try await store.put(key, bytes: bytes) }
    try await check(store)
  },
  ObjectStoreConformance(name: "memory") { objects, check in
    let store = MemoryObjectStore()
    for (key, bytes) in objects { try store.put(key, body: .bytes(bytes)) }
    try await check(store)
  },
  ObjectStoreConformance(name: "memory, with versions") { objects, check in
    try await check(try memoryWithHistory(objects))
  },
  ObjectStoreConformance(name: "fault wrapper without faults") { objects, check in
    let store = MemoryObjectStore()
    for (key, bytes) in objects { try store.put(key, body: .bytes(bytes)) }
    let wrapper = FaultyObjectStore(store)
    try await check(wrapper)
    #expect(wrapper.injections == 0)
  },
  ObjectStoreConformance(name: "moment of memory with versions", isWritable: false) { objects, check in
    let store = try memoryWithHistory(objects)
    // What came later must not show.
    for (key, bytes) in objects {
      try store.put(key, body: .bytes(bytes + [0]), lastModified: .init(seconds: 300))
    }
    try store.put("a later object", body: .bytes([1]), lastModified: .init(seconds: 300))
    try await check(MomentObjectStore(store, at: .init(seconds: 200)))
  },
]

/// Objects each of which was another before, and one that is deleted.
private func memoryWithHistory(_ objects: [(String, [UInt8])]) throws -> MemoryObjectStore {
  let store = MemoryObjectStore(keepsVersions: true)
  for (key, bytes) in objects {
    try store.put(key, body: .bytes(bytes + [9]), lastModified: .init(seconds: 100))
  }
  try store.put("deleted", body: .bytes([1]), lastModified: .init(seconds: 100))
  try store.putDeleteMarker("deleted", lastModified: .init(seconds: 150))
  for (key, bytes) in objects {
    try store.put(key, body: .bytes(bytes), lastModified: .init(seconds: 200))
  }
  return store
}

@Suite("Every object store")
struct ObjectStoreConformanceTests {
  @Test("lists keys in the order of their bytes, in pages of the wanted size", arguments: stores)
  func keyOrder(_ store: ObjectStoreConformance) async throws { try await store.checkKeyOrder() }

  @Test("cuts a listing without losing a key", arguments: stores)
  func splitting(_ store: ObjectStoreConformance) async throws { try await store.checkSplitting() }

  @Test("lists the same by several requests", arguments: stores)
  func parallelListing(_ store: ObjectStoreConformance) async throws {
    try await store.checkListingInParallel()
  }

  @Test("lists nothing where nothing is", arguments: stores)
  func emptyStore(_ store: ObjectStoreConformance) async throws { try await store.checkEmptyStore() }

  @Test("lists by prefixes that end anywhere", arguments: stores)
  func prefixes(_ store: ObjectStoreConformance) async throws { try await store.checkPrefixes() }

  @Test("lists between any two borders", arguments: stores)
  func borders(_ store: ObjectStoreConformance) async throws { try await store.checkBorders() }

  @Test("reads any part of an object", arguments: stores)
  func ranges(_ store: ObjectStoreConformance) async throws { try await store.checkRanges() }

  @Test("refuses to read more than the limit", arguments: stores)
  func limits(_ store: ObjectStoreConformance) async throws { try await store.checkLimits() }

  @Test("tells a missing object from an error", arguments: stores)
  func missing(_ store: ObjectStoreConformance) async throws { try await store.checkMissingObjects() }

  @Test("refuses keys that lead elsewhere, and then does nothing", arguments: stores)
  func badKeys(_ store: ObjectStoreConformance) async throws { try await store.checkBadKeys() }

  @Test("says so if it keeps no versions", arguments: stores)
  func noVersions(_ store: ObjectStoreConformance) async throws {
    try await store.checkVersionsAreRefusedWhereThereAreNone()
  }

  @Test("stops listing when its task is cancelled", arguments: stores)
  func cancellation(_ store: ObjectStoreConformance) async throws { try await store.checkCancellation() }

  @Test("writes, overwrites and deletes", arguments: stores.filter(\.isWritable))
  func writing(_ store: ObjectStoreConformance) async throws { try await store.checkWriting() }

  @Test("shows an object whole while it is overwritten", arguments: stores.filter(\.isWritable))
  func atomicity(_ store: ObjectStoreConformance) async throws { try await store.checkOverwritingIsAtomic() }
}
