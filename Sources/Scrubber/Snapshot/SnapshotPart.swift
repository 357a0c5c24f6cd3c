import Dispatch
import Glibc
import IndexFormat
import Synchronization

/// A file that is being written, with the hash of what is in it so far.
///
/// Who brings bytes only puts them into a buffer. Full buffers are hashed and written by a queue of the file's own,
/// which may wait for the disk as long as it likes: the network's one thread has better things to do, and those of the
/// tasks must not wait. There are at most `maxBuffers` buffers; when all are full the part has no room.
final class SnapshotPart: ObjectSink, @unchecked Sendable {
  let name: String
  private let progress: SnapshotProgress
  private let buffers: SnapshotBuffers
  private let queue = DispatchQueue(label: "snapshot part")
  private let shared = Mutex(Shared())

  // What follows belongs to who brings bytes: one thread at a time.
  private(set) var byteCount: UInt64 = 0
  private var buffer: SnapshotBuffers.Buffer?
  private var gathered = 0

  // What follows belongs to the queue.
  private var file: DirectWriter
  private var hash: SHA256Stream? = SHA256Stream()

  static let maxBuffers = 4

  private struct Shared {
    /// Buffers of this file that may be filled anew.
    var idle: [SnapshotBuffers.Buffer] = []
    var bufferCount = 0
    var failure: SystemCallError?
    var listener: (@Sendable () -> Void)?
    /// A task that waits for room.
    var waiter: CheckedContinuation<Void, Never>?

    /// Buffers that could be filled now.
    var freeCount: Int { idle.count + maxBuffers - bufferCount }
  }

  /// - Parameters:
  ///   - size: how many bytes are to come.
  ///   - buffers: where its buffers come from, and go to when it is gone.
  init(
    name: String,
    _ file: consuming FileDescriptor,
    size: UInt64,
    buffers: SnapshotBuffers,
    progress: SnapshotProgress
  ) {
    self.name = name
    self.progress = progress
    self.buffers = buffers
    self.file = DirectWriter(file, isLarge: size >= 256 << 10)
  }

  deinit { buffers.give(back: shared.withLock { $0.idle } + (buffer.map { [$0] } ?? [])) }

  /// Why nothing more can be written.
  var failure: SystemCallError? { shared.withLock { $0.failure } }

  // MARK: Bytes that come

  func take(_ bytes: UnsafeRawBufferPointer) -> SinkAnswer {
    let left = buffer == nil ? 0 : SnapshotBuffers.byteCount - gathered
    let needed = (max(0, bytes.count - left) + SnapshotBuffers.byteCount - 1) / SnapshotBuffers.byteCount
    let answer = shared.withLock { shared -> SinkAnswer in
      if shared.failure != nil { return .failed }
      return needed <= shared.freeCount ? .taken : .full
    }
    guard answer == .taken else { return answer }
    var rest = bytes
    while !rest.isEmpty {
      let buffer = buffer ?? freeBuffer()
      self.buffer = buffer
      let count = min(rest.count, SnapshotBuffers.byteCount - gathered)
      UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[gathered..<gathered + count])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
      gathered += count
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      if gathered == SnapshotBuffers.byteCount { pass() }
    }
    byteCount += UInt64(bytes.count)
    progress.add(bytes: UInt64(bytes.count))
    return .taken
  }

  func put(_ bytes: [UInt8]) async -> Bool {
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + SnapshotBuffers.byteCount)
      switch bytes.withUnsafeBytes({ take(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }) {
      case .taken: start = end
      case .full: await waitForRoom()
      case .failed: return false
      }
    }
    return true
  }

  /// Whether any bytes that may come at once are taken, or refused for good.
  var isReady: Bool { shared.withLock { Self.isReady($0) } }

  private static func isReady(_ shared: Shared) -> Bool { shared.failure != nil || shared.freeCount > 0 }

  func notify(_ listener: @escaping @Sendable () -> Void) { shared.withLock { $0.listener = listener } }

  private func waitForRoom() async {
    await withCheckedContinuation { continuation in
      let isReady = shared.withLock { shared in
        if Self.isReady(shared) { return true }
        shared.waiter = continuation
        return false
      }
      if isReady { continuation.resume() }
    }
  }

  private func freeBuffer() -> SnapshotBuffers.Buffer {
    let idle = shared.withLock { shared -> SnapshotBuffers.Buffer? in
      if let buffer = shared.idle.popLast() { return buffer }
      shared.bufferCount += 1
      return nil
    }
    return idle ?? buffers.take()
  }

  // MARK: The queue

  /// Hands on what was gathered.
  private func pass() {
    guard let full = buffer else { return }
    let count = gathered
    (buffer, gathered) = (nil, 0)
    queue.async { self.write(full, count) }
  }

  private func write(_ full: SnapshotBuffers.Buffer, _ count: Int) {
    var failure = failure
    if failure == nil {
      do throws(SystemCallError) {
        hash?.update(UnsafeRawBufferPointer(rebasing: full.bytes[..<count]))
        try file.write(full.bytes, count: count)
      } catch {
        failure = error
      }
    }
    let (listener, waiter) = shared.withLock { shared in
      shared.failure = failure
      shared.idle.append(full)
      defer { shared.waiter = nil }
      return (shared.listener, shared.waiter)
    }
    listener?()
    waiter?.resume()
  }

  /// Ends the file and waits for the disk; gives the hash of all that was written. Nothing can be written any more.
  func finish() async throws(SystemCallError) -> SHA256Digest {
    pass()
    let result: Result<SHA256Digest, SystemCallError> = await withCheckedContinuation { continuation in
      queue.async {
        do throws(SystemCallError) {
          continuation.resume(returning: .success(try self.end()))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }

  private func end() throws(SystemCallError) -> SHA256Digest {
    if let failure { throw failure }
    try file.synchronize()
    guard let hash = hash.take(), let digest = SHA256Digest(bytes: hash.finish()) else {
      throw SystemCallError(attempt: "finish a file twice", code: EINVAL)
    }
    return digest
  }
}
