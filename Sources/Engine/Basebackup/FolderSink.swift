import Glibc

/// A data directory as a folder. Nothing that is there is written over.
///
/// | step | why |
/// |---|---|
/// | make the folder, or take an empty one, and make it its owner's alone | PostgreSQL refuses others |
/// | make each file anew, and folders of files where nothing did | slots have files without a folder of their own |
/// | sync each file, at the end the folders | so that a directory that has its control file has all |
public final class FolderSink: BackupSink {
  public let path: String
  private let syncs: Bool
  private var made: Set<BackupPath> = []
  private var writer: DescriptorWriter?

  /// - syncs: whether files are made to last before it goes on.
  public init(_ path: String, syncs: Bool = true) throws(BackupError) {
    self.path = path
    self.syncs = syncs
    if mkdir(path, 0o700) != 0 {
      guard errno == EEXIST else { throw .system(SystemError("mkdir", path)) }
      guard try Self.isEmpty(path) else { throw .notEmpty(path) }
      guard chmod(path, 0o700) == 0 else { throw .system(SystemError("chmod", path)) }
    }
  }

  deinit { if let writer { close(writer.descriptor) } }

  private static func isEmpty(_ path: String) throws(BackupError) -> Bool {
    guard let folder = opendir(path) else { throw .system(SystemError("opendir", path)) }
    defer { closedir(folder) }
    var entryCount = 0
    errno = 0
    // Two of the entries are the folder itself and the one that it lies in.
    while entryCount <= 2, readdir(folder) != nil { entryCount += 1 }
    if errno != 0 { throw .system(SystemError("readdir", path)) }
    return entryCount <= 2
  }

  public func addFolder(_ path: BackupPath) throws(BackupError) {
    guard !made.contains(path) else { return }
    if let parent = path.parent { try addFolder(parent) }
    let place = place(of: path)
    guard mkdir(place, 0o700) == 0 else { throw .system(SystemError("mkdir", place)) }
    made.insert(path)
  }

  public func beginFile(_ path: BackupPath, byteCount: UInt64) throws(BackupError) {
    if let parent = path.parent { try addFolder(parent) }
    let place = place(of: path)
    let descriptor = open(place, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .system(SystemError("open", place)) }
    writer = DescriptorWriter(descriptor, path: place)
  }

  public func append(_ bytes: RawSpan) throws(BackupError) { try writer?.append(bytes) }

  public func endFile() throws(BackupError) {
    try writer?.flush()
    guard let ended = writer else { return }
    if syncs, fsync(ended.descriptor) != 0 { throw .system(SystemError("fsync", ended.path)) }
    writer = nil
    guard close(ended.descriptor) == 0 else { throw .system(SystemError("close", ended.path)) }
  }

  public func finish() throws(BackupError) {
    guard syncs else { return }
    for folder in [path] + made.map(place) {
      let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard descriptor >= 0 else { throw .system(SystemError("open", folder)) }
      defer { close(descriptor) }
      guard fsync(descriptor) == 0 else { throw .system(SystemError("fsync", folder)) }
    }
  }

  private func place(of path: BackupPath) -> String { "\(self.path)/\(path)" }
}
