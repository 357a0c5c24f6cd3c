/// Numbers as PostgreSQL writes them, at offsets that the caller has compared with the span.
extension RawSpan {
  @inline(__always)
  func littleEndian16(_ offset: Int) -> UInt16 {
    unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self).littleEndian
  }

  @inline(__always)
  func littleEndian32(_ offset: Int) -> UInt32 {
    unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian
  }

  @inline(__always)
  func littleEndian64(_ offset: Int) -> UInt64 {
    unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
  }
}
