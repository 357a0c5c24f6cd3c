import IndexFormat

/// Reads fields of a record's main data, one behind the other. Numbers are little-endian.
struct RecordFields: ~Escapable {
  let bytes: RawSpan
  private(set) var offset = 0

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { self.bytes = bytes }

  var remaining: Int { bytes.byteCount &- offset }

  private mutating func advance(_ count: Int, _ field: String) throws(IngestFault) -> Int {
    guard count <= remaining else {
      throw .dataTooShort(field: field, found: bytes.byteCount, expected: offset &+ count)
    }
    defer { offset &+= count }
    return offset
  }

  mutating func uint8(_ field: String) throws(IngestFault) -> UInt8 { bytes.byte(try advance(1, field)) }

  mutating func uint16(_ field: String) throws(IngestFault) -> UInt16 {
    bytes.littleEndian16(try advance(2, field))
  }

  mutating func uint32(_ field: String) throws(IngestFault) -> UInt32 {
    bytes.littleEndian32(try advance(4, field))
  }

  mutating func uint64(_ field: String) throws(IngestFault) -> UInt64 {
    bytes.littleEndian64(try advance(8, field))
  }

  mutating func skip(_ count: Int, _ field: String) throws(IngestFault) { _ = try advance(count, field) }

  /// A count of elements of so many bytes each, all of which follow.
  mutating func count(_ field: String, elementByteCount: Int) throws(IngestFault) -> Int {
    let value = try uint32(field)
    // Counts are signed; a negative one is a large one here.
    guard value <= UInt32(clamping: remaining / elementByteCount) else {
      throw .badField(field: field, found: UInt64(value), expected: "what \(remaining) bytes have room for")
    }
    return Int(value)
  }

  /// The next bytes: where they stand.
  mutating func take(_ count: UInt64, _ field: String) throws(IngestFault) -> Range<Int> {
    guard count <= UInt64(remaining) else {
      throw .dataTooShort(field: field, found: remaining, expected: Int(clamping: count))
    }
    let start = try advance(Int(count), field)
    return start..<offset
  }
}
