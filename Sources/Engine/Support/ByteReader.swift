import IndexFormat

/// Reads forward over bytes of a binary format whose numbers are big-endian.
///
/// Offsets of errors count from the start of the input. After an error the reader stands where it stood before.
///
/// | item | form | check |
/// |---|---|---|
/// | number | 1, 2, 4 or 8 bytes | |
/// | bool, and what tells whether an optional value follows | 1 byte | 0 or 1 |
/// | count of bytes or elements | 8 bytes | compared with what is left of the input |
///
/// This is what Neon calls BeSer (bincode with fixed-width numbers). Source: `libs/utils/src/bin_ser.rs`.
public struct ByteReader: ~Escapable {
  public let bytes: RawSpan
  public private(set) var offset: Int

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) {
    self.bytes = bytes
    offset = 0
  }

  public var remaining: Int { bytes.byteCount &- offset }

  public mutating func uint8(_ field: String) throws(FormatError) -> UInt8 {
    try load(UInt8.self, field)
  }

  public mutating func uint16(_ field: String) throws(FormatError) -> UInt16 {
    try load(UInt16.self, field).bigEndian
  }

  public mutating func uint32(_ field: String) throws(FormatError) -> UInt32 {
    try load(UInt32.self, field).bigEndian
  }

  public mutating func uint64(_ field: String) throws(FormatError) -> UInt64 {
    try load(UInt64.self, field).bigEndian
  }

  public mutating func bool(_ field: String) throws(FormatError) -> Bool {
    let value = try uint8(field)
    guard value <= 1 else {
      offset &-= 1
      throw FormatError(.badValue, offset: offset, field: field, found: "\(value)", expected: "0 or 1")
    }
    return value == 1
  }

  public mutating func key(_ field: String) throws(FormatError) -> Key {
    try need(Key.byteCount, field)
    return Key(
      high: try uint64(field),
      middle: try uint64(field),
      low: try uint16(field)
    )
  }

  public mutating func lsn(_ field: String) throws(FormatError) -> Lsn { Lsn(try uint64(field)) }

  /// A count of elements of at least `elementByteCount` bytes each, all of which fit into what is left.
  public mutating func count(_ field: String, elementByteCount: Int) throws(FormatError) -> Int {
    let value = try uint64(field)
    guard value <= UInt64(remaining / elementByteCount) else {
      offset &-= 8
      throw FormatError(
        .truncated,
        offset: offset,
        field: field,
        found: "\(value) elements, \(remaining &- 8) bytes",
        expected: "\(elementByteCount) bytes or more for each"
      )
    }
    return Int(truncatingIfNeeded: value)
  }

  /// A count and as many bytes: where they stand.
  public mutating func counted(_ field: String) throws(FormatError) -> Range<Int> {
    let count = try count(field, elementByteCount: 1)
    let start = offset
    offset &+= count
    return start..<offset
  }

  /// Goes past `count` bytes: where they stand; nil if there are not as many.
  public mutating func skip(_ count: Int) -> Range<Int>? {
    guard count >= 0, count <= remaining else { return nil }
    let start = offset
    offset &+= count
    return start..<offset
  }

  /// That nothing is left.
  public func end(of what: String) throws(FormatError) {
    guard remaining == 0 else {
      throw FormatError(
        .trailingBytes,
        offset: offset,
        found: "\(remaining) more bytes",
        expected: "the end of the \(what)"
      )
    }
  }

  @inline(__always)
  private mutating func load<Number: FixedWidthInteger & BitwiseCopyable>(
    _ type: Number.Type,
    _ field: String
  ) throws(FormatError) -> Number {
    try need(MemoryLayout<Number>.size, field)
    defer { offset &+= MemoryLayout<Number>.size }
    return bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: type)
  }

  @inline(__always)
  private func need(_ count: Int, _ field: String) throws(FormatError) {
    guard remaining >= count else { throw truncated(count, field) }
  }

  @inline(never)
  private func truncated(_ count: Int, _ field: String) -> FormatError {
    FormatError(
      .truncated,
      offset: offset,
      field: field,
      found: "\(remaining) bytes",
      expected: "\(count) bytes"
    )
  }
}
