import Glibc

/// Writes a new file from front to back past the kernel's page cache, where the file system can do so.
///
/// A snapshot is written once and not read soon: through the cache each byte would be copied once more, and would push
/// out what others need. What is to be written stands at addresses, and goes to places, that are multiples of a block:
/// bytes are gathered in a buffer of whole blocks, and the last one is filled up with zeros that are cut off again.
struct DirectWriter: ~Copyable {
  private let file: FileDescriptor
  /// Nil while nothing has been gathered.
  private var buffer: UnsafeMutableRawBufferPointer?
  private var gathered = 0
  private var written: UInt64 = 0
  private var isDirect: Bool

  private static let blockByteCount = 4096
  private static let bufferByteCount = 1 << 20

  #if arch(arm64)
    private static let directFlag: CInt = 0o200_000
  #else
    private static let directFlag: CInt = 0o40_000
  #endif

  /// - Parameter isLarge: whether it is worth it.
  init(_ file: consuming FileDescriptor, isLarge: Bool) {
    isDirect = isLarge && Self.set(Self.directFlag, of: file.number)
    self.file = file
  }

  deinit { buffer?.deallocate() }

  /// Sets or clears the flag; false if the file system does not know it.
  private static func set(_ flag: CInt, of file: CInt) -> Bool {
    let flags = fcntl(file, F_GETFL)
    return flags >= 0 && fcntl(file, F_SETFL, flags & ~directFlag | flag) == 0
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(SystemCallError) {
    guard isDirect else { return try put(bytes) }
    var rest = bytes
    while !rest.isEmpty {
      let buffer = buffer ?? .allocate(byteCount: Self.bufferByteCount, alignment: Self.blockByteCount)
      self.buffer = buffer
      let count = min(rest.count, buffer.count - gathered)
      UnsafeMutableRawBufferPointer(rebasing: buffer[gathered..<gathered + count])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
      gathered += count
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      if gathered == buffer.count { try flush() }
    }
  }

  /// Writes what is gathered and waits until all of the file is on the disk.
  mutating func finish() throws(SystemCallError) {
    if gathered > 0 { try flush() }
    try file.synchronize()
  }

  private mutating func flush() throws(SystemCallError) {
    guard let buffer else { return }
    let end = (gathered + Self.blockByteCount - 1) / Self.blockByteCount * Self.blockByteCount
    for position in gathered..<end { buffer[position] = 0 }
    let size = written + UInt64(gathered)
    do throws(SystemCallError) {
      try put(UnsafeRawBufferPointer(rebasing: buffer[..<end]))
    } catch {
      // The flag was taken, but the file system wants other blocks, or none.
      guard error.code == EINVAL, isDirect, Self.set(0, of: file.number) else { throw error }
      isDirect = false
      try put(UnsafeRawBufferPointer(rebasing: buffer[..<gathered]))
    }
    let number = file.number
    if isDirect, end > gathered {
      _ = try SystemCallError.check("write the file") { ftruncate(number, off_t(clamping: size)) }
    }
    written = size
    gathered = 0
  }

  private func put(_ bytes: UnsafeRawBufferPointer) throws(SystemCallError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = try SystemCallError.check("write the file") {
        Glibc.write(file.number, rest.baseAddress, rest.count)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }
}
