import Glibc

/// Bytes on their way to a file or a pipe, gathered in pieces of 1 MiB.
struct DescriptorWriter {
  let descriptor: Int32
  /// For errors.
  let path: String
  private var buffer: [UInt8] = []

  private static let bufferByteCount = 1 << 20

  init(_ descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  mutating func append(_ bytes: RawSpan) throws(BackupError) {
    buffer.append(bytes)
    if buffer.count >= Self.bufferByteCount { try flush() }
  }

  mutating func append(zeros count: Int) { buffer.append(contentsOf: repeatElement(0, count: count)) }

  mutating func flush() throws(BackupError) {
    var failure: SystemError?
    buffer.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      var written = 0
      while written < bytes.count {
        let count = write(descriptor, start + written, bytes.count - written)
        if count < 0 {
          if errno == EINTR { continue }
          // A shell may hand over a pipe that does not block.
          if errno == EAGAIN {
            var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = poll(&request, 1, 1000)
            continue
          }
          failure = SystemError("write", path)
          return
        }
        written += count
      }
    }
    buffer.removeAll(keepingCapacity: true)
    if let failure { throw .system(failure) }
  }
}
