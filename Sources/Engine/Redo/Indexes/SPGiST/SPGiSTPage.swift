import IndexFormat

/// The special part of a page of an SP-GiST index, its last 8 bytes, and its tuples.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 2 | flags |
/// | 2 | 2 | count of redirections |
/// | 4 | 2 | count of placeholders |
/// | 6 | 2 | 0xff82 |
///
/// Numbers of tuples must not change: what goes leaves a `SPGiSTDeadTuple`, and what comes takes the place of one.
/// Source: PostgreSQL, `access/spgist_private.h`.
struct SPGiSTPage {
  static let specialByteCount = 8
  static let start = RedoPage.byteCount - specialByteCount
  static let mark: UInt16 = 0xff82

  enum Flags {
    static let meta: UInt16 = 1
    /// No version sets it.
    static let deleted: UInt16 = 2
    static let leaf: UInt16 = 4
    static let nulls: UInt16 = 8
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
  init(initializing page: RedoPage, isLeaf: Bool, storesNulls: Bool) {
    page.initialize(specialByteCount: Self.specialByteCount)
    self.page = page
    page.store16((isLeaf ? Flags.leaf : 0) | (storesNulls ? Flags.nulls : 0), Self.start)
    page.store16(Self.mark, Self.start + 6)
  }

  /// The page as the record has it: made anew, or there already.
  init(_ page: RedoPage, _ target: RedoTarget, isNew: Bool, isLeaf: Bool, storesNulls: Bool) throws(RedoFault)
  {
    try target.require(isInitialized: isNew)
    if isNew {
      self.init(initializing: page, isLeaf: isLeaf, storesNulls: storesNulls)
    } else {
      try self.init(page)
    }
  }

  var redirectionCount: UInt16 {
    get { page.uint16(Self.start + 2) }
    nonmutating set { page.store16(newValue, Self.start + 2) }
  }

  var placeholderCount: UInt16 {
    get { page.uint16(Self.start + 4) }
    nonmutating set { page.store16(newValue, Self.start + 4) }
  }

  // MARK: Tuples

  /// Puts a tuple in the place of a placeholder, or behind the last one.
  func add(_ tuple: RawSpan, at number: Int) throws(RedoFault) {
    if number <= page.linePointerCount {
      guard try state(of: number) == SPGiSTDeadTuple.State.placeholder else {
        throw .usedLinePointer(number)
      }
      placeholderCount &-= 1
      try page.deleteIndexTuple(number)
    }
    try page.addTuple(tuple, at: number)
  }

  /// Puts a tuple in the place of any other one.
  func replace(_ number: Int, _ tuple: RawSpan) throws(RedoFault) {
    try page.deleteIndexTuple(number)
    try page.addTuple(tuple, at: number)
  }

  private func state(of number: Int) throws(RedoFault) -> UInt8 {
    page.uint8(try page.indexTupleOffset(number, SPGiSTDeadTuple.byteCount)) & SPGiSTDeadTuple.State.mask
  }

  /// Adds a tuple under a number from which on others move up.
  func addDead(_ tuple: SPGiSTDeadTuple, at number: Int) throws(RedoFault) {
    try tuple.withSpan { (bytes) throws(RedoFault) in try page.addTuple(bytes, at: number) }
    switch tuple.state {
    case SPGiSTDeadTuple.State.redirect: redirectionCount &+= 1
    case SPGiSTDeadTuple.State.placeholder: placeholderCount &+= 1
    default: break
    }
  }

  /// Puts dead tuples in the places of others.
  ///
  /// - numbers: of 2 bytes each, in any order.
  /// - first: for the first of the numbers.
  func replace(_ numbers: RawSpan, first: SPGiSTDeadTuple, others: SPGiSTDeadTuple) throws(RedoFault) {
    let count = numbers.byteCount / 2
    guard count > 0 else { return }
    try sort(numbers)
    let sorted = RawSpan(_unsafeStart: page.workspace.tuple, byteCount: count &* 2)
    var deleted = RecordBytes(sorted)
    try page.deleteIndexTuples(count, &deleted)
    let firstNumber = numbers.littleEndian16(0)
    for position in 0..<count {
      let number = sorted.littleEndian16(position &* 2)
      try addDead(number == firstNumber ? first : others, at: Int(number))
    }
  }

  /// Puts numbers of 2 bytes each into the workspace, rising.
  private func sort(_ numbers: RawSpan) throws(RedoFault) {
    let lineCount = page.linePointerCount
    var isListed = InlineArray<32, UInt64>(repeating: 0)
    for offset in stride(from: 0, to: numbers.byteCount &- 1, by: 2) {
      let number = Int(numbers.littleEndian16(offset))
      guard number >= 1, number <= lineCount else { throw .noLinePointer(number, count: lineCount) }
      let bit: UInt64 = 1 << UInt64(number & 63)
      guard isListed[number >> 6] & bit == 0 else { throw .noTuple(number) }
      isListed[number >> 6] |= bit
    }
    var offset = 0
    for word in isListed.indices {
      var bits = isListed[word]
      while bits != 0 {
        let number = UInt16(truncatingIfNeeded: word << 6 | bits.trailingZeroBitCount)
        page.workspace.tuple.storeBytes(of: number.littleEndian, toByteOffset: offset, as: UInt16.self)
        offset &+= 2
        bits &= bits &- 1
      }
    }
  }

  /// Makes redirections placeholders. What else they hold stays.
  func makePlaceholder(_ number: Int) throws(RedoFault) {
    let place = try page.indexTupleOffset(number, SPGiSTDeadTuple.byteCount)
    page.store8(page.uint8(place) | SPGiSTDeadTuple.State.placeholder, place)
    page.storeBlockOfPointer(UInt32.max, place &+ 6)
    page.store16(0, place &+ 10)
  }

  /// Sets the next tuple of a chain of leaf tuples.
  func setNext(of number: Int, _ next: UInt16) throws(RedoFault) {
    let place = try page.indexTupleOffset(number, SPGiSTDeadTuple.byteCount) &+ 4
    page.store16(page.uint16(place) & 0xc000 | next & 0x3fff, place)
  }

  /// Sets where a node of an inner tuple leads to.
  func setLink(_ link: SPGiSTLink, _ block: BlockNumber, _ number: Int) throws(RedoFault) {
    let pointer = try page.indexTuplePointer(link.number)
    let end = pointer.offset &+ pointer.length
    guard pointer.length >= SPGiSTInnerTuple.headerByteCount else {
      throw .badTupleLength(found: pointer.length, expected: SPGiSTInnerTuple.headerByteCount)
    }
    let nodeCount = Int(page.uint16(pointer.offset) >> 3)
    guard link.node < nodeCount else { throw .badField(found: UInt64(link.node), limit: UInt64(nodeCount)) }
    var place = pointer.offset &+ SPGiSTInnerTuple.headerByteCount &+ Int(page.uint16(pointer.offset &+ 2))
    for node in 0...link.node {
      guard place &+ IndexTuple.headerByteCount <= end else {
        throw .badTupleLength(found: pointer.length, expected: place &- pointer.offset)
      }
      guard node < link.node else { break }
      let length = Int(page.uint16(place &+ 6) & 0x1fff)
      guard length >= IndexTuple.headerByteCount else {
        throw .badTupleLength(found: length, expected: IndexTuple.headerByteCount)
      }
      place &+= length
    }
    page.storeBlockOfPointer(block.value, place)
    page.store16(UInt16(truncatingIfNeeded: number), place &+ 4)
  }
}

/// A node of an inner tuple, which leads to another tuple.
struct SPGiSTLink {
  /// Of the inner tuple.
  var number: Int
  /// From 0.
  var node: Int
}
