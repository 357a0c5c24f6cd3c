import IndexFormat

/// Tuples of indexes that stand one after the other in a record.
extension RecordBytes {
  private static let lengthOffset = 6
  private static let lengthMask: UInt16 = 0x1fff

  /// The tuple that comes next, as long as its own header says.
  @_lifetime(copy self)
  mutating func takeIndexTuple() throws(RedoFault) -> RawSpan {
    guard remaining >= IndexTuple.headerByteCount else {
      throw .dataTooShort(found: bytes.byteCount, expected: offset &+ IndexTuple.headerByteCount)
    }
    let length = Int(bytes.littleEndian16(offset &+ Self.lengthOffset) & Self.lengthMask)
    guard length >= IndexTuple.headerByteCount else {
      throw .badTupleLength(found: length, expected: IndexTuple.headerByteCount)
    }
    return try take(length)
  }

  /// Two numbers of 2 bytes each, the upper half first: a block as pointers have it.
  mutating func blockOfPointer() throws(RedoFault) -> UInt32 {
    let upper = try uint16()
    return UInt32(upper) << 16 | UInt32(try uint16())
  }
}

extension RedoPage {
  /// Stores a block as pointers have it: two numbers of 2 bytes each, the upper half first.
  func storeBlockOfPointer(_ block: UInt32, _ offset: Int) {
    store16(UInt16(truncatingIfNeeded: block >> 16), offset)
    store16(UInt16(truncatingIfNeeded: block), offset &+ 2)
  }

  /// Adds the next `count` tuples of a record behind those that are there.
  func appendIndexTuples(_ count: Int, _ tuples: inout RecordBytes) throws(RedoFault) {
    guard count >= 0, count <= Self.maximumLinePointerCount else {
      throw .badField(found: UInt64(max(0, count)), limit: UInt64(Self.maximumLinePointerCount))
    }
    for _ in 0..<count { try addTuple(try tuples.takeIndexTuple(), at: linePointerCount &+ 1) }
  }

  /// Where a tuple stands that has at least so many bytes.
  func indexTupleOffset(_ number: Int, _ byteCount: Int) throws(RedoFault) -> Int {
    let pointer = try indexTuplePointer(number)
    guard pointer.length >= byteCount else {
      throw .badTupleLength(found: pointer.length, expected: byteCount)
    }
    return pointer.offset
  }
}
