import Dispatch
import IndexFormat

/// A file that is being written, with the hash of what is in it so far. Used by one task at a time.
final class SnapshotPart: @unchecked Sendable {
  let name: String
  private let file: FileDescriptor
  private var hash: SHA256Stream? = SHA256Stream()
  private(set) var byteCount: UInt64 = 0

  init(name: String, _ file: consuming FileDescriptor) {
    self.name = name
    self.file = file
  }

  func write(_ bytes: [UInt8]) throws(SystemCallError) {
    hash?.update(bytes)
    try file.write(bytes)
    byteCount += UInt64(bytes.count)
  }

  /// Waits for the disk. Blocks the thread.
  func synchronize() throws(SystemCallError) { try file.synchronize() }

  /// The same without keeping a thread of the tasks from its work.
  func synchronizeElsewhere() async throws(SystemCallError) {
    let result: Result<Void, SystemCallError> = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        do throws(SystemCallError) {
          continuation.resume(returning: .success(try self.file.synchronize()))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    try result.get()
  }

  /// The hash of all that was written. Nothing can be written any more.
  func finishHash() -> SHA256Digest? {
    guard let hash = hash.take() else { return nil }
    return SHA256Digest(bytes: hash.finish())
  }
}
