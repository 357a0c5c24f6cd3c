import IndexFormat

/// A tuple of a B-tree, in a page or in the workspace.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 6 | row (block, line pointer); of pivots the child's block; of posting lists where they begin, and their count |
/// | 6 | 2 | bits 0-12: length; bit 13: the row field is none |
/// | 8 | | key, then the posting list: rows of 6 bytes each |
///
/// Source: PostgreSQL, `access/itup.h`, `access/nbtree.h`.
struct IndexTuple {
  static let headerByteCount = 8
  static let rowByteCount = 6
  static let lengthMask: UInt16 = 0x1fff
  static let isAlternative: UInt16 = 0x2000
  static let isPostingList: UInt16 = 0x2000
  static let countMask: UInt16 = 0x0fff

  let bytes: UnsafeMutableRawPointer
  /// By its own field; at least that of the header, and within the room it was made of.
  let length: Int

  /// - room: bytes that may belong to it.
  init(_ bytes: UnsafeMutableRawPointer, room: Int) throws(RedoFault) {
    guard room >= Self.headerByteCount else {
      throw .badTupleLength(found: room, expected: Self.headerByteCount)
    }
    self.bytes = bytes
    length = Int(Self.load16(bytes, 6) & Self.lengthMask)
    guard length >= Self.headerByteCount, length <= room else {
      throw .badTupleLength(found: length, expected: room)
    }
  }

  /// The tuple behind a line pointer.
  init(_ page: RedoPage, _ number: Int) throws(RedoFault) {
    let pointer = try page.indexTuplePointer(number)
    try self.init(page.bytes + pointer.offset, room: pointer.length)
  }

  @inline(__always)
  private static func load16(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt16 {
    UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  @inline(__always)
  private func store16(_ value: UInt16, _ offset: Int) {
    bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt16.self)
  }

  var block: UInt32 {
    get { UInt32(Self.load16(bytes, 0)) << 16 | UInt32(Self.load16(bytes, 2)) }
    nonmutating set {
      store16(UInt16(truncatingIfNeeded: newValue >> 16), 0)
      store16(UInt16(truncatingIfNeeded: newValue), 2)
    }
  }

  private var number: UInt16 { Self.load16(bytes, 4) }
  private var info: UInt16 { Self.load16(bytes, 6) }

  var isPosting: Bool { info & Self.isAlternative != 0 && number & Self.isPostingList != 0 }

  /// Where its rows stand, one after the other: those of a posting list, or the one of its header.
  func rows() throws(RedoFault) -> (offset: Int, count: Int) {
    guard isPosting else { return (0, 1) }
    let start = Int(block)
    let count = Int(number & Self.countMask)
    guard start >= Self.headerByteCount, count > 0, start <= length,
      count * Self.rowByteCount <= length - start
    else { throw .badTupleLength(found: length, expected: start &+ count * Self.rowByteCount) }
    return (start, count)
  }

  /// Length without the posting list.
  func keyLength() throws(RedoFault) -> Int { isPosting ? try rows().offset : length }

  /// Makes it a posting list behind a key; the rows are there already.
  func setPosting(keyLength: Int, count: Int, length: Int) {
    store16(
      info & ~Self.lengthMask | Self.isAlternative | UInt16(truncatingIfNeeded: length) & Self.lengthMask,
      6
    )
    block = UInt32(truncatingIfNeeded: keyLength)
    store16(UInt16(truncatingIfNeeded: count) | Self.isPostingList, 4)
  }

  /// Makes it a tuple of one row, which is written behind this.
  func setPlain(length: Int) {
    store16(
      info & ~(Self.lengthMask | Self.isAlternative) | UInt16(truncatingIfNeeded: length) & Self.lengthMask,
      6
    )
  }

  /// The row of a new tuple goes into the posting list, whose last row the new tuple gets: both stay in order.
  func swap(_ newTuple: IndexTuple, at position: Int) throws(RedoFault) {
    let (start, count) = try rows()
    guard isPosting, position > 0, position < count else {
      throw .badField(found: UInt64(max(0, position)), limit: UInt64(count))
    }
    let size = Self.rowByteCount
    let place = bytes + start + position * size
    let last = bytes + start + (count - 1) * size
    // The last row is overwritten first.
    var row: (UInt32, UInt16) = (0, 0)
    withUnsafeMutableBytes(of: &row) { $0.baseAddress?.copyMemory(from: last, byteCount: size) }
    (place + size).copyMemory(from: place, byteCount: (count - position - 1) * size)
    place.copyMemory(from: newTuple.bytes, byteCount: size)
    withUnsafeBytes(of: row) { source in
      if let start = source.baseAddress { newTuple.bytes.copyMemory(from: start, byteCount: size) }
    }
  }
}
