import Engine
import Glibc

/// A folder that is filled. A new one has another name until it is whole; one that was there and empty is filled in
/// place, as its owner and its mount are meant. Let go of before, it is what it was.
final class UnfinishedFolder {
  let path: String
  let sink: FolderSink
  private let workPath: String
  private let syncs: Bool
  private var isFinished = false

  private var isNew: Bool { workPath != path }

  /// Refuses a folder that holds anything, and what is no folder.
  ///
  /// - Parameter syncs: whether files are on the disk before it goes on.
  init(_ path: String, syncs: Bool) throws(ScanFailure) {
    self.path = path
    self.syncs = syncs
    let (parent, name) = PathName.split(path)
    var status = stat()
    let isThere = lstat(path, &status) == 0
    workPath = isThere ? path : "\(parent)/\(PathName.unfinished(name))"
    do throws(BackupError) {
      sink = try FolderSink(workPath, syncs: syncs)
    } catch {
      throw Self.failure(error, path)
    }
  }

  private static func failure(_ error: BackupError, _ path: String) -> ScanFailure {
    switch error {
    case .notEmpty: break
    case .system(let error) where error.code == ENOTDIR: break
    default: return ScanFailure(message: "\(error)")
    }
    return ScanFailure(
      message: "\(path): is not an empty folder; nothing was changed",
      hint: "Name an empty folder, or one that does not exist yet.",
      exitCode: .usage
    )
  }

  deinit {
    guard !isFinished else { return }
    // The reason why it was not finished counts.
    try? FolderRemoval.removeContents(of: workPath)
    if isNew { rmdir(workPath) }
  }

  /// Gives the folder its name. Another folder that has got it meanwhile and is not empty is not replaced.
  func finish() throws(ScanFailure) {
    if isNew {
      do throws(SystemCallError) {
        _ = try SystemCallError.check("rename the folder \(workPath)") { rename(workPath, path) }
        isFinished = true
        if syncs { try FileDescriptor.openRoot(PathName.split(path).folder, for: .listing).synchronize() }
      } catch {
        throw ScanFailure(message: "\(path): \(error)")
      }
    }
    isFinished = true
  }
}
