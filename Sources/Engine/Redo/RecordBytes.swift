import IndexFormat

/// Reads the data of a record from its beginning on. Numbers are little-endian.
struct RecordBytes: ~Escapable {
  let bytes: RawSpan
  private(set) var offset = 0

  @_lifetime(copy bytes)
  @inline(__always)
  init(_ bytes: RawSpan) { self.bytes = bytes }

  @inline(__always)
  var remaining: Int { bytes.byteCount &- offset }

  @inline(__always)
  private mutating func advance(_ count: Int) throws(RedoFault) -> Int {
    guard count >= 0, count <= remaining else {
      throw .dataTooShort(found: bytes.byteCount, expected: offset &+ max(0, count))
    }
    defer { offset &+= count }
    return offset
  }

  @inline(__always)
  mutating func uint8() throws(RedoFault) -> UInt8 { bytes.byte(try advance(1)) }

  @inline(__always)
  mutating func uint16() throws(RedoFault) -> UInt16 { bytes.littleEndian16(try advance(2)) }

  @inline(__always)
  mutating func uint32() throws(RedoFault) -> UInt32 { bytes.littleEndian32(try advance(4)) }

  @inline(__always)
  mutating func skip(_ count: Int) throws(RedoFault) { _ = try advance(count) }

  /// Skips what aligns the next field to a multiple of `alignment` from the beginning.
  mutating func align(_ alignment: Int) throws(RedoFault) {
    try skip((alignment &- offset % alignment) % alignment)
  }

  @_lifetime(copy self)
  mutating func take(_ count: Int) throws(RedoFault) -> RawSpan {
    let start = try advance(count)
    return bytes.extracting(start..<start &+ count)
  }

  func end() throws(RedoFault) {
    guard remaining == 0 else { throw .dataTooLong(found: bytes.byteCount, expected: offset) }
  }
}
