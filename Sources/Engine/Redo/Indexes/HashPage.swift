import IndexFormat

/// The special part of a hash index's page: its last 16 bytes.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | previous page of the bucket; of a bucket's first page the highest bucket when it was last split |
/// | 4 | 4 | next page of the bucket |
/// | 8 | 4 | bucket |
/// | 12 | 2 | flags |
/// | 14 | 2 | 0xFF80 |
///
/// No page and no bucket are 0xFFFFFFFF. Source: PostgreSQL, `access/hash.h`.
struct HashPage {
  static let specialByteCount = 16
  static let none: UInt32 = .max
  static let start = RedoPage.byteCount - specialByteCount
  static let identity: UInt16 = 0xff80

  enum Flags {
    static let unused: UInt16 = 0
    static let overflow: UInt16 = 0x01
    static let bucket: UInt16 = 0x02
    static let bitmap: UInt16 = 0x04
    static let meta: UInt16 = 0x08
    static let isBeingFilled: UInt16 = 0x10
    static let isBeingSplit: UInt16 = 0x20
    static let needsSplitCleanup: UInt16 = 0x40
    static let hasDeadTuples: UInt16 = 0x80
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
  init(initializing page: RedoPage, previous: UInt32 = none, bucket: UInt32 = none, flags: UInt16) {
    page.initialize(specialByteCount: Self.specialByteCount)
    self.page = page
    setPrevious(previous)
    setNext(Self.none)
    page.store32(bucket, Self.start + 8)
    page.store16(flags, Self.start + 12)
    page.store16(Self.identity, Self.start + 14)
  }

  var flags: UInt16 {
    get { page.uint16(Self.start + 12) }
    nonmutating set { page.store16(newValue, Self.start + 12) }
  }

  func setPrevious(_ block: UInt32) { page.store32(block, Self.start) }
  func setNext(_ block: UInt32) { page.store32(block, Self.start + 4) }

  // MARK: Bitmap

  /// Makes it a page that tells which overflow pages are in use: all of them, of `byteCount` bytes.
  static func initializeBitmap(_ page: RedoPage, byteCount: Int) throws(RedoFault) {
    let room = start - RedoPage.headerByteCount
    guard byteCount <= room else { throw .badField(found: UInt64(byteCount), limit: UInt64(room)) }
    _ = HashPage(initializing: page, flags: Flags.bitmap)
    let content = page.bytes + RedoPage.headerByteCount
    content.initializeMemory(as: UInt8.self, repeating: 0xff, count: byteCount)
    page.lower = RedoPage.headerByteCount &+ byteCount
  }

  /// Sets whether an overflow page is in use.
  func setUsed(_ isUsed: Bool, bit: UInt32) throws(RedoFault) {
    let place = RedoPage.headerByteCount &+ Int(bit / 8)
    guard place < Self.start else {
      throw .badField(found: UInt64(bit), limit: UInt64((Self.start - RedoPage.headerByteCount) * 8 - 1))
    }
    let mask = UInt8(1) << UInt8(bit % 8)
    page.store8(isUsed ? page.uint8(place) | mask : page.uint8(place) & ~mask, place)
  }

  // MARK: Tuples

  /// Adds tuples of a record: their line pointers, 2 bytes each, then the tuples, each of a multiple of 8 bytes.
  func addTuples(_ count: Int, _ data: RawSpan) throws(RedoFault) {
    guard count > 0 else { return }
    var numbers = RecordBytes(data)
    var tuples = RecordBytes(data)
    try tuples.skip(count &* 2)
    for _ in 0..<count {
      let number = Int(try numbers.uint16())
      guard tuples.remaining >= IndexTuple.headerByteCount else {
        throw .dataTooShort(found: data.byteCount, expected: tuples.offset &+ IndexTuple.headerByteCount)
      }
      let length = RedoPage.aligned(Int(data.littleEndian16(tuples.offset &+ 6) & IndexTuple.lengthMask))
      guard length >= IndexTuple.headerByteCount else {
        throw .badTupleLength(found: length, expected: IndexTuple.headerByteCount)
      }
      try page.addTuple(try tuples.take(length), at: number)
    }
    try tuples.end()
  }
}
