import Glibc

/// A new file that has another name until it is whole. Let go of before, it is removed.
final class UnfinishedFile {
  let path: String
  /// To write to.
  var descriptor: CInt { file.number }

  private let file: FileDescriptor
  private let folder: FileDescriptor
  private let name: String
  private let workName: String
  private var isFinished = false

  /// Refuses a name that is taken.
  init(_ path: String) throws(ScanFailure) {
    self.path = path
    let (parent, name) = PathName.split(path)
    self.name = name
    workName = PathName.unfinished(name)
    do throws(SystemCallError) {
      folder = try FileDescriptor.openRoot(parent, for: .listing)
      guard try folder.status(of: name) == nil else { throw PathName.taken(path) }
      // Whatever is in a database is nobody else's business.
      let (folderNumber, workName) = (folder.number, workName)
      file = FileDescriptor(
        number: try SystemCallError.check("create the file \(parent)/\(workName)") {
          openat(folderNumber, workName, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
      )
    } catch {
      throw PathName.failure(error, path)
    }
  }

  deinit {
    guard !isFinished else { return }
    // The reason why it was not finished counts.
    try? folder.removeFile(workName)
  }

  /// Gives the file its name, when it is on the disk. A file that has got that name meanwhile is not replaced.
  ///
  /// - Parameter syncs: whether it is waited until it is on the disk.
  func finish(syncs: Bool) throws(ScanFailure) {
    do throws(SystemCallError) {
      if syncs { try file.synchronize() }
      guard try folder.move(workName, into: folder, as: name) else { throw PathName.taken(path) }
      isFinished = true
      if syncs { try folder.synchronize() }
    } catch {
      throw PathName.failure(error, path)
    }
  }
}

/// Names of files that users give.
enum PathName {
  /// The folder, and the name in it.
  static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
    let folder = String(path[..<slash])
    return (folder.isEmpty ? "/" : folder, String(path[path.utf8.index(after: slash)...]))
  }

  /// What something is called that is not whole yet.
  static func unfinished(_ name: String) -> String { "\(name).unfinished-\(getpid())" }

  static func taken(_ path: String) -> SystemCallError {
    SystemCallError(attempt: "write \(path)", code: EEXIST)
  }

  static func failure(_ error: SystemCallError, _ path: String) -> ScanFailure {
    guard error.code == EEXIST else { return ScanFailure(message: "\(path): \(error)") }
    return ScanFailure(
      message: "\(path): there is something of that name; nothing was changed",
      hint: "Nothing is ever overwritten: choose another name.",
      exitCode: .usage
    )
  }
}
