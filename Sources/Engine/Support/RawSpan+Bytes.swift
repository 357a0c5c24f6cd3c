/// Looking at bytes at offsets that the caller has compared with the span.
extension RawSpan {
  @inline(__always)
  func byte(_ offset: Int) -> UInt8 { unsafeLoad(fromByteOffset: offset, as: UInt8.self) }

  @inline(__always)
  func uint16(_ offset: Int) -> UInt16 {
    unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self).bigEndian
  }

  @inline(__always)
  func uint32(_ offset: Int) -> UInt32 {
    unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self).bigEndian
  }

  @inline(__always)
  func uint64(_ offset: Int) -> UInt64 {
    unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).bigEndian
  }

  /// Where in `range` the first byte stands that is not zero; nil if there is none. Looks at 64, then at eight bytes
  /// at a time.
  func firstNonZero(in range: Range<Int>) -> Int? {
    // The loads below look at no bounds.
    let end = min(range.upperBound, byteCount)
    var offset = max(range.lowerBound, 0)
    while offset &+ 64 <= end {
      if unsafeLoadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self) != .zero { break }
      offset &+= 64
    }
    while offset &+ 8 <= end {
      if unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self) != 0 { break }
      offset &+= 8
    }
    while offset < end {
      if byte(offset) != 0 { return offset }
      offset &+= 1
    }
    return nil
  }

  /// A copy of the bytes in `range`.
  func copy(_ range: Range<Int>) -> [UInt8] {
    extracting(range).withUnsafeBytes { [UInt8]($0) }
  }
}
