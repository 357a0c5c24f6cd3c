import Glibc

/// An open file or folder, closed when it is let go.
///
/// Nothing here follows a symbolic link, except the way to a store's root.
struct FileDescriptor: ~Copyable {
  let number: CInt

  /// Takes over a descriptor that is open.
  init(number: CInt) { self.number = number }

  deinit { close(number) }

  /// Gives up the descriptor without closing it.
  consuming func release() -> CInt {
    let number = number
    discard self
    return number
  }

  /// What a folder is opened for.
  enum FolderUse {
    /// To reach what lies in it. Needs no permission to list it.
    case passing
    /// To list it, or to make its entries durable.
    case listing

    var flags: CInt { self == .passing ? Self.pathOnly : O_RDONLY }

    /// `O_PATH` of Linux, which the C library's headers show to GNU sources only.
    private static let pathOnly: CInt = 0o10_000_000
  }

  /// Opens a folder by a path that may hold symbolic links.
  static func openRoot(_ path: String, for use: FolderUse) throws(SystemCallError) -> FileDescriptor {
    let flags = use.flags | O_DIRECTORY | O_CLOEXEC
    return FileDescriptor(
      number: try SystemCallError.check("open the folder \(path)") { Glibc.open(path, flags) }
    )
  }

  /// Opens a folder in this one.
  func openFolder(
    _ name: UnsafePointer<CChar>,
    for use: FolderUse
  ) throws(SystemCallError) -> FileDescriptor {
    let flags = use.flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    return FileDescriptor(
      number: try SystemCallError.check("open the folder") { openat(number, name, flags) }
    )
  }

  /// The same; nil if there is no folder of that name, and an error if there is a symbolic link.
  func openFolderIfAny(
    _ name: UnsafePointer<CChar>,
    for use: FolderUse
  ) throws(SystemCallError) -> FileDescriptor? {
    do throws(SystemCallError) {
      return try openFolder(name, for: use)
    } catch {
      switch error.code {
      case ENOENT: return nil
      // This is what the system says of links too, as they are not followed.
      case ENOTDIR:
        guard try status(of: name).map({ NameKind(mode: $0.st_mode) }) == .symlink else { return nil }
        throw SystemCallError(attempt: "open the folder \(String(cString: name))", code: ELOOP)
      default: throw error
      }
    }
  }

  /// Opens a file in this folder to read it. A pipe does not block.
  func openFile(_ name: String) throws(SystemCallError) -> FileDescriptor {
    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
    return FileDescriptor(number: try SystemCallError.check("open the file") { openat(number, name, flags) })
  }

  /// Makes a new file in this folder.
  func createFile(_ name: String) throws(SystemCallError) -> FileDescriptor {
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    return FileDescriptor(
      number: try SystemCallError.check("create the file \(name)") { openat(number, name, flags, 0o666) }
    )
  }

  /// Makes a folder in this one, unless there is one. True if there was none.
  func createFolder(_ name: String) throws(SystemCallError) -> Bool {
    do {
      _ = try SystemCallError.check("create the folder \(name)") { mkdirat(number, name, 0o777) }
      return true
    } catch {
      guard error.code == EEXIST else { throw error }
      return false
    }
  }

  /// Removes a file of this folder. That there is none is no error.
  func removeFile(_ name: String) throws(SystemCallError) {
    do throws(SystemCallError) {
      _ = try SystemCallError.check("remove the file \(name)") { unlinkat(number, name, 0) }
    } catch {
      guard error.code == ENOENT else { throw error }
    }
  }

  /// Gives a file of this folder another name, in place of what has that name.
  func rename(_ name: String, to newName: String) throws(SystemCallError) {
    _ = try SystemCallError.check("rename the file \(name)") { renameat(number, name, number, newName) }
  }

  /// What the system says of this file.
  func status() throws(SystemCallError) -> stat {
    var status = stat()
    _ = try SystemCallError.check("ask for the file's size") { fstat(number, &status) }
    return status
  }

  /// What the system says of a name in this folder; nil if there is no such name.
  func status(of name: UnsafePointer<CChar>) throws(SystemCallError) -> stat? {
    var status = stat()
    do {
      _ = try SystemCallError.check("ask for the file's size") {
        fstatat(number, name, &status, AT_SYMLINK_NOFOLLOW)
      }
      return status
    } catch {
      guard error.code == ENOENT else { throw error }
      return nil
    }
  }

  /// The bytes from `offset` on: `count`, or fewer if the file ends before.
  func read(count: Int, at offset: UInt64) throws(SystemCallError) -> [UInt8] {
    guard let start = off_t(exactly: offset) else { return [] }
    var failure: SystemCallError? = nil
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(SystemCallError) {
        while filled < count {
          let rest = UnsafeMutableRawBufferPointer(
            rebasing: UnsafeMutableRawBufferPointer(buffer)[filled..<count]
          )
          let (position, overflow) = start.addingReportingOverflow(off_t(filled))
          if overflow { break }
          let got = try SystemCallError.check("read the file") {
            pread(number, rest.baseAddress, rest.count, position)
          }
          if got == 0 { break }
          filled += got
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Writes all of `bytes` where the last write ended.
  func write(_ bytes: [UInt8]) throws(SystemCallError) {
    var failure: SystemCallError? = nil
    bytes.withUnsafeBytes { buffer in
      do throws(SystemCallError) {
        var written = 0
        while written < buffer.count {
          let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
          written += try SystemCallError.check("write the file") {
            Glibc.write(number, rest.baseAddress, rest.count)
          }
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// Waits until the content has reached the disk.
  func synchronize() throws(SystemCallError) {
    do {
      _ = try SystemCallError.check("make the file durable") { fsync(number) }
    } catch {
      // Some file systems know no such thing for folders, and say so.
      guard error.code == EINVAL || error.code == ENOTSUP else { throw error }
    }
  }
}
