import Glibc

extension FolderObjectStore {
  /// Writes beside the object and renames, so that readers see the old object or the new one, also after a
  /// crash. Makes the folders that the key names, and the root if only that is missing.
  func put(_ key: String, bytes: [UInt8]) async throws(StoreError) -> ObjectMetadata {
    try checkNotCancelled(.put, key: key)
    try checkKey(key, for: .put)
    do throws(SystemCallError) {
      let folder = try makeParent(of: key)
      let name = lastPart(of: key)
      try checkReplaceable(name, in: folder)
      return ObjectMetadata(try write(bytes, as: name, in: folder))
    } catch {
      // A folder stands where the object should, or an object where a folder should.
      let isInTheWay = error.code == EISDIR || error.code == ENOTDIR
      throw error.storeError(.put, key: key, kind: isInTheWay ? .badRequest : nil)
    }
  }

  /// Removes files, never folders. Goes on behind a key that cannot be deleted, and throws the first error at
  /// the end.
  func delete(_ keys: [String]) async throws(StoreError) {
    for key in keys { try checkKey(key, for: .delete) }
    var failure: StoreError? = nil
    for key in keys {
      try checkNotCancelled(.delete, key: key)
      do throws(StoreError) {
        try delete(key)
      } catch {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
  }

  private func delete(_ key: String) throws(StoreError) {
    guard let folder = try openParent(of: key, for: .delete) else { return }
    let name = lastPart(of: key)
    let status = try reporting(.delete, key) { () throws(SystemCallError) in try folder.status(of: name) }
    guard let status, try isObject(status, key, .delete) else { return }
    try reporting(.delete, key) { () throws(SystemCallError) in try folder.removeFile(name) }
  }

  /// Opens the folder in which a key's file lies, and makes it and those above if need be.
  func makeParent(of key: String) throws(SystemCallError) -> FileDescriptor {
    var folder = try makeRoot()
    for part in folderParts(of: key) {
      if let next = try folder.openFolderIfAny(part, for: .listing) {
        folder = next
        continue
      }
      if try folder.createFolder(part) { try folder.synchronize() }
      folder = try folder.openFolder(part, for: .listing)
    }
    return folder
  }

  private func makeRoot() throws(SystemCallError) -> FileDescriptor {
    do throws(SystemCallError) {
      return try FileDescriptor.openRoot(root, for: .listing)
    } catch {
      guard error.code == ENOENT else { throw error }
      _ = try SystemCallError.check("create the folder \(root)") { mkdir(root, 0o777) }
      return try FileDescriptor.openRoot(root, for: .listing)
    }
  }

  private func checkReplaceable(
    _ name: String,
    in folder: borrowing FileDescriptor
  ) throws(SystemCallError) {
    guard let status = try folder.status(of: name) else { return }
    switch FileDescriptor.NameKind(mode: status.st_mode) {
    case .file: return
    case .folder: throw SystemCallError(attempt: "replace the folder", code: EISDIR)
    case .symlink: throw SystemCallError(attempt: "replace the symbolic link", code: EPERM)
    case .special: throw SystemCallError(attempt: "replace the pipe, socket or device", code: EPERM)
    }
  }

  private func write(
    _ bytes: [UInt8],
    as name: String,
    in folder: borrowing FileDescriptor
  ) throws(SystemCallError) -> stat {
    let temporaryName = Self.temporaryName(for: name)
    let file = try folder.createFile(temporaryName)
    do throws(SystemCallError) {
      try file.write(bytes)
      try file.synchronize()
      let status = try file.status()
      try folder.rename(temporaryName, to: name)
      try folder.synchronize()
      return status
    } catch {
      // The reason to tell is the one before. What cannot be removed stays, with a name that says what it is.
      try? folder.removeFile(temporaryName)
      throw error
    }
  }

  /// `NAME.RANDOM.___temp`, with as much of the name as fits into the 255 bytes that a file's name may have.
  static func temporaryName(for name: String) -> String {
    let suffix = ".\(String(UInt64.random(in: 0...UInt64.max), radix: 16)).___temp"
    var start = Substring(name)
    while start.utf8.count + suffix.utf8.count > 255, !start.isEmpty { start.removeLast() }
    return start + suffix
  }
}
