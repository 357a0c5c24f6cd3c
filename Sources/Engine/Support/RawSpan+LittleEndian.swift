/// Numbers as PostgreSQL keeps them. The bytes must lie within the span.
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

extension [UInt8] {
  @inline(__always)
  mutating func appendLittleEndian<Number: FixedWidthInteger>(_ value: Number) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
