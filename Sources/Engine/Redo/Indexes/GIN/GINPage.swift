import IndexFormat

/// The special part of a page of a GIN index, its last 8 bytes, and contents that are no tuples.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | right sibling; `UInt32.max` if none |
/// | 4 | 2 | of inner pages of posting trees the entries, of pages of the pending list the rows |
/// | 6 | 2 | flags |
///
/// Pages of posting trees hold from offset 24 of the page on:
///
/// | size | content |
/// |---|---|
/// | 8 | upper bound, a row |
/// | | of leaves: `GINPostingList`s, up to `pd_lower` |
/// | | of others: entries of a child's block (4) and its upper bound (6) |
///
/// Source: PostgreSQL, `access/ginblock.h`.
struct GINPage {
  static let specialByteCount = 8
  static let start = RedoPage.byteCount - specialByteCount
  /// Where posting lists and entries begin.
  static let dataStart = RedoPage.headerByteCount + 8
  static let entryByteCount = 10
  static let noBlock = UInt32.max

  enum Flags {
    static let data: UInt16 = 0x01
    static let leaf: UInt16 = 0x02
    static let deleted: UInt16 = 0x04
    static let meta: UInt16 = 0x08
    static let list: UInt16 = 0x10
    static let listHasWholeRow: UInt16 = 0x20
    static let incompleteSplit: UInt16 = 0x40
    static let compressed: UInt16 = 0x80
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
  init(initializing page: RedoPage, flags: UInt16) {
    page.initialize(specialByteCount: Self.specialByteCount)
    self.page = page
    page.store32(Self.noBlock, Self.start)
    page.store16(flags, Self.start + 6)
  }

  /// Makes the page anew as the meta page, with its contents of 56 bytes.
  init(initializing page: RedoPage, meta: RawSpan) throws(RedoFault) {
    self.init(initializing: page, flags: Flags.meta)
    try page.store(meta, RedoPage.headerByteCount)
    page.lower = RedoPage.headerByteCount &+ meta.byteCount
  }

  static let metaByteCount = 56

  func setRight(_ block: UInt32) { page.store32(block, Self.start) }

  var count: Int {
    get { Int(page.uint16(Self.start + 4)) }
    nonmutating set { page.store16(UInt16(truncatingIfNeeded: newValue), Self.start + 4) }
  }

  var flags: UInt16 {
    get { page.uint16(Self.start + 6) }
    nonmutating set { page.store16(newValue, Self.start + 6) }
  }

  // MARK: Entries of inner pages of posting trees

  private func entryOffset(_ number: Int) -> Int { Self.dataStart &+ (number &- 1) &* Self.entryByteCount }

  private func setCount(_ number: Int) {
    count = number
    page.lower = Self.dataStart &+ number &* Self.entryByteCount
  }

  private func checkEntry(_ number: Int) throws(RedoFault) {
    let count = count
    guard number >= 1, number <= count else {
      throw .badField(found: UInt64(max(0, number)), limit: UInt64(count))
    }
    guard entryOffset(count &+ 1) <= Self.start else {
      throw .noRoom(found: Self.start &- Self.dataStart, expected: count &* Self.entryByteCount)
    }
  }

  /// A child was split: its entry names the right half now, a new one before it the left half.
  func insertEntry(_ entry: RawSpan, at number: Int, right: UInt32) throws(RedoFault) {
    try checkEntry(number)
    let (place, end) = (entryOffset(number), entryOffset(count &+ 1))
    guard end &+ Self.entryByteCount <= Self.start else {
      throw .noRoom(found: Self.start &- end, expected: Self.entryByteCount)
    }
    page.storeBlockOfPointer(right, place)
    try page.move(end &- place, from: place, to: place &+ Self.entryByteCount)
    try page.store(entry, place)
    setCount(count &+ 1)
  }

  func deleteEntry(_ number: Int) throws(RedoFault) {
    try checkEntry(number)
    let (next, end) = (entryOffset(number &+ 1), entryOffset(count &+ 1))
    try page.move(end &- next, from: next, to: next &- Self.entryByteCount)
    setCount(count &- 1)
  }
}
