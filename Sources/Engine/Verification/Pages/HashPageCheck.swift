/// A page of a hash index.
///
/// | what | rule |
/// |---|---|
/// | last two bytes | 0xFF80 |
/// | flags | one kind of page at the most, and what goes with it; those of the header are 0 |
/// | first block | the meta page, and no other block is one: `HashMetaCheck` |
/// | unused page, bitmap | no bucket and no neighbours; no tuples; a bitmap has 4,096 bytes behind the header |
/// | page of a bucket | a bucket; the next page another one, or none |
/// | its first page | the highest bucket when it was last split is not below its own |
/// | its other pages | have one before them |
/// | tuples | 16 bytes, of a row, in the order of their hash codes; may be dead |
/// | hash code | belongs to the bucket |
///
/// A hash code's lower bits are the bucket: at least as many as the bucket's number has. The first page of a bucket
/// says how many there were when it was last split; what belongs to its other half stays only up to the end of the
/// split and of the cleaning behind it, of which there are marks.
///
/// Sources: PostgreSQL `access/hash.h`, `access/hash/{hashpage,hashovfl,hashinsert,hashutil}.c`.
struct HashPageCheck: ~Escapable {
  private let page: PageView
  private let previous: UInt32
  private let next: UInt32
  private let bucket: UInt32
  private let flags: UInt16

  private typealias Flags = HashPage.Flags

  private static let kinds = Flags.overflow | Flags.bucket | Flags.bitmap | Flags.meta
  private static let splits = Flags.isBeingFilled | Flags.isBeingSplit | Flags.needsSplitCleanup
  private static let tupleByteCount = 16
  /// A tuple that a split brought here has this bit.
  private static let movedBySplit: UInt16 = 0x2000

  @_lifetime(copy page)
  private init(_ page: PageView) {
    self.page = page
    previous = page.uint32(HashPage.start)
    next = page.uint32(HashPage.start + 4)
    bucket = page.uint32(HashPage.start + 8)
    flags = page.uint16(HashPage.start + 12)
  }

  static func check(_ page: PageView) throws(PageFault) {
    try page.requireSpecial(HashPage.specialByteCount)
    try page.requireFlags(0)
    let identity = page.uint16(HashPage.start + 14)
    try page.require(
      identity == HashPage.identity,
      "hasho_page_id",
      at: HashPage.start + 14,
      identity,
      "just",
      UInt64(HashPage.identity)
    )
    let check = HashPageCheck(page)
    try check.checkFlags()
    switch check.flags & kinds {
    case Flags.meta: try HashMetaCheck.check(page)
    case Flags.bitmap: try check.checkBare(contentByteCount: 1 << Int(HashMeta.bitmapShift))
    case Flags.unused: try check.checkBare(contentByteCount: 0)
    default:
      try check.checkChain()
      try check.checkTuples()
    }
  }

  private func checkFlags() throws(PageFault) {
    let place = HashPage.start + 12
    let kind = flags & Self.kinds
    let state = flags & ~Self.kinds
    let isRight =
      switch kind {
      case Flags.unused, Flags.bitmap, Flags.meta: state == 0
      case Flags.overflow: state & ~Flags.hasDeadTuples == 0
      case Flags.bucket:
        // One at a time.
        state & ~(Self.splits | Flags.hasDeadTuples) == 0 && (state & Self.splits).nonzeroBitCount <= 1
      default: false
      }
    try page.require(isRight, "hasho_flag", at: place, flags, "one kind of page, and marks that go with it")
    try page.require(
      (kind == Flags.meta) == (page.block == 0),
      "hasho_flag",
      at: place,
      flags,
      "the meta page just in the first block:",
      UInt64(Flags.meta)
    )
  }

  private func checkBare(contentByteCount: Int) throws(PageFault) {
    let place = HashPage.start
    let lower = PageView.start + contentByteCount
    try page.require(previous == HashPage.none, "hasho_prevblkno", at: place, previous, "no block")
    try page.require(next == HashPage.none, "hasho_nextblkno", at: place + 4, next, "no block")
    try page.require(bucket == HashPage.none, "hasho_bucket", at: place + 8, bucket, "no bucket")
    try page.require(page.lower == lower, "pd_lower", at: 12, page.lower, "just", UInt64(lower))
    try page.require(
      page.upper == page.special,
      "pd_upper",
      at: 14,
      page.upper,
      "pd_special,",
      UInt64(page.special)
    )
  }

  private func checkChain() throws(PageFault) {
    let place = HashPage.start
    let isFirst = flags & Flags.bucket != 0
    try page.require(
      next == HashPage.none || next != 0 && next != page.block && (isFirst || next != previous),
      "hasho_nextblkno",
      at: place + 4,
      next,
      "none, or another block than the first one, the one before and block",
      UInt64(page.block)
    )
    try page.require(bucket != HashPage.none, "hasho_bucket", at: place + 8, bucket, "a bucket")
    if isFirst {
      try page.require(
        previous >= bucket,
        "hasho_prevblkno",
        at: place,
        previous,
        "the highest bucket then, at least",
        UInt64(bucket)
      )
    } else {
      try page.requireLink(previous, "hasho_prevblkno", at: place)
    }
  }

  private func checkTuples() throws(PageFault) {
    try page.requireItems(.dead, minimum: Self.tupleByteCount)
    let count = page.itemCount
    let mask = bucketMask
    var last: UInt32 = 0
    var number = 1
    while number <= count {
      let item = page.indexItem(number)
      try page.require(
        item.info & ~Self.movedBySplit == UInt16(Self.tupleByteCount) && item.length == Self.tupleByteCount,
        "t_info",
        at: item.offset &+ 6,
        number: number,
        item.info,
        "no nulls, and the length of the line pointer:",
        UInt64(Self.tupleByteCount)
      )
      try page.requireRow(item)
      let code = page.uint32(item.offset &+ IndexTuple.headerByteCount)
      try page.require(
        code >= last,
        "hash code",
        at: item.offset &+ 8,
        number: number,
        code,
        "at least",
        UInt64(last)
      )
      try page.require(
        belongs(code, mask),
        "hash code",
        at: item.offset &+ 8,
        number: number,
        code,
        "one of bucket",
        UInt64(bucket)
      )
      last = code
      number &+= 1
    }
  }

  /// As many bits as the bucket's number has.
  private var bucketMask: UInt32 { bucket == 0 ? 0 : .max >> UInt32(bucket.leadingZeroBitCount) }

  @inline(__always)
  private func belongs(_ code: UInt32, _ mask: UInt32) -> Bool {
    let isSplitDone = flags & (Self.splits | Flags.overflow) == 0
    // Without a highest bucket, the page is of a version before 10.
    guard isSplitDone, previous != HashPage.none else { return code & mask == bucket }
    let high = previous == 0 ? 0 : UInt32.max >> UInt32(previous.leadingZeroBitCount)
    let place = code & high
    return (place <= previous ? place : place & high >> 1) == bucket
  }
}
