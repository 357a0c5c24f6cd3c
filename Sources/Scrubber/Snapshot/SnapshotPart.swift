import Dispatch
import IndexFormat

/// A file that is being written, with the hash of what is in it so far. Used by one task at a time.
final class SnapshotPart: @unchecked Sendable {
  let name: String
  private var file: DirectWriter
  private var hash: SHA256Stream? = SHA256Stream()
  private(set) var byteCount: UInt64 = 0

  /// Bytes that are hashed and copied while they are in the processor's cache.
  private static let chunkByteCount = 128 << 10

  /// - Parameter size: how many bytes are to come.
  init(name: String, _ file: consuming FileDescriptor, size: UInt64) {
    self.name = name
    self.file = DirectWriter(file, isLarge: size >= 256 << 10)
  }

  func write(_ bytes: [UInt8]) throws(SystemCallError) {
    var failure: SystemCallError?
    bytes.withUnsafeBytes { buffer in
      do throws(SystemCallError) {
        for start in stride(from: 0, to: buffer.count, by: Self.chunkByteCount) {
          let end = min(start + Self.chunkByteCount, buffer.count)
          let chunk = UnsafeRawBufferPointer(rebasing: buffer[start..<end])
          hash?.update(chunk)
          try file.write(chunk)
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    byteCount += UInt64(bytes.count)
  }

  /// Ends the file and waits for the disk. Blocks the thread.
  func finish() throws(SystemCallError) { try file.finish() }

  /// Adds bytes without keeping a thread of the tasks from its work while the disk is busy.
  func writeElsewhere(_ bytes: [UInt8]) async throws(SystemCallError) {
    // A few bytes are written faster than they are handed on.
    guard bytes.count > Self.chunkByteCount else { return try write(bytes) }
    try await elsewhere { (part) throws(SystemCallError) in try part.write(bytes) }
  }

  func finishElsewhere() async throws(SystemCallError) {
    try await elsewhere { (part) throws(SystemCallError) in try part.finish() }
  }

  private func elsewhere(
    _ body: @escaping @Sendable (SnapshotPart) throws(SystemCallError) -> Void
  ) async throws(SystemCallError) {
    let result: Result<Void, SystemCallError> = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        do throws(SystemCallError) {
          continuation.resume(returning: .success(try body(self)))
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
