import Glibc
import IndexFormat

/// The files of a cluster that values are made of: in a tar archive or in a folder, which can be read at any place.
/// What is kept of each is where it is: about 100 bytes.
///
/// Links are not followed, and none may stand for such a file. Of an archive the names are below its top, with or
/// without `./`. Nothing may be there twice.
public final class ClusterFiles: Sendable {
  struct File: Sendable {
    var name: ClusterFileName
    var path: String
    var byteCount: UInt64
    /// Where its content begins in the archive.
    var offset: UInt64 = 0
  }

  private enum Store: Sendable {
    case archive(Int32)
    case memory([UInt8])
    case folder
  }

  /// The archive or the folder.
  public let location: String
  private let store: Store
  let files: [File]

  /// Files of a cluster; more are refused.
  static let maximumCount = 1 << 22

  private init(_ location: String, _ store: Store, _ files: [File]) throws(BaseBackupError) {
    self.location = location
    self.store = store
    self.files = files
    var known: Set<ClusterFileName> = []
    for file in files where !known.insert(file.name).inserted && file.name != .tablespace {
      throw BaseBackupError(.damaged, file.path, found: "it twice", expected: "it once")
    }
  }

  deinit {
    if case .archive(let descriptor) = store { close(descriptor) }
  }

  public var byteCount: UInt64 { files.reduce(0) { $0.addingReportingOverflow($1.byteCount).partialValue } }

  // MARK: Archives

  /// A tar archive in memory.
  public static func archive(_ bytes: [UInt8]) throws(BaseBackupError) -> ClusterFiles {
    let files = try index("archive", UInt64(bytes.count)) { offset, block in
      copy(bytes, block, from: offset)
    }
    return try ClusterFiles("archive", .memory(bytes), files)
  }

  /// A tar archive in a file.
  public static func archive(at path: String) throws(BaseBackupError) -> ClusterFiles {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw BaseBackupError(SystemError("open", path)) }
    let files: [File]
    do throws(BaseBackupError) {
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { throw BaseBackupError(SystemError("stat", path)) }
      let byteCount = UInt64(max(0, status.st_size))
      files = try index(path, byteCount) { offset, block throws(BaseBackupError) in
        try read(descriptor, path, block, from: offset)
      }
    } catch {
      close(descriptor)
      throw error
    }
    // From here on it closes the file.
    return try ClusterFiles(path, .archive(descriptor), files)
  }

  /// Reads the headers alone.
  ///
  /// - read: fills a buffer from an offset on, as far as there is something.
  private static func index(
    _ path: String,
    _ byteCount: UInt64,
    _ read: (UInt64, UnsafeMutableRawBufferPointer) throws(BaseBackupError) -> Int
  ) throws(BaseBackupError) -> [File] {
    var tar = TarWalk(lookingFor: "")
    var files: [File] = []
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 8)
    defer { block.deallocate() }
    while tar.offset < byteCount, !tar.hasEnded {
      let count = try read(tar.offset, block)
      if count == 0 { break }
      let bytes = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: block[0..<count]))
      var position = 0
      while let event = try next(&tar, bytes, &position, path) {
        switch event {
        case .file(let name, let size): try add(name, size, at: tar.offset, &files)
        case .other(let name): try add(name, nil, at: tar.offset, &files)
        case .content, .fileEnd: break
        }
        tar.passContent()
      }
      tar.passContent()
    }
    guard tar.offset <= byteCount else {
      let found = "its end, \(tar.offset - byteCount) bytes before that of an entry"
      throw BaseBackupError(.damaged, path, found: found, expected: "a whole archive")
    }
    do throws(FormatError) {
      try tar.finish()
    } catch {
      throw damaged(path, error)
    }
    return files
  }

  private static func next(
    _ tar: inout TarWalk,
    _ bytes: RawSpan,
    _ position: inout Int,
    _ path: String
  ) throws(BaseBackupError) -> TarWalk.Event? {
    do throws(FormatError) {
      return try tar.next(bytes, from: &position)
    } catch {
      throw damaged(path, error)
    }
  }

  private static func damaged(_ path: String, _ error: FormatError) -> BaseBackupError {
    let place = "\(path): \(error.field) at byte \(error.offset)"
    return BaseBackupError(.damaged, place, found: error.found, expected: error.expected)
  }

  /// - byteCount: nil of what is no file.
  private static func add(
    _ name: [UInt8],
    _ byteCount: UInt64?,
    at offset: UInt64,
    _ files: inout [File]
  ) throws(BaseBackupError) {
    let parts = name.split(separator: UInt8(ascii: "/")).drop { $0.elementsEqual(".".utf8) }
    let path = parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    if name.first == UInt8(ascii: "/") || parts.contains(where: { $0.elementsEqual("..".utf8) }) {
      throw BaseBackupError(
        .damaged,
        path,
        found: "a path that leads out",
        expected: "one below the archive's top"
      )
    }
    guard let kind = try ClusterFileName(path) else { return }
    guard let byteCount else { throw link(path) }
    guard files.count < maximumCount else {
      throw BaseBackupError(.refused, path, found: "more than \(maximumCount) files", expected: "fewer")
    }
    files.append(File(name: kind, path: path, byteCount: byteCount, offset: offset))
  }

  private static func link(_ path: String) -> BaseBackupError {
    let isTablespace = path.hasPrefix("pg_tblspc/")
    let found = isTablespace ? "a tablespace" : "a link or a device"
    return BaseBackupError(.refused, path, found: found, expected: isTablespace ? "none" : "a file")
  }

  // MARK: Folders

  /// A data directory.
  public static func folder(at path: String) throws(BaseBackupError) -> ClusterFiles {
    var files: [File] = []
    for note in ClusterFileName.Note.allCases { try add(path, note.rawValue, &files, isOptional: true) }
    var folders = ["global", "pg_xact", "pg_multixact/offsets", "pg_multixact/members", "pg_twophase"]
    for name in try names(path, "base") { folders.append("base/\(name)") }
    for folder in folders {
      for name in try names(path, folder) { try add(path, "\(folder)/\(name)", &files) }
    }
    if let name = try names(path, "pg_tblspc").first { throw link("pg_tblspc/\(name)") }
    return try ClusterFiles(path, .folder, files)
  }

  private static func add(
    _ root: String,
    _ path: String,
    _ files: inout [File],
    isOptional: Bool = false
  ) throws(BaseBackupError) {
    guard let kind = try ClusterFileName(path) else { return }
    var status = stat()
    guard lstat("\(root)/\(path)", &status) == 0 else {
      if isOptional, errno == ENOENT { return }
      throw BaseBackupError(SystemError("stat", "\(root)/\(path)"))
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw link(path) }
    guard files.count < maximumCount else {
      throw BaseBackupError(.refused, root, found: "more than \(maximumCount) files", expected: "fewer")
    }
    files.append(File(name: kind, path: path, byteCount: UInt64(max(0, status.st_size))))
  }

  /// What is in a folder; nothing if it is not there, or no folder.
  private static func names(_ root: String, _ folder: String) throws(BaseBackupError) -> [String] {
    let path = "\(root)/\(folder)"
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT { return [] }
      throw BaseBackupError(SystemError("stat", path))
    }
    if status.st_mode & S_IFMT == S_IFLNK { throw link(folder) }
    guard status.st_mode & S_IFMT == S_IFDIR else { return [] }
    guard let stream = opendir(path) else { throw BaseBackupError(SystemError("opendir", path)) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
      guard names.count <= maximumCount else {
        throw BaseBackupError(.refused, path, found: "more than \(maximumCount) files", expected: "fewer")
      }
    }
    return names.sorted()
  }

  // MARK: Reading

  func file(_ name: ClusterFileName) -> File? { files.first { $0.name == name } }

  /// A whole file, if it is not longer than a limit.
  func content(_ file: File, limit: Int) throws(BaseBackupError) -> [UInt8] {
    guard file.byteCount <= UInt64(limit) else {
      throw BaseBackupError(
        .damaged,
        file.path,
        found: "\(file.byteCount) bytes",
        expected: "at most \(limit)"
      )
    }
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, Int(file.byteCount)), alignment: 8)
    defer { room.deallocate() }
    let target = UnsafeMutableRawBufferPointer(rebasing: room[0..<Int(file.byteCount)])
    try open(file).read(into: target, from: 0)
    return [UInt8](target)
  }

  func open(_ file: File) throws(BaseBackupError) -> OpenClusterFile {
    guard case .folder = store else { return OpenClusterFile(self, file, descriptor: nil) }
    let path = "\(location)/\(file.path)"
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw BaseBackupError(SystemError("open", path)) }
    return OpenClusterFile(self, file, descriptor: descriptor)
  }

  /// Fills a buffer from a place in the archive, or in the open file, as far as there is something.
  fileprivate func read(
    _ target: UnsafeMutableRawBufferPointer,
    from offset: UInt64,
    _ own: Int32?,
    _ path: String
  ) throws(BaseBackupError) -> Int {
    switch store {
    case .memory(let bytes): Self.copy(bytes, target, from: offset)
    case .archive(let descriptor): try Self.read(descriptor, location, target, from: offset)
    case .folder: try Self.read(own ?? -1, "\(location)/\(path)", target, from: offset)
    }
  }

  private static func copy(
    _ bytes: [UInt8],
    _ target: UnsafeMutableRawBufferPointer,
    from offset: UInt64
  ) -> Int {
    guard offset < UInt64(bytes.count) else { return 0 }
    let start = Int(offset)
    let count = min(bytes.count &- start, target.count)
    UnsafeMutableRawBufferPointer(rebasing: target[0..<count]).copyBytes(from: bytes[start..<start &+ count])
    return count
  }

  private static func read(
    _ descriptor: Int32,
    _ path: String,
    _ target: UnsafeMutableRawBufferPointer,
    from offset: UInt64
  ) throws(BaseBackupError) -> Int {
    var done = 0
    while done < target.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
      guard let place = off_t(exactly: offset.addingReportingOverflow(UInt64(done)).partialValue) else {
        break
      }
      let count = pread(descriptor, rest.baseAddress, rest.count, place)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw BaseBackupError(SystemError("read", path)) }
      if count == 0 { break }
      done &+= count
    }
    return done
  }
}

/// A file of a cluster that is being read.
struct OpenClusterFile: ~Copyable {
  private let files: ClusterFiles
  private let file: ClusterFiles.File
  private let descriptor: Int32?

  fileprivate init(_ files: ClusterFiles, _ file: ClusterFiles.File, descriptor: Int32?) {
    self.files = files
    self.file = file
    self.descriptor = descriptor
  }

  deinit { if let descriptor { close(descriptor) } }

  /// Fills a buffer from an offset on. A file that has become shorter since it was found is an error.
  func read(into target: UnsafeMutableRawBufferPointer, from offset: UInt64) throws(BaseBackupError) {
    let count = try files.read(target, from: file.offset &+ offset, descriptor, file.path)
    guard count == target.count else {
      throw BaseBackupError(
        .damaged,
        file.path,
        found: "its end at byte \(offset &+ UInt64(count))",
        expected: "\(file.byteCount) bytes, as there were before"
      )
    }
  }
}
