import Glibc
import IndexFormat

/// A folder of a replay's own, for what WAL leads to: made below one that the user names, and removed with all that is
/// in it when the replay is done, however it ends.
///
/// | name | what |
/// |---|---|
/// | `scrubber-replay-N.scratch` | the folder; N is the first number that is free |
/// | `scrubber-replay-N.scratch/lock` | held locked (`flock`) as long as the process lives |
///
/// A process that was killed leaves its folder behind, but no lock: the next one removes it. Nothing without such a
/// name and such a file is touched, and no link is followed.
public final class ReplayScratch: Sendable {
  /// Where layers go.
  public let path: String
  private let lock: Int32

  static let prefix = "scrubber-replay-"
  static let suffix = ".scratch"
  private static let lockName = "lock"
  /// Replays in one folder at a time.
  static let maximumCount = 1000

  /// - below: a folder that is there.
  public init(below folder: String) throws(SystemError) {
    try Self.removeAbandoned(in: folder)
    for number in 0..<Self.maximumCount {
      let path = "\(folder)/\(Self.prefix)\(number)\(Self.suffix)"
      guard mkdir(path, 0o700) == 0 else {
        if errno == EEXIST { continue }
        throw SystemError("mkdir", path)
      }
      guard let lock = try Self.takeLock(path, creating: true) else { continue }
      self.path = path
      self.lock = lock
      return
    }
    errno = EEXIST
    throw SystemError("mkdir", folder)
  }

  deinit {
    // What cannot be removed now is removed by the next replay.
    _ = Self.remove(path)
    close(lock)
  }

  /// Removes folders whose owners are gone.
  private static func removeAbandoned(in folder: String) throws(SystemError) {
    for name in try names(in: folder) where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
      let path = "\(folder)/\(name)"
      if let lock = try takeLock(path, creating: false) {
        _ = remove(path)
        close(lock)
      } else {
        // One that was made and got no lock file: goes only if it is empty.
        rmdir(path)
      }
    }
  }

  /// Nil if somebody else has the lock, or the folder was removed meanwhile.
  private static func takeLock(_ path: String, creating: Bool) throws(SystemError) -> Int32? {
    let file = "\(path)/\(lockName)"
    let flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | (creating ? O_CREAT | O_EXCL : 0)
    let descriptor = open(file, flags, 0o600)
    guard descriptor >= 0 else {
      if [ENOENT, ENOTDIR, ELOOP].contains(errno) || !creating { return nil }
      throw SystemError("open", file)
    }
    var status = stat()
    // Who removes a folder holds its lock, and the file has no name any more afterwards.
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0, status.st_nlink > 0 {
      return descriptor
    }
    close(descriptor)
    return nil
  }

  private static func names(in folder: String) throws(SystemError) -> [String] {
    guard let names = entries(in: folder) else { throw SystemError("opendir", folder) }
    return names
  }

  /// Nil if the folder cannot be opened.
  private static func entries(in folder: String) -> [String]? {
    guard let stream = opendir(folder) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Layers lie four folders deep.
  private static let maximumDepth = 8

  /// Removes a folder and all in it, the lock file last, as it says that the folder is a replay's.
  private static func remove(_ path: String, depth: Int = 0) -> Bool {
    guard depth <= maximumDepth, let entries = entries(in: path) else { return false }
    let isTop = depth == 0
    for name in entries where !(isTop && name == lockName) {
      let entry = "\(path)/\(name)"
      var status = stat()
      guard lstat(entry, &status) == 0 else { return false }
      if status.st_mode & S_IFMT == S_IFDIR {
        guard remove(entry, depth: depth + 1) else { return false }
      } else if Glibc.unlink(entry) != 0 {
        return false
      }
    }
    if isTop, Glibc.unlink("\(path)/\(lockName)") != 0 { return false }
    return rmdir(path) == 0
  }
}
