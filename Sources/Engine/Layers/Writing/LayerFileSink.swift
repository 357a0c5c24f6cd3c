import CLinux
import Glibc

/// A layer written into a file: under a temporary name, until `commit` gives it the final one.
///
/// | step | why |
/// |---|---|
/// | create `<path>.___temp`, which must not be there | readers of the folder pass such names over |
/// | append through a buffer | |
/// | have the kernel begin to write it to the disk | so that the disk works while more comes, and the sync waits less |
/// | write what is left, sync the file | a name must not stand for less than all bytes |
/// | link to the final name, which must not be there; remove the temporary one | no layer is ever replaced |
/// | sync the folder | so that the name lasts |
///
/// Without `commit` the temporary file is removed.
public struct LayerFileSink: LayerSink, ~Copyable {
  private let path: String
  private let temporaryPath: String
  private let descriptor: Int32
  private let buffer: UnsafeMutableRawBufferPointer
  /// How many bytes of the buffer are to be written.
  private var buffered = 0
  /// How many bytes of the file are written, but for those that replace its start.
  private var writtenByteCount: Int64 = 0

  /// Small enough to stay in the cache of a core until it is written.
  private static let bufferByteCount = 256 << 10

  public init(path: String) throws(LayerWriteError) {
    self.path = path
    temporaryPath = path + ".___temp"
    let descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .file(SystemError("open", temporaryPath)) }
    self.descriptor = descriptor
    buffer = .allocate(byteCount: Self.bufferByteCount, alignment: 4096)
  }

  deinit {
    buffer.deallocate()
    close(descriptor)
    unlink(temporaryPath)
  }

  public mutating func append(_ bytes: RawSpan) throws(LayerWriteError) {
    var taken = 0
    // The buffer is always filled, so that whole pages of the file are written.
    while taken < bytes.byteCount {
      let count = min(bytes.byteCount &- taken, buffer.count &- buffered)
      bytes.extracting(taken..<taken &+ count).withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: buffer[buffered...]).copyMemory(from: $0)
      }
      taken &+= count
      buffered &+= count
      if buffered == buffer.count { try flush() }
    }
  }

  public mutating func replaceStart(_ bytes: RawSpan) throws(LayerWriteError) {
    try flush()
    try write(bytes, "pwrite") { pwrite(descriptor, $0, $1, off_t($2)) }
  }

  /// Gives the file its name. Afterwards nothing can be written to it.
  public consuming func commit() throws(LayerWriteError) {
    try flush()
    guard fsync(descriptor) == 0 else { throw .file(SystemError("fsync", temporaryPath)) }
    guard link(temporaryPath, path) == 0 else { throw .file(SystemError("link", path)) }
    let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "."
    let folderDescriptor = open(String(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folderDescriptor >= 0 else { throw .file(SystemError("open", String(folder))) }
    defer { close(folderDescriptor) }
    guard fsync(folderDescriptor) == 0 else { throw .file(SystemError("fsync", String(folder))) }
  }

  private mutating func flush() throws(LayerWriteError) {
    guard buffered > 0 else { return }
    let bytes = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<buffered]))
    buffered = 0
    try write(bytes, "write") { pointer, count, _ in Glibc.write(descriptor, pointer, count) }
    linux_begin_writing(descriptor, writtenByteCount, Int64(bytes.byteCount))
    writtenByteCount += Int64(bytes.byteCount)
  }

  /// Calls until all bytes are written. `call` gets where to go on, how many are left, and how many are written.
  private func write(
    _ bytes: RawSpan,
    _ name: String,
    _ call: (UnsafeRawPointer, Int, Int) -> Int
  ) throws(LayerWriteError) {
    var failure: SystemError?
    bytes.withUnsafeBytes { buffer in
      guard let start = buffer.baseAddress else { return }
      var written = 0
      while written < buffer.count {
        let count = call(start + written, buffer.count - written, written)
        if count < 0 {
          if errno == EINTR { continue }
          failure = SystemError(name, temporaryPath)
          return
        }
        written += count
      }
    }
    if let failure { throw .file(failure) }
  }
}
