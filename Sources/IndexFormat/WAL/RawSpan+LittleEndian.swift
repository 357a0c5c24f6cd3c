/// Numbers as PostgreSQL writes them. The bytes must lie within the span.
extension RawSpan {
  func littleEndian16(at offset: Int) -> UInt16 {
    unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self).littleEndian
  }

  func littleEndian32(at offset: Int) -> UInt32 {
    unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian
  }

  func littleEndian64(at offset: Int) -> UInt64 {
    unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
  }

  /// Where the first byte stands that is not 0, from `start` on.
  func firstNonzero(from start: Int = 0) -> Int? {
    var offset = start
    while byteCount &- offset >= 8, unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self) == 0 {
      offset &+= 8
    }
    while offset < byteCount {
      if byte(offset) != 0 { return offset }
      offset &+= 1
    }
    return nil
  }
}

extension [UInt8] {
  mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
