import Glibc

/// A folder on this machine as a bucket: an object's key is its file's path from the root, byte for byte.
///
/// | of an object | is |
/// |---|---|
/// | last modified | the file's modification time |
/// | etag | that in milliseconds since 1970, `-`, the size in bytes |
/// | version | none: a folder keeps no versions |
///
/// Neon's page servers write such folders themselves (`LocalFs`), with two kinds of files beside objects:
/// unfinished uploads `<key>.___temp` and user metadata `<key>.metadata`. They are objects like others here.
///
/// No symbolic link inside the root is ever followed, so nothing outside of it can be read or written.
/// Listings leave links out and count them (`FolderListing.skippedSymlinks`); to ask for one by its key is an
/// error. Only the root itself may be a link. A folder cannot hold both `x` and `x/y`, nor names of more than
/// 255 bytes.
///
/// System calls block the calling thread. Source: `libs/remote_storage/src/local_fs.rs`.
struct FolderObjectStore: ObjectStore {
  /// The path of the folder, as it was given.
  let root: String

  init(root: String) { self.root = root }

  var location: String { root }
  var keepsVersions: Bool { false }

  func list(_ request: ListRequest) -> any ListingPages { walk(request) }

  /// The same as `list`, with the counts of what is left out.
  func walk(_ request: ListRequest) -> FolderListing { FolderListing(root: root, request: request) }

  func listVersions(_ request: ListRequest) throws(StoreError) -> any VersionPages {
    let detail = "a folder keeps no versions"
    throw StoreError(.unsupported, .listVersions, key: request.prefix, detail: detail)
  }

  // MARK: Reading

  func read(_ request: ReadRequest) async throws(StoreError) -> ObjectContent {
    let key = request.key
    try checkNotCancelled(.read, key: key)
    try checkKey(key, for: .read)
    if request.version != nil {
      throw StoreError(.unsupported, .read, key: key, detail: "a folder keeps no versions")
    }
    let file = try openFile(key)
    let status = try reporting(.read, key) { () throws(SystemCallError) in try file.status() }
    guard try isObject(status, key, .read) else { throw notFound(key) }
    let metadata = ObjectMetadata(status)
    try request.checkMatch(metadata)
    let range = try request.bytesToRead(ofSize: metadata.size)
    // The limit is an `Int`, so the count is one too.
    let count = Int(clamping: range.upperBound - range.lowerBound)
    let bytes = try reporting(.read, key) { () throws(SystemCallError) in
      try file.read(count: count, at: range.lowerBound)
    }
    guard bytes.count == count else {
      let detail = "the file ended after \(bytes.count) of \(count) bytes"
      throw StoreError(.shortRead, .read, key: key, detail: detail)
    }
    return ObjectContent(bytes: bytes, metadata: metadata)
  }

  func head(_ key: String) async throws(StoreError) -> ObjectMetadata? {
    try checkNotCancelled(.head, key: key)
    try checkKey(key, for: .head)
    guard let folder = try openParent(of: key, for: .head),
      let status = try reporting(
        .head,
        key,
        { () throws(SystemCallError) in
          try folder.status(of: lastPart(of: key))
        }
      )
    else { return nil }
    return try isObject(status, key, .head) ? ObjectMetadata(status) : nil
  }

  private func openFile(_ key: String) throws(StoreError) -> FileDescriptor {
    guard let folder = try openParent(of: key, for: .read) else { throw notFound(key) }
    do throws(SystemCallError) {
      return try folder.openFile(lastPart(of: key))
    } catch {
      throw error.storeError(.read, key: key, kind: error.code == ENOENT ? .notFound : nil)
    }
  }

  private func notFound(_ key: String) -> StoreError {
    StoreError(.notFound, .read, key: key, detail: "there is no such file")
  }

  // MARK: What the other operations share

  /// Opens the folder in which a key's file would lie; nil if there is no such folder.
  func openParent(
    of key: String,
    for operation: StoreError.Operation
  ) throws(StoreError) -> FileDescriptor? {
    try reporting(operation, key) { () throws(SystemCallError) -> FileDescriptor? in
      var folder = try FileDescriptor.openRoot(root, for: .passing)
      for part in folderParts(of: key) {
        guard let next = try folder.openFolderIfAny(part, for: .passing) else { return nil }
        folder = next
      }
      return folder
    }
  }

  func folderParts(of key: String) -> [String] {
    key.utf8.split(separator: UInt8(ascii: "/")).dropLast().map { String(Substring($0)) }
  }

  func lastPart(of key: String) -> String {
    key.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? ""
  }

  /// Whether what has a key's name is an object. A folder is none; links and such are refused, as they might
  /// be meant to be one.
  func isObject(
    _ status: stat,
    _ key: String,
    _ operation: StoreError.Operation
  ) throws(StoreError) -> Bool {
    switch FileDescriptor.NameKind(mode: status.st_mode) {
    case .file: return true
    case .folder: return false
    case .symlink:
      throw StoreError(.accessDenied, operation, key: key, detail: "a symbolic link, which is not followed")
    case .special:
      throw StoreError(.accessDenied, operation, key: key, detail: "a pipe, a socket or a device")
    }
  }

  /// Does system calls in the name of an operation.
  func reporting<Result: ~Copyable>(
    _ operation: StoreError.Operation,
    _ key: String,
    _ body: () throws(SystemCallError) -> Result
  ) throws(StoreError) -> Result {
    do throws(SystemCallError) {
      return try body()
    } catch {
      throw error.storeError(operation, key: key)
    }
  }
}

extension ObjectMetadata {
  /// What a file's status says of an object.
  init(_ status: stat) {
    let size = UInt64(clamping: status.st_size)
    let lastModified = Timestamp(status.st_mtim)
    self.init(
      size: size,
      lastModified: lastModified,
      etag: "\(lastModified.nanoseconds / 1_000_000)-\(size)"
    )
  }
}
