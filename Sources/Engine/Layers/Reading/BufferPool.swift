import Synchronization

/// Memory for reads, kept for use again: fresh memory costs a page fault for each 4 KiB, which is more than copying a
/// file into it.
final class BufferPool: Sendable {
  private struct Free: @unchecked Sendable {
    /// By size class.
    var buffers: [[UnsafeMutableRawPointer]] = Array(repeating: [], count: BufferPool.classCount)
    var byteCount = 0
  }

  static let shared = BufferPool()

  private let free = Mutex(Free())

  /// Sizes are 64 KiB, 128 KiB and so on up to 2 MiB; what is longer, or much shorter, is not kept.
  private static let smallestByteCount = 64 << 10
  private static let classCount = 6
  private static let keptByteCount = 16 << 20

  /// The class whose buffers have room for as many bytes; nil if none is for them.
  private static func sizeClass(_ byteCount: Int) -> Int? {
    guard byteCount > smallestByteCount / 2 else { return nil }
    return (0..<classCount).first { byteCount <= smallestByteCount << $0 }
  }

  func take(byteCount: Int) -> UnsafeMutableRawBufferPointer {
    guard let sizeClass = Self.sizeClass(byteCount) else {
      return .allocate(byteCount: byteCount, alignment: 16)
    }
    let size = Self.smallestByteCount << sizeClass
    // Sendable only as a number.
    let address = free.withLock { free -> UInt? in
      guard let buffer = free.buffers[sizeClass].popLast() else { return nil }
      free.byteCount -= size
      return UInt(bitPattern: buffer)
    }
    let start =
      address.flatMap { UnsafeMutableRawPointer(bitPattern: $0) } ?? .allocate(byteCount: size, alignment: 16)
    return UnsafeMutableRawBufferPointer(start: start, count: byteCount)
  }

  func give(_ buffer: UnsafeMutableRawBufferPointer) {
    guard let sizeClass = Self.sizeClass(buffer.count), let start = buffer.baseAddress else {
      buffer.deallocate()
      return
    }
    let size = Self.smallestByteCount << sizeClass
    let address = UInt(bitPattern: start)
    let isKept = free.withLock { free in
      guard free.byteCount + size <= Self.keptByteCount,
        let start = UnsafeMutableRawPointer(bitPattern: address)
      else { return false }
      free.buffers[sizeClass].append(start)
      free.byteCount += size
      return true
    }
    if !isKept { start.deallocate() }
  }
}
