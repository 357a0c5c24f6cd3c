import IndexFormat

/// The special part of a page of a GiST index: its last 16 bytes.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 8 | LSN of the page's last split, the upper half first |
/// | 8 | 4 | right sibling; `UInt32.max` if none |
/// | 12 | 2 | flags |
/// | 14 | 2 | 0xff81 |
///
/// Source: PostgreSQL, `access/gist.h`.
struct GiSTPage {
  static let specialByteCount = 16
  static let start = RedoPage.byteCount - specialByteCount
  static let mark: UInt16 = 0xff81
  static let noBlock = UInt32.max
  static let rootBlock = BlockNumber(0)

  enum Flags {
    static let leaf: UInt16 = 0x01
    static let deleted: UInt16 = 0x02
    static let hasDeletedTuples: UInt16 = 0x04
    /// The right sibling has no tuple in the parent yet.
    static let followRight: UInt16 = 0x08
    static let hasGarbage: UInt16 = 0x10
  }

  let page: RedoPage

  /// A page that is there already.
  init(_ page: RedoPage) throws(RedoFault) {
    guard page.special == Self.start else {
      throw .badPageBounds(lower: page.lower, upper: page.upper, special: page.special)
    }
    self.page = page
  }

  /// Makes the page anew.
  init(initializing page: RedoPage, splitLSN: UInt64, right: UInt32, flags: UInt16) {
    page.initialize(specialByteCount: Self.specialByteCount)
    self.page = page
    setSplitLSN(splitLSN)
    page.store32(right, Self.start + 8)
    page.store16(flags, Self.start + 12)
    page.store16(Self.mark, Self.start + 14)
  }

  var flags: UInt16 {
    get { page.uint16(Self.start + 12) }
    nonmutating set { page.store16(newValue, Self.start + 12) }
  }

  func setSplitLSN(_ lsn: UInt64) {
    page.store32(UInt32(truncatingIfNeeded: lsn >> 32), Self.start)
    page.store32(UInt32(truncatingIfNeeded: lsn), Self.start + 4)
  }

  /// Makes it a page that is deleted. It then holds the transaction that may still see it, of 8 bytes.
  func delete(_ transaction: RawSpan) throws(RedoFault) {
    flags |= Flags.deleted
    try page.store(transaction, RedoPage.headerByteCount)
    page.lower = RedoPage.headerByteCount &+ transaction.byteCount
  }
}
