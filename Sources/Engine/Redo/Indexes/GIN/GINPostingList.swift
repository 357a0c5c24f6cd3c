import IndexFormat

/// A list of rows in rising order, as leaves of posting trees and records hold it.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 6 | first row |
/// | 6 | 2 | count of bytes that follow |
/// | 8 | | of each other row its distance from the one before it, in bytes of 7 bits, the lowest first; bit 7: more |
/// | | | a zero if the count is odd |
///
/// A row counts as its block * 2,048 + its line pointer: 43 bits. Source: PostgreSQL, `access/gin/ginpostinglist.c`.
enum GINPostingList {
  static let headerByteCount = 8
  static let rowByteCount = 6
  /// More bytes than that no distance has.
  static let maximumDistanceByteCount = 7

  static let numberBits: UInt64 = 11
  private static let maximum: UInt64 = 1 << 43 - 1

  /// Length of the list that begins at `offset`, which must lie within the bytes, as the whole list must.
  static func byteCount(_ bytes: RawSpan, at offset: Int) throws(RedoFault) -> Int {
    let room = bytes.byteCount &- offset
    guard offset >= 0, room >= headerByteCount else {
      throw .dataTooShort(found: bytes.byteCount, expected: max(0, offset) &+ headerByteCount)
    }
    let length = headerByteCount &+ (Int(bytes.littleEndian16(offset &+ 6)) &+ 1) & ~1
    guard length <= room else { throw .dataTooShort(found: bytes.byteCount, expected: offset &+ length) }
    return length
  }

  /// The number that the row at `offset` counts as. The row must lie within the bytes.
  static func row(_ bytes: RawSpan, at offset: Int) throws(RedoFault) -> UInt64 {
    let upper = UInt64(bytes.littleEndian16(offset))
    let lower = UInt64(bytes.littleEndian16(offset &+ 2))
    let number = UInt64(bytes.littleEndian16(offset &+ 4))
    guard number < 1 << numberBits else { throw .badField(found: number, limit: 1 << numberBits - 1) }
    return (upper << 16 | lower) << numberBits | number
  }

  /// Reads a list from its first row on.
  struct Reader: ~Escapable {
    private let bytes: RawSpan
    private var offset: Int
    private let end: Int
    private var row: UInt64 = 0
    private var hasBegun = false

    /// - list: the whole list and no more, but maybe the byte that makes the count even.
    @_lifetime(copy list)
    init(_ list: RawSpan) {
      bytes = list
      offset = GINPostingList.headerByteCount
      let count = list.byteCount < offset ? 0 : Int(list.littleEndian16(6))
      end = min(list.byteCount, offset &+ count)
    }

    mutating func next() throws(RedoFault) -> UInt64? {
      guard hasBegun else {
        guard bytes.byteCount >= GINPostingList.headerByteCount else { return nil }
        hasBegun = true
        row = try GINPostingList.row(bytes, at: 0)
        return row
      }
      guard offset < end else { return nil }
      row &+= try distance()
      guard row <= GINPostingList.maximum else {
        throw .badField(found: row, limit: GINPostingList.maximum)
      }
      return row
    }

    private mutating func distance() throws(RedoFault) -> UInt64 {
      var value: UInt64 = 0
      for position in 0..<min(GINPostingList.maximumDistanceByteCount, end &- offset) {
        let byte = UInt64(bytes.byte(offset &+ position))
        value |= (byte & 0x7f) << UInt64(7 &* position)
        guard byte & 0x80 != 0 else {
          offset &+= position &+ 1
          return value
        }
      }
      throw .dataTooShort(found: end, expected: end &+ 1)
    }
  }

  /// Reads rows of 6 bytes each.
  struct PlainReader: ~Escapable {
    private let bytes: RawSpan
    private var offset = 0

    /// - rows: a multiple of 6 bytes.
    @_lifetime(copy rows)
    init(_ rows: RawSpan) { bytes = rows }

    mutating func next() throws(RedoFault) -> UInt64? {
      guard bytes.byteCount &- offset >= GINPostingList.rowByteCount else { return nil }
      defer { offset &+= GINPostingList.rowByteCount }
      return try GINPostingList.row(bytes, at: offset)
    }
  }

  /// Writes a list, one row after the other.
  struct Writer {
    private let bytes: UnsafeMutableRawPointer
    /// Where the next distance goes.
    private var offset = GINPostingList.headerByteCount
    private var previous: UInt64?

    /// - bytes: room for a page.
    init(_ bytes: UnsafeMutableRawPointer) { self.bytes = bytes }

    mutating func append(_ row: UInt64) throws(RedoFault) {
      guard let previous else {
        let block = row >> GINPostingList.numberBits
        store16(block >> 16, 0)
        store16(block, 2)
        store16(row & (1 << GINPostingList.numberBits - 1), 4)
        self.previous = row
        return
      }
      guard row > previous else { throw .badField(found: row, limit: previous) }
      guard RedoPage.byteCount &- offset >= GINPostingList.maximumDistanceByteCount &+ 1 else {
        throw .noRoom(found: RedoPage.byteCount &- offset, expected: GINPostingList.maximumDistanceByteCount)
      }
      var distance = row &- previous
      while distance > 0x7f {
        store8(UInt8(truncatingIfNeeded: distance) | 0x80)
        distance >>= 7
      }
      store8(UInt8(truncatingIfNeeded: distance))
      self.previous = row
    }

    /// - Returns: the length of the list; 0 if it has no rows.
    mutating func finish() -> Int {
      guard previous != nil else { return 0 }
      store16(UInt64(offset &- GINPostingList.headerByteCount), 6)
      if offset % 2 != 0 { store8(0) }
      return offset
    }

    private mutating func store8(_ value: UInt8) {
      bytes.storeBytes(of: value, toByteOffset: offset, as: UInt8.self)
      offset &+= 1
    }

    private func store16(_ value: UInt64, _ offset: Int) {
      bytes.storeBytes(
        of: UInt16(truncatingIfNeeded: value).littleEndian,
        toByteOffset: offset,
        as: UInt16.self
      )
    }
  }
}
