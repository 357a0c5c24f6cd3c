import IndexFormat

/// The special part of a B-tree's page: its last 16 bytes.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | left sibling; 0 if none |
/// | 4 | 4 | right sibling; 0 if none |
/// | 8 | 4 | level, from the leaves up |
/// | 12 | 2 | flags |
/// | 14 | 2 | cycle of the vacuum that a split fell into |
///
/// Source: PostgreSQL, `access/nbtree.h`.
struct BTreePage {
  static let specialByteCount = 16
  static let start = RedoPage.byteCount - specialByteCount

  enum Flags {
    static let leaf: UInt16 = 0x001
    static let root: UInt16 = 0x002
    static let deleted: UInt16 = 0x004
    static let meta: UInt16 = 0x008
    static let halfDead: UInt16 = 0x010
    /// The last page that came of a split while a vacuum ran.
    static let splitEnd: UInt16 = 0x020
    static let hasGarbage: UInt16 = 0x040
    static let incompleteSplit: UInt16 = 0x080
    static let hasFullTransaction: UInt16 = 0x100
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
  init(initializing page: RedoPage, left: UInt32, right: UInt32, level: UInt32, flags: UInt16) {
    page.initialize(specialByteCount: Self.specialByteCount)
    self.page = page
    page.store32(left, Self.start)
    page.store32(right, Self.start + 4)
    page.store32(level, Self.start + 8)
    page.store16(flags, Self.start + 12)
  }

  var flags: UInt16 {
    get { page.uint16(Self.start + 12) }
    nonmutating set { page.store16(newValue, Self.start + 12) }
  }

  /// The line pointer of the first tuple that is no upper bound of the page.
  var firstDataNumber: Int { page.uint32(Self.start + 4) == 0 ? 1 : 2 }

  func setLeft(_ block: UInt32) { page.store32(block, Self.start) }
  func setRight(_ block: UInt32) { page.store32(block, Self.start + 4) }
  func setCycle(_ cycle: UInt16) { page.store16(cycle, Self.start + 14) }

  /// Adds the tuples of a record, which keeps them from the last to the first; each has a length of a multiple of 8.
  func addTuples(_ data: RawSpan) throws(RedoFault) {
    let places = page.workspace.places
    var count = 0
    var offset = 0
    while offset < data.byteCount {
      guard count < RedoPage.maximumLinePointerCount, data.byteCount &- offset >= IndexTuple.headerByteCount
      else {
        throw .dataTooShort(found: data.byteCount, expected: offset &+ IndexTuple.headerByteCount)
      }
      let length = RedoPage.aligned(Int(data.littleEndian16(offset &+ 6) & 0x1fff))
      guard length >= IndexTuple.headerByteCount, length <= data.byteCount &- offset else {
        throw .badTupleLength(found: length, expected: data.byteCount &- offset)
      }
      places[count] = TuplePlace(index: count, offset: offset, alignedLength: length)
      count &+= 1
      offset &+= length
    }
    for index in stride(from: count &- 1, through: 0, by: -1) {
      let place = places[index]
      let tuple = data.extracting(place.offset..<place.offset &+ place.alignedLength)
      try page.addTuple(tuple, at: count &- index)
    }
  }

  /// Adds the upper bound of a page that is half dead: it names the topmost page of the branch that goes with it.
  func addTopParent(_ block: UInt32) throws(RedoFault) {
    let tuple = page.workspace.tuple
    tuple.initializeMemory(as: UInt8.self, repeating: 0, count: IndexTuple.headerByteCount)
    // Length 8, without a row.
    tuple.storeBytes(of: UInt16(0x2008).littleEndian, toByteOffset: 6, as: UInt16.self)
    try IndexTuple(tuple, room: IndexTuple.headerByteCount).block = block
    try page.addTuple(tuple, IndexTuple.headerByteCount, at: 1, overwrites: false)
  }
}
