import Glibc

/// Writes a new file from front to back past the kernel's page cache, where the file system can do so.
///
/// A snapshot is written once and not read soon: through the cache each byte would be copied once more, and would push
/// out what others need. What is to be written stands at addresses, and goes to places, that are multiples of a block:
/// so it comes in buffers of whole blocks, and the last one is filled up with zeros that are cut off again.
struct DirectWriter: ~Copyable {
  private let file: FileDescriptor
  private var written: UInt64 = 0
  private var isDirect: Bool

  /// What addresses and lengths of buffers must be multiples of.
  static let blockByteCount = 4096

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

  /// Sets or clears the flag; false if the file system does not know it.
  private static func set(_ flag: CInt, of file: CInt) -> Bool {
    let flags = fcntl(file, F_GETFL)
    return flags >= 0 && fcntl(file, F_SETFL, flags & ~directFlag | flag) == 0
  }

  /// Writes the first bytes of a buffer of whole blocks. Only the last time may they end within a block.
  mutating func write(_ buffer: UnsafeMutableRawBufferPointer, count: Int) throws(SystemCallError) {
    let size = written + UInt64(count)
    guard isDirect else {
      try put(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      written = size
      return
    }
    let end = (count + Self.blockByteCount - 1) / Self.blockByteCount * Self.blockByteCount
    for position in count..<end { buffer[position] = 0 }
    do throws(SystemCallError) {
      try put(UnsafeRawBufferPointer(rebasing: buffer[..<end]))
    } catch {
      // The flag was taken, but the file system wants other blocks, or none.
      guard error.code == EINVAL, Self.set(0, of: file.number) else { throw error }
      isDirect = false
      return try write(buffer, count: count)
    }
    let number = file.number
    if end > count {
      _ = try SystemCallError.check("write the file") { ftruncate(number, off_t(clamping: size)) }
    }
    written = size
  }

  /// Waits until all of the file is on the disk.
  func synchronize() throws(SystemCallError) { try file.synchronize() }

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
