import Glibc
import IndexFormat
import Synchronization

/// The folder that a snapshot is written into.
///
/// | name | what |
/// |---|---|
/// | `<tenant shard>/…` | the objects, under their keys below the tenants root |
/// | `snapshot.json` | what the snapshot is; written last |
/// | `snapshot.unfinished/journal` | while it is taken: which one, and a line for each whole file |
/// | `snapshot.unfinished/N.part` | while it is taken: a file that is not whole yet |
///
/// A file gets its final name when all its bytes are on the disk, and never in place of another file. So
/// whoever finds a file finds all of it, also after the program was killed.
final class SnapshotFolder: Sendable {
  static let workFolder = "snapshot.unfinished"
  static let journal = "journal"

  let path: String
  /// The folder as a store: keys are paths.
  let store: FolderObjectStore
  private let work: Opened
  private let journalFile: Opened
  private let partCount = Atomic<Int>(0)
  private let buffers = SnapshotBuffers()
  /// Folders that files were put into lately, by path.
  private let parents = Mutex<[String: Opened]>([:])
  /// All folders that files were put into.
  private let touched = Mutex<Set<String>>([])

  private static let maxOpenParents = 64

  /// An open file or folder that several tasks share.
  private struct Opened: Sendable {
    final class Handle: Sendable {
      let descriptor: FileDescriptor

      init(_ descriptor: consuming FileDescriptor) {
        self.descriptor = descriptor
      }
    }

    let handle: Handle

    init(_ descriptor: consuming FileDescriptor) {
      handle = Handle(descriptor)
    }
  }

  /// What a folder holds before a snapshot is begun.
  enum Content {
    case nothing
    case finished(SnapshotDocument)
    case unfinished
    /// Something else, some of its names.
    case other([String])
  }

  // MARK: Looking

  /// What lies in the folder. Changes nothing.
  static func content(of path: String) throws(ScanFailure) -> Content {
    let store = FolderObjectStore(root: path)
    let names: [String]
    do throws(StoreError) {
      names = try store.names(in: "")
    } catch {
      if error.kind == .notFound, !PathStatus.exists(path) { return .nothing }
      throw ScanFailure(message: "\(path): \(error.detail)")
    }
    if names.contains(SnapshotDocument.fileName) { return .finished(try document(of: path)) }
    if names.contains(workFolder) { return .unfinished }
    return names.isEmpty ? .nothing : .other(Array(names.prefix(3)))
  }

  private static func document(of path: String) throws(ScanFailure) -> SnapshotDocument {
    let bytes: [UInt8]
    do throws(SystemCallError) {
      let folder = try FileDescriptor.openRoot(path, for: .passing)
      let file = try folder.openFile(SnapshotDocument.fileName)
      let size = UInt64(clamping: try file.status().st_size)
      guard size <= 1 << 30 else { throw SystemCallError(attempt: "read so large a file", code: EFBIG) }
      bytes = try file.read(count: Int(size), at: 0)
    } catch {
      throw ScanFailure(message: "\(path)/\(SnapshotDocument.fileName): \(error)")
    }
    do throws(FormatError) {
      return try SnapshotDocument(parsing: bytes)
    } catch {
      throw ScanFailure(
        message: "\(path)/\(SnapshotDocument.fileName): \(error)",
        hint: "Remove the folder, or name another one.",
        exitCode: .usage
      )
    }
  }

  /// Refuses to write into the bucket that is read.
  static func checkApart(_ path: String, from bucket: String) throws(ScanFailure) {
    guard let source = SnapshotFolderBucket.wholePath(bucket) else { return }
    // The folder may not be there yet: then the one it will lie in counts.
    var place = path.hasPrefix("/") ? path : "./\(path)"
    while SnapshotFolderBucket.wholePath(place) == nil, place.contains("/") {
      place = String(place.prefix(upTo: place.lastIndex(of: "/") ?? place.startIndex))
    }
    let target = SnapshotFolderBucket.wholePath(place.isEmpty ? "/" : place) ?? place
    guard target == source || target.hasPrefix(source.hasSuffix("/") ? source : "\(source)/") else { return }
    throw ScanFailure(
      message: "\(path): the folder lies in the bucket \(bucket), to which nothing is written",
      hint: "Name a folder outside of it with --output-path.",
      exitCode: .usage
    )
  }

  deinit { journalFile.handle.descriptor.unlock() }

  // MARK: Beginning

  /// Makes what is missing and takes the folder's lock.
  init(_ path: String) throws(ScanFailure) {
    self.path = path
    store = FolderObjectStore(root: path)
    do throws(SystemCallError) {
      try Self.makeFolders(path)
      let root = try FileDescriptor.openRoot(path, for: .listing)
      if try root.createFolder(Self.workFolder) { try root.synchronize() }
      let work = try root.openFolder(Self.workFolder, for: .listing)
      journalFile = Opened(try work.openToAppend(Self.journal))
      self.work = Opened(work)
    } catch {
      throw ScanFailure(message: "\(path): \(error)")
    }
    let isFree: Bool
    do throws(SystemCallError) {
      isFree = try journalFile.handle.descriptor.lock()
    } catch {
      throw ScanFailure(message: "\(path): \(error)")
    }
    guard isFree else {
      throw ScanFailure(
        message: "\(path): another process is taking a snapshot into this folder",
        exitCode: .usage
      )
    }
  }

  private static func makeFolders(_ path: String) throws(SystemCallError) {
    for end in path.utf8.indices.dropFirst() where path.utf8[end] == UInt8(ascii: "/") {
      try makeFolder(String(path[..<end]))
    }
    try makeFolder(path)
  }

  private static func makeFolder(_ path: String) throws(SystemCallError) {
    do throws(SystemCallError) {
      _ = try SystemCallError.check("create the folder \(path)") { mkdir(path, 0o777) }
    } catch {
      // Of a path above, whatever is wrong with it shows at the end.
      guard error.code == EEXIST || error.code == EROFS || error.code == EACCES, PathStatus.exists(path)
      else { throw error }
    }
  }

  /// Removes parts that an earlier run left. Only names that such a run gives.
  func removeLeftParts() throws(SystemCallError) {
    var names: [String] = []
    try work.handle.descriptor.forEachName { (bytes, kind) throws(SystemCallError) in
      guard kind == .file, let name = String(validating: bytes, as: UTF8.self), Self.isPart(name) else {
        return
      }
      names.append(name)
    }
    for name in names { try work.handle.descriptor.removeFile(name) }
  }

  private static func isPart(_ name: String) -> Bool {
    let digits = name.utf8.prefix { (0x30...0x39).contains($0) }
    return !digits.isEmpty && name.utf8.dropFirst(digits.count).elementsEqual(".part".utf8)
  }

  // MARK: The journal

  /// The journal of an unfinished snapshot.
  static func journal(of path: String) throws(ScanFailure) -> SnapshotJournal {
    do throws(SystemCallError) {
      let work = try FileDescriptor.openRoot(path, for: .passing).openFolder(workFolder, for: .passing)
      let file: FileDescriptor
      do throws(SystemCallError) {
        file = try work.openFile(journal)
      } catch {
        // The run was killed before it made one.
        guard error.code == ENOENT else { throw error }
        return SnapshotJournal([])
      }
      return SnapshotJournal(try file.read(count: Int(clamping: try file.status().st_size), at: 0))
    } catch {
      throw ScanFailure(message: "\(path)/\(workFolder): \(error)")
    }
  }

  /// Cuts off what cannot be read, so that new lines stand behind whole ones.
  func cutJournal(to byteCount: Int) throws(SystemCallError) {
    let number = journalFile.handle.descriptor.number
    _ = try SystemCallError.check("cut the journal") { ftruncate(number, byteCount) }
  }

  /// Adds a line. One call of the system, so that lines of several tasks do not mix.
  func note(_ line: [UInt8]) throws(SystemCallError) {
    try journalFile.handle.descriptor.write(line + [UInt8(ascii: "\n")])
  }

  // MARK: Files

  /// A file to write `size` bytes into.
  func newPart(size: UInt64, _ progress: SnapshotProgress) throws(SystemCallError) -> SnapshotPart {
    let number = partCount.add(1, ordering: .relaxed).newValue
    let name = "\(number).part"
    let file = try work.handle.descriptor.createFile(name)
    return SnapshotPart(name: name, file, size: size, buffers: buffers, progress: progress)
  }

  func discard(_ part: SnapshotPart) {
    // A part that cannot be removed now is removed by the next run.
    try? work.handle.descriptor.removeFile(part.name)
  }

  /// Gives a part its final name. False if a file has that name already: then nothing was done.
  func place(_ name: String, at path: String) throws(SystemCallError) -> Bool {
    guard SnapshotPath.isPossible(path) else {
      throw SystemCallError(attempt: "use \(path) as the path of a file", code: EINVAL)
    }
    let parent = try parent(of: path)
    return try work.handle.descriptor.move(name, into: parent.handle.descriptor, as: store.lastPart(of: path))
  }

  private func parent(of path: String) throws(SystemCallError) -> Opened {
    let folder = SnapshotPath.folder(of: path)
    if let opened = parents.withLock({ $0[folder] }) { return opened }
    let opened = Opened(try store.makeParent(of: path))
    parents.withLock { parents in
      if parents.count >= Self.maxOpenParents { parents = [:] }
      parents[folder] = opened
    }
    touched.withLock { _ = $0.insert(folder) }
    return opened
  }

  func remove(_ path: String) throws(SystemCallError) {
    let parent = try store.makeParent(of: path)
    try parent.removeFile(store.lastPart(of: path))
  }

  /// A file's size; nil if there is none.
  func size(of path: String) throws(StoreError) -> UInt64? {
    guard let parent = try store.openParent(of: path, for: .head) else { return nil }
    let status = try store.reporting(.head, path) { () throws(SystemCallError) in
      try parent.status(of: store.lastPart(of: path))
    }
    guard let status, try store.isObject(status, path, .head) else { return nil }
    return UInt64(clamping: status.st_size)
  }

  /// The hash of a file's bytes; nil if there is no such file.
  func digest(of path: String) throws(SystemCallError) -> SHA256Digest? {
    let file: FileDescriptor
    do throws(SystemCallError) {
      file = try store.makeParent(of: path).openFile(store.lastPart(of: path))
    } catch {
      guard error.code == ENOENT else { throw error }
      return nil
    }
    return try SnapshotFiles.digest(of: file)
  }

  /// The error where another file has the name that one of the snapshot's is to have.
  static func inTheWay(_ path: String) -> SystemCallError {
    SystemCallError(attempt: "write \(path): another file of that name is there", code: EEXIST)
  }

  // MARK: The end

  /// Writes `snapshot.json`, when everything else is on the disk, and removes what was needed to go on.
  func finish(_ document: SnapshotDocument) throws(SystemCallError) {
    for folder in touched.withLock({ $0.sorted() }) {
      try store.makeParent(of: folder.isEmpty ? "x" : "\(folder)/x").synchronize()
    }
    let name = "\(partCount.add(1, ordering: .relaxed).newValue).part"
    let file = try work.handle.descriptor.createFile(name)
    try file.write(document.encode())
    try file.synchronize()
    guard try place(name, at: SnapshotDocument.fileName) else {
      throw SystemCallError(attempt: "write \(SnapshotDocument.fileName)", code: EEXIST)
    }
    try removeWork(of: path)
  }

  /// Removes what an unfinished snapshot needs, when it is finished.
  private func removeWork(of path: String) throws(SystemCallError) {
    let root = try FileDescriptor.openRoot(path, for: .listing)
    try root.synchronize()
    try removeLeftParts()
    try work.handle.descriptor.removeFile(Self.journal)
    try root.removeFolder(Self.workFolder)
  }

  /// The same for a run that was killed just before it.
  static func removeLeftWork(of path: String) throws(ScanFailure) {
    guard PathStatus.exists("\(path)/\(workFolder)") else { return }
    let folder = try SnapshotFolder(path)
    do throws(SystemCallError) {
      try folder.removeWork(of: path)
    } catch {
      throw ScanFailure(message: "\(path): \(error)")
    }
  }
}

/// What is asked of paths without opening them.
private enum PathStatus {
  static func exists(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0
  }
}
