import Glibc
import IndexFormat
import Synchronization

/// Compares the files of a snapshot with what is written of them.
struct SnapshotFiles: Sendable {
  /// The snapshot's folder.
  let path: String
  /// Files that are read at the same time.
  var jobs = 2

  private static let chunkByteCount = 1 << 20

  enum Verdict: Sendable {
    case good
    case missing
    case damaged(seen: String, expected: String)
    case unreadable(String)
  }

  static func digest(of file: borrowing FileDescriptor) throws(SystemCallError) -> SHA256Digest? {
    var hash = SHA256Stream()
    var offset: UInt64 = 0
    while true {
      let bytes = try file.read(count: chunkByteCount, at: offset)
      if bytes.isEmpty { return SHA256Digest(bytes: hash.finish()) }
      bytes.withUnsafeBytes { hash.update($0) }
      offset += UInt64(bytes.count)
    }
  }

  /// Looks at one file. Follows no link, and looks at nothing outside the folder.
  func check(_ file: SnapshotFile, readsContent: Bool) -> Verdict {
    guard SnapshotPath.isPossible(file.path) else { return .unreadable("the path leads elsewhere") }
    let store = FolderObjectStore(root: path)
    do throws(StoreError) {
      guard let parent = try store.openParent(of: file.path, for: .read) else { return .missing }
      return try store.reporting(.read, file.path) { () throws(SystemCallError) in
        try Self.check(store.lastPart(of: file.path), in: parent, file, readsContent: readsContent)
      }
    } catch {
      return .unreadable(error.detail)
    }
  }

  private static func check(
    _ name: String,
    in folder: borrowing FileDescriptor,
    _ file: SnapshotFile,
    readsContent: Bool
  ) throws(SystemCallError) -> Verdict {
    guard let status = try folder.status(of: name) else { return .missing }
    guard FileDescriptor.NameKind(mode: status.st_mode) == .file else {
      return .damaged(seen: "no plain file", expected: "a file")
    }
    guard UInt64(clamping: status.st_size) == file.size else {
      return .damaged(seen: "\(status.st_size) bytes", expected: "\(file.size) bytes")
    }
    guard readsContent else { return .good }
    guard let digest = try digest(of: try folder.openFile(name)) else { return .missing }
    return digest == file.sha256
      ? .good : .damaged(seen: "SHA-256 \(digest)", expected: "SHA-256 \(file.sha256)")
  }

  /// Looks at all of them, and gives the verdicts that are not good by position. Stops soon when its task is cancelled.
  func check(
    _ files: [SnapshotFile],
    readsContent: Bool,
    progress: SnapshotProgress
  ) async -> [(Int, Verdict)] {
    let bad = Mutex<[(Int, Verdict)]>([])
    await Workers.run(count: files.count, jobs: jobs) { number in
      let verdict = check(files[number], readsContent: readsContent)
      progress.add(bytes: files[number].size)
      progress.addObject()
      if case .good = verdict { return true }
      bad.withLock { $0.append((number, verdict)) }
      return true
    }
    return bad.withLock { $0 }.sorted { $0.0 < $1.0 }
  }
}
