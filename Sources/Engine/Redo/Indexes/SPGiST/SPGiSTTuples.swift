import IndexFormat

/// What is left of a tuple that was moved or deleted, so that others keep their numbers.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | bits 0-1: state; the rest: length, which is 16 |
/// | 4 | 2 | 0 |
/// | 6 | 6 | of redirections the block and number of the tuple that it leads to, else none |
/// | 12 | 4 | of redirections the transaction |
///
/// Source: PostgreSQL, `access/spgist_private.h`.
struct SPGiSTDeadTuple {
  static let byteCount = 16

  enum State {
    static let mask: UInt8 = 3
    static let redirect: UInt8 = 1
    static let dead: UInt8 = 2
    static let placeholder: UInt8 = 3
  }

  var state: UInt8
  private var block = UInt32.max
  private var number: UInt16 = 0
  private var transaction: UInt32 = 0

  private init(state: UInt8) { self.state = state }

  static let dead = SPGiSTDeadTuple(state: State.dead)
  static let placeholder = SPGiSTDeadTuple(state: State.placeholder)

  /// What a tuple leaves that has gone to another place; while an index is built nobody needs to find it there.
  static func moved(_ block: BlockNumber, _ number: Int, _ origin: SPGiSTOrigin) -> SPGiSTDeadTuple {
    guard !origin.isBuild else { return placeholder }
    var tuple = SPGiSTDeadTuple(state: State.redirect)
    tuple.block = block.value
    tuple.number = UInt16(truncatingIfNeeded: number)
    tuple.transaction = origin.transaction
    return tuple
  }

  func withSpan(_ body: (RawSpan) throws(RedoFault) -> Void) throws(RedoFault) {
    let lower = UInt64(Self.byteCount << 2) | UInt64(state) | UInt64(block >> 16) << 48
    let upper = UInt64(block & 0xffff) | UInt64(number) << 16 | UInt64(transaction) << 32
    let words: InlineArray<2, UInt64> = [lower.littleEndian, upper.littleEndian]
    try body(words.span.bytes)
  }
}

/// Who changed the index, of 8 bytes in records.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | transaction that redirections get |
/// | 4 | 1 | whether the index was being built |
struct SPGiSTOrigin {
  var transaction: UInt32
  var isBuild: Bool

  init(_ data: inout RecordBytes) throws(RedoFault) {
    transaction = try data.uint32()
    isBuild = try data.uint8() != 0
    try data.skip(3)
  }
}

/// | offset | size | field of an inner tuple |
/// |---|---|---|
/// | 0 | 2 | bits 0-1: state; bit 2: all nodes are alike; the rest: count of nodes |
/// | 2 | 2 | length of the prefix |
/// | 4 | 2 | length |
/// | 8 | | prefix, then nodes: block and number (6) that the node leads to, length (2, bits 0-12), label |
enum SPGiSTInnerTuple {
  static let headerByteCount = 8
}

/// Tuples of SP-GiST indexes in records, where they stand one after the other.
extension RecordBytes {
  @_lifetime(copy self)
  mutating func takeInnerTuple() throws(RedoFault) -> RawSpan {
    guard remaining >= SPGiSTInnerTuple.headerByteCount else {
      throw .dataTooShort(found: bytes.byteCount, expected: offset &+ SPGiSTInnerTuple.headerByteCount)
    }
    return try takeTuple(Int(bytes.littleEndian16(offset &+ 4)), SPGiSTInnerTuple.headerByteCount)
  }

  /// A leaf tuple has its length where dead tuples have it.
  @_lifetime(copy self)
  mutating func takeLeafTuple() throws(RedoFault) -> RawSpan {
    guard remaining >= SPGiSTDeadTuple.byteCount else {
      throw .dataTooShort(found: bytes.byteCount, expected: offset &+ SPGiSTDeadTuple.byteCount)
    }
    return try takeTuple(Int(bytes.littleEndian32(offset) >> 2), SPGiSTDeadTuple.byteCount)
  }

  @_lifetime(copy self)
  private mutating func takeTuple(_ length: Int, _ minimum: Int) throws(RedoFault) -> RawSpan {
    guard length >= minimum else { throw .badTupleLength(found: length, expected: minimum) }
    return try take(length)
  }

  /// Numbers of 2 bytes each.
  @_lifetime(copy self)
  mutating func takeNumbers(_ count: Int) throws(RedoFault) -> RawSpan { try take(count &* 2) }

  mutating func bool() throws(RedoFault) -> Bool { try uint8() != 0 }
}
