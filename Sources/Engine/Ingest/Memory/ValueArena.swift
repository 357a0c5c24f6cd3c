import Glibc

/// Bytes of values, put one behind the other and never moved. Not changed any more once others may read it.
final class ValueArena: @unchecked Sendable {
  /// Where a value stands.
  struct Place {
    var chunk: UInt32
    var offset: UInt32
    var byteCount: UInt32
  }

  // No code of others is called while one of these changes.
  @exclusivity(unchecked) private var chunks: [UnsafeMutableRawBufferPointer] = []
  @exclusivity(unchecked) private var used = 0

  /// The first chunk is small, as is what most timelines get at a time; each is twice as long as the one before.
  private static let firstChunkByteCount = 1 << 20
  private static let longestChunkByteCount = 8 << 20
  private static let largePageByteCount = 2 << 20

  deinit { for chunk in chunks { chunk.deallocate() } }

  /// Makes room for a value; the bytes are to be filled at once.
  @inline(__always)
  func reserve(_ byteCount: Int) -> (place: Place, bytes: UnsafeMutableRawBufferPointer) {
    if chunks.isEmpty || chunks[chunks.count &- 1].count &- used < byteCount { grow(byteCount) }
    let place = Place(
      chunk: UInt32(truncatingIfNeeded: chunks.count &- 1),
      offset: UInt32(truncatingIfNeeded: used),
      byteCount: UInt32(truncatingIfNeeded: byteCount)
    )
    let bytes = UnsafeMutableRawBufferPointer(rebasing: chunks[chunks.count &- 1][used..<used &+ byteCount])
    used &+= byteCount
    return (place, bytes)
  }

  /// Records have at most 1020 MiB, so lengths and offsets fit.
  private func grow(_ byteCount: Int) {
    let usual = min(max(Self.firstChunkByteCount, (chunks.last?.count ?? 0) * 2), Self.longestChunkByteCount)
    let size = max(usual, byteCount)
    used = 0
    guard size >= 2 * Self.largePageByteCount else {
      return chunks.append(.allocate(byteCount: size, alignment: 8))
    }
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: Self.largePageByteCount)
    // Large pages come as zeros 512 times as seldom as small ones; the kernel may also have none to give.
    madvise(chunk.baseAddress, chunk.count, MADV_HUGEPAGE)
    chunks.append(chunk)
  }

  /// The bytes of a value that was filled.
  func bytes(_ place: Place) -> UnsafeRawBufferPointer {
    let start = Int(place.offset)
    return UnsafeRawBufferPointer(
      rebasing: chunks[Int(place.chunk)][start..<start &+ Int(place.byteCount)]
    )
  }
}
