import Glibc

extension FileDescriptor {
  /// What a name in a folder stands for.
  enum NameKind {
    case file, folder, symlink
    /// A pipe, a socket or a device.
    case special

    init(mode: mode_t) {
      // The C library's names for these are functions to Swift, called once for each file of a bucket.
      self =
        switch mode & 0o170_000 {
        case 0o100_000: .file
        case 0o040_000: .folder
        case 0o120_000: .symlink
        default: .special
        }
    }
  }

  /// Calls `body` with each name in this folder, except `.` and `..`, in the system's order.
  func forEachName(
    _ body: (UnsafeBufferPointer<UInt8>, NameKind) throws(SystemCallError) -> Void
  ) throws(SystemCallError) {
    // Closing the stream closes its descriptor, and this one is still needed.
    let copy = try SystemCallError.check("list the folder") { fcntl(number, F_DUPFD_CLOEXEC, 0) }
    guard let stream = fdopendir(copy) else {
      let code = errno
      close(copy)
      throw SystemCallError(attempt: "list the folder", code: code)
    }
    defer { closedir(stream) }
    // The name is an array at the end of the structure, which Swift would copy whole.
    let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 19
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        let code = errno
        if code == 0 { return }
        throw SystemCallError(attempt: "list the folder", code: code)
      }
      let start = (UnsafeRawPointer(entry) + nameOffset).assumingMemoryBound(to: CChar.self)
      let length = strlen(start)
      let name = UnsafeBufferPointer(
        start: UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self),
        count: length
      )
      if name.first == UInt8(ascii: "."), length == 1 || length == 2 && name[1] == UInt8(ascii: ".") {
        continue
      }
      guard let kind = try nameKind(type: entry.pointee.d_type, of: start) else { continue }
      try body(name, kind)
    }
  }

  /// What a name stands for, by what the folder says of it or, on file systems that do not write it there, by
  /// what the system says; nil if the name has gone.
  private func nameKind(
    type: UInt8,
    of name: UnsafePointer<CChar>
  ) throws(SystemCallError) -> NameKind? {
    switch Int(type) {
    case DT_REG: .file
    case DT_DIR: .folder
    case DT_LNK: .symlink
    case DT_UNKNOWN: try status(of: name).map { NameKind(mode: $0.st_mode) }
    default: .special
    }
  }
}
