/// Bytes of values, put one behind the other and never moved. Not changed any more once others may read it.
final class ValueArena: @unchecked Sendable {
  /// Where a value stands.
  struct Place {
    var chunk: UInt32
    var offset: UInt32
    var byteCount: UInt32
  }

  private var chunks: [UnsafeMutableRawBufferPointer] = []
  private var used = 0

  private static let chunkByteCount = 4 << 20

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
    let size = max(Self.chunkByteCount, byteCount)
    chunks.append(.allocate(byteCount: size, alignment: 8))
    used = 0
  }

  /// The bytes of a value that was filled.
  func bytes(_ place: Place) -> UnsafeRawBufferPointer {
    let start = Int(place.offset)
    return UnsafeRawBufferPointer(
      rebasing: chunks[Int(place.chunk)][start..<start &+ Int(place.byteCount)]
    )
  }
}
