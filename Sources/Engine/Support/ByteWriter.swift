import IndexFormat

/// Appending what `ByteReader` reads: big-endian numbers, flags, counted bytes.
extension [UInt8] {
  @inline(__always)
  mutating func appendBigEndian<Number: FixedWidthInteger>(_ value: Number) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  mutating func append(_ flag: Bool) { append(flag ? 1 : 0) }

  mutating func append(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { append(contentsOf: $0) }
  }

  mutating func append(counted bytes: [UInt8]) {
    appendBigEndian(UInt64(bytes.count))
    append(contentsOf: bytes)
  }

  mutating func append(_ key: Key) {
    appendBigEndian(key.high)
    appendBigEndian(key.middle)
    appendBigEndian(key.low)
  }

  mutating func append(_ identifier: some HexIdentifier) {
    appendBigEndian(identifier.high)
    appendBigEndian(identifier.low)
  }
}
