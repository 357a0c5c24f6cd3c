import IndexFormat

/// What the checksum of a record of PostgreSQL says: whether the record is whole and, if one bit of it was flipped,
/// which one.
///
/// CRC-32C is linear: flipping a bit changes the checksum by a number that depends on where the bit stands alone, and
/// these numbers all differ. So the difference of the stored and the computed checksum names the bit. Damage of more
/// bits may look like one only where their numbers happen to add up to it.
struct RecordDamage: Equatable {
  struct Bit: Equatable {
    /// In the record.
    var byte: Int
    /// 0 is the lowest.
    var bit: Int
  }

  var stored: UInt32
  var computed: UInt32
  var flipped: Bit?

  /// Longer records are not searched for the bit.
  private static let longest = 1 << 17
  private static let checksumOffset = 20
  /// CRC-32C's, reflected.
  private static let polynomial: UInt32 = 0x82f6_3b78

  /// Nil for a whole record, and for one without a header.
  @inline(__always)
  init?(_ record: RawSpan) {
    guard record.byteCount >= WALRecordHeader.byteCount else { return nil }
    let stored = record.littleEndian32(Self.checksumOffset)
    let computed = RecordChecksum.value(of: record)
    guard stored != computed else { return nil }
    self.init(stored, computed, record.byteCount)
  }

  @inline(never)
  private init(_ stored: UInt32, _ computed: UInt32, _ byteCount: Int) {
    self.stored = stored
    self.computed = computed
    flipped = Self.bit(stored ^ computed, byteCount)
  }

  private static func bit(_ difference: UInt32, _ byteCount: Int) -> Bit? {
    if difference.nonzeroBitCount == 1 {
      let bit = difference.trailingZeroBitCount
      return Bit(byte: checksumOffset + bit / 8, bit: bit % 8)
    }
    guard byteCount <= longest else { return nil }
    var changes = InlineArray<8, UInt32> { bit in advanced(UInt32(1) << UInt32(bit)) }
    // The checksum takes the header last, so the bytes are gone through from its end, and then from the record's.
    for place in (0..<byteCount - 4).reversed() {
      let byte =
        place < byteCount - WALRecordHeader.byteCount
        ? place + WALRecordHeader.byteCount : place - (byteCount - WALRecordHeader.byteCount)
      for bit in 0..<8 {
        if changes[bit] == difference { return Bit(byte: byte, bit: bit) }
        changes[bit] = advanced(changes[bit])
      }
    }
    return nil
  }

  /// What a state of the checksum is eight zero bits later.
  private static func advanced(_ state: UInt32) -> UInt32 {
    var state = state
    for _ in 0..<8 { state = state >> 1 ^ (state & 1 == 1 ? polynomial : 0) }
    return state
  }

  /// Where it is, in words.
  var place: String {
    flipped.map { "bit \($0.bit) of byte \($0.byte) was flipped" } ?? "more than one bit differs"
  }
}
