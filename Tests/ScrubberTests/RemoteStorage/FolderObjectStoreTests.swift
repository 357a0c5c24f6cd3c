import Foundation
import Testing

@testable import Scrubber

/// A walk to its end: the keys, and each error with the number of keys before it.
private func walk(
  _ listing: FolderListing
) async throws -> (keys: [String], errors: [(error: StoreError, keysBefore: Int)]) {
  var keys: [String] = []
  var errors: [(error: StoreError, keysBefore: Int)] = []
  while errors.count < 100 {
    do throws(StoreError) {
      guard let page = try await listing.next() else { return (keys, errors) }
      keys += page.entries.map { page.key(of: $0) }
    } catch {
      errors.append((error, keys.count))
    }
  }
  Issue.record("the walk does not end")
  return (keys, errors)
}

@Suite("Folder as a store")
struct FolderObjectStoreTests {
  let folder: TemporaryFolder
  let store: FolderObjectStore

  init() throws {
    folder = try TemporaryFolder()
    store = FolderObjectStore(root: folder.path)
  }

  // MARK: Links

  @Test("symbolic links are not followed, listed, read, written or deleted, but counted")
  func links() async throws {
    let outside = try TemporaryFolder()
    try outside.write("secret", [1])
    try outside.write("folder/secret", [1])
    try folder.write("inside/file", [2])
    try folder.makeLink("file-out", to: "\(outside.path)/secret")
    try folder.makeLink("folder-out", to: outside.path)
    try folder.makeLink("folder-in", to: "inside")
    try folder.makeLink("inside/loop", to: "..")
    try folder.makeLink("dangling", to: "nowhere")
    let listing = store.walk(ListRequest())
    #expect(try await walk(listing).keys == ["inside/file"])
    #expect(listing.skippedSymlinks == 5)
    #expect(listing.skippedSpecialFiles == 0)
    for key in ["file-out", "folder-out", "dangling", "folder-out/secret", "folder-in/file", "inside/loop/x"]
    {
      await expectStoreError(.accessDenied, .read, key: key) {
        _ = try await store.read(ReadRequest(key, limit: 10))
      }
      await expectStoreError(.accessDenied, .head, key: key) { _ = try await store.head(key) }
      await expectStoreError(.accessDenied, .put, key: key) { _ = try await store.put(key, bytes: [3]) }
      await expectStoreError(.accessDenied, .delete, key: key) { try await store.delete([key]) }
    }
    #expect(try outside.names(in: "").sorted() == ["folder", "secret"])
    #expect(try folder.names(in: "").count == 5)
  }

  @Test("a link on the way to a listing's prefix is counted, one beside it is not")
  func linkInPrefix() async throws {
    try folder.write("inside/file")
    try folder.makeLink("link", to: "inside")
    let through = store.walk(ListRequest(prefix: "link/f"))
    #expect(try await walk(through).keys == [])
    #expect(through.skippedSymlinks == 1)
    let beside = store.walk(ListRequest(prefix: "in"))
    #expect(try await walk(beside).keys == ["inside/file"])
    #expect(beside.skippedSymlinks == 0)
  }

  @Test("the root may be a symbolic link")
  func linkedRoot() async throws {
    try folder.write("real/a/b", [1])
    try folder.makeLink("root", to: "real")
    let store = FolderObjectStore(root: "\(folder.path)/root")
    try await expectKeys(["a/b"], store)
    #expect(try await store.read(ReadRequest("a/b", limit: 1)).bytes == [1])
  }

  @Test("a pipe is counted in listings and refused without waiting for its writer")
  func pipes() async throws {
    try folder.check("mkfifo", mkfifo("\(folder.path)/pipe", 0o644))
    let listing = store.walk(ListRequest())
    #expect(try await walk(listing).keys == [])
    #expect(listing.skippedSpecialFiles == 1)
    await expectStoreError(.accessDenied, .read, key: "pipe") {
      _ = try await store.read(ReadRequest("pipe", limit: 10))
    }
  }

  // MARK: Errors of listings

  @Test("a root that is missing or a file is an error, never an empty listing")
  func noRoot() async throws {
    try folder.write("file")
    for root in ["\(folder.path)/missing", "\(folder.path)/file", ""] {
      let store = FolderObjectStore(root: root)
      await expectStoreError(.failed, .list, key: "") { _ = try await store.list(ListRequest()).next() }
      await expectStoreError(.failed, .head, key: "a") { _ = try await store.head("a") }
      await expectStoreError(.failed, .read, key: "a") {
        _ = try await store.read(ReadRequest("a", limit: 1))
      }
    }
  }

  /// Goal: one bad folder costs an error and nothing else. Method: as the tests may run as root, who may read
  /// everything, a folder is replaced by a file after its name was read, which the system refuses to list.
  @Test("a folder that cannot be opened is one error in its place; the listing goes on behind it")
  func badFolder() async throws {
    for name in ["a/1", "a/2", "b/1", "b/2", "c/1", "d"] { try folder.write(name) }
    let listing = store.walk(ListRequest(pageLimit: 1))
    let first = try #require(try await listing.next())
    #expect(first.key(of: first.entries[0]) == "a/1")
    try folder.remove("b")
    try folder.write("b")
    let rest = try await walk(listing)
    #expect(rest.keys == ["a/2", "c/1", "d"])
    #expect(rest.errors.map(\.keysBefore) == [1])
    let error = try #require(rest.errors.first?.error)
    #expect(error.key == "b/")
    #expect(error.operation == .list)
    #expect(error.kind == .failed)
    #expect(error.detail.contains("Not a directory"), "\(error)")
    #expect(listing.resumesBehindErrors)
  }

  @Test("an error behind objects of the same page comes after that page")
  func errorBehindObjects() async throws {
    for name in ["a", "c", "z"] { try folder.write(name) }
    try folder.write("\(String(repeating: "d/", count: FolderListing.maximumDepth + 1))deep")
    let all = try await walk(store.walk(ListRequest()))
    #expect(all.keys == ["a", "c", "z"])
    #expect(all.errors.map(\.keysBefore) == [2])
    #expect(all.errors.first?.error.key == String(repeating: "d/", count: FolderListing.maximumDepth))
  }

  // Folders without permission: `PermissionTests`, as another user where the tests run as root.

  // MARK: Changes during a listing

  @Test("files and folders that vanish during the walk are left out")
  func vanishing() async throws {
    for name in ["a", "b", "c/1", "d/1", "e"] { try folder.write(name) }
    let listing = store.walk(ListRequest(pageLimit: 1))
    #expect(try await listing.next()?.count == 1)
    try folder.remove("b")
    try folder.remove("c")
    let rest = try await walk(listing)
    #expect(rest.keys == ["d/1", "e"])
    #expect(rest.errors.isEmpty)
  }

  @Test("the walk opens no folder that cannot hold what is asked for")
  func pruning() async throws {
    for name in ["a/1", "ab/1", "ab/c/1", "ab/d/1", "b/1"] { try folder.write(name) }
    func opened(_ request: ListRequest) async throws -> Int {
      let listing = store.walk(request)
      _ = try await walk(listing)
      return listing.listedFolders
    }
    #expect(try await opened(ListRequest()) == 6)  // "", "a/", "ab/", "ab/c/", "ab/d/", "b/"
    #expect(try await opened(ListRequest(prefix: "ab/c")) == 2)  // "ab/", "ab/c/"
    #expect(try await opened(ListRequest(prefix: "ab/c/")) == 1)  // "ab/c/"
    #expect(try await opened(ListRequest(prefix: "ab")) == 4)  // "", "ab/", "ab/c/", "ab/d/"
    #expect(try await opened(ListRequest(startAfter: "ab/c/1")) == 5)  // "", "ab/", "ab/c/", "ab/d/", "b/"
    #expect(try await opened(ListRequest(startAfter: "ab/c0")) == 4)  // "", "ab/", "ab/d/", "b/"
    #expect(try await opened(ListRequest(endBefore: "ab/")) == 2)  // "", "a/"
    #expect(try await opened(ListRequest(prefix: "ab/", startAfter: "b", endBefore: "c")) == 0)
  }

  // MARK: Sizes and names

  @Test("20,000 files in one folder are listed in order")
  func manyFiles() async throws {
    let names = (0..<20_000).map { "same beginning of all names-\(String($0, radix: 7))" }
    try folder.makeFolder("many")
    for name in names { try folder.check("close", close(creat("\(folder.path)/many/\(name)", 0o644))) }
    let expected = names.map { "many/\($0)" }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    try await expectKeys(expected, store, ListRequest(pageLimit: 777))
    try await expectKeys(
      Array(expected[5000..<5003]),
      store,
      ListRequest(prefix: "many/same", startAfter: expected[4999], endBefore: expected[5003])
    )
  }

  @Test("a sparse file has its size and reads as zeros")
  func sparseFile() async throws {
    try folder.write("sparse", [1])
    let size: UInt64 = 1 << 40
    try folder.check("truncate", truncate("\(folder.path)/sparse", off_t(size)))
    let page = try #require(try await store.list(ListRequest()).next())
    #expect(page.entries.map(\.size) == [size])
    #expect(try await store.head("sparse")?.size == size)
    #expect(
      try await store.read(ReadRequest("sparse", range: size - 3..<size + 100, limit: 10)).bytes == [0, 0, 0]
    )
    await expectStoreError(.tooLarge, .read, key: "sparse") {
      _ = try await store.read(ReadRequest("sparse", limit: 1 << 20))
    }
  }

  @Test("the time is the file's, the etag that in milliseconds and the size")
  func metadata() async throws {
    try folder.write("file", [1, 2, 3])
    let times = [timespec(), timespec(tv_sec: 1_700_000_000, tv_nsec: 123_456_789)]
    try folder.check("utimensat", utimensat(AT_FDCWD, "\(folder.path)/file", times, 0))
    let metadata = try #require(try await store.head("file"))
    #expect(metadata.lastModified == Timestamp(seconds: 1_700_000_000, nanoseconds: 123_456_789))
    #expect(metadata.etag == "1700000000123-3")
    #expect(metadata.version == nil)
  }

  @Test("names that are no UTF-8 keep their bytes in listings")
  func namesThatAreNoText() async throws {
    let name: [CChar] = [CChar(bitPattern: 0xFF), CChar(bitPattern: 0xC3), 0x61, 0]
    let root = try folder.check("open", open(folder.path, O_RDONLY | O_DIRECTORY))
    defer { close(root) }
    try folder.check("close", close(openat(root, name, O_CREAT | O_WRONLY, 0o644)))
    try folder.write("z")
    let page = try #require(try await store.list(ListRequest()).next())
    #expect(page.keyBytes == [0x7A, 0xFF, 0xC3, 0x61])
    #expect(page.entries.map(\.keyLength) == [1, 3])
  }

  @Test("a key with a part longer than a file's name may be is a bad request, and no object of a listing")
  func tooLongName() async throws {
    let key = "a/\(String(repeating: "n", count: 256))/b"
    try folder.write("a/b")
    await expectStoreError(.badRequest, .read, key: key) {
      _ = try await store.read(ReadRequest(key, limit: 1))
    }
    await expectStoreError(.badRequest, .head, key: key) { _ = try await store.head(key) }
    await expectStoreError(.badRequest, .put, key: key) { _ = try await store.put(key, bytes: []) }
    try await expectKeys([], store, ListRequest(prefix: key))
  }

  // MARK: Writing

  @Test("a put leaves nothing beside the object, and makes root and folders")
  func putMakesFolders() async throws {
    let store = FolderObjectStore(root: "\(folder.path)/new")
    _ = try await store.put("a/b/c", bytes: [1])
    #expect(try folder.names(in: "new/a/b") == ["c"])
  }

  @Test("a put where a folder stands, or below a file, is a bad request and leaves nothing behind")
  func putInTheWay() async throws {
    try folder.write("x/y")
    await expectStoreError(.badRequest, .put, key: "x") { _ = try await store.put("x", bytes: [1]) }
    await expectStoreError(.badRequest, .put, key: "x/y/z") { _ = try await store.put("x/y/z", bytes: [1]) }
    try await expectKeys(["x/y"], store)
  }

  @Test("temporary names fit into 255 bytes, end as Neon's do, and never repeat")
  func temporaryNames() {
    for name in ["a", String(repeating: "n", count: 255), String(repeating: "\u{20AC}", count: 85)] {
      let temporary = FolderObjectStore.temporaryName(for: name)
      #expect(temporary.utf8.count <= 255)
      #expect(temporary.hasSuffix(".___temp"))
      #expect(temporary.prefix(1) == name.prefix(1))
      #expect(temporary != FolderObjectStore.temporaryName(for: name))
    }
  }
}
