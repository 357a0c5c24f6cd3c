/// A page of an SP-GiST index.
///
/// | what | rule |
/// |---|---|
/// | last two bytes | 0xFF82 |
/// | flags | known ones; those of the header are 0 |
/// | first block | the meta page, and no other block is one |
/// | meta page | 0xBA0BABEE, then 8 times a block and its free room (0 to 8192); `pd_lower` behind it, once at 24 |
/// | second block, third block | the roots; the third one, and not the second, is for nulls |
/// | counts of redirections and placeholders | as many as there are |
/// | tuples | `SPGiSTTupleCheck` |
///
/// Sources: PostgreSQL `access/spgist_private.h`, `access/spgist/{spgutils,spgvacuum}.c`.
struct SPGiSTPageCheck: ~Escapable {
  private let page: PageView
  private let flags: UInt16

  private typealias Flags = SPGiSTPage.Flags
  private typealias State = SPGiSTDeadTuple.State

  private static let knownFlags: UInt16 = 0x0f
  private static let magic: UInt32 = 0xba0b_abee
  private static let root: UInt32 = 1
  private static let rootOfNulls: UInt32 = 2
  private static let cachedPageCount = 8

  @_lifetime(copy page)
  private init(_ page: PageView) {
    self.page = page
    flags = page.uint16(SPGiSTPage.start)
  }

  static func check(_ page: PageView) throws(PageFault) {
    try page.requireSpecial(SPGiSTPage.specialByteCount)
    try page.requireFlags(0)
    let check = SPGiSTPageCheck(page)
    try check.checkSpecial()
    if check.flags & Flags.meta != 0 { return try check.checkMeta() }
    try check.checkTuples()
  }

  private func checkSpecial() throws(PageFault) {
    let place = SPGiSTPage.start
    let mark = page.uint16(place + 6)
    try page.require(
      mark == SPGiSTPage.mark,
      "spgist_page_id",
      at: place + 6,
      mark,
      "just",
      UInt64(SPGiSTPage.mark)
    )
    let isMeta = flags & Flags.meta != 0
    try page.require(
      flags & ~Self.knownFlags == 0 && isMeta == (page.block == 0) && (!isMeta || flags == Flags.meta),
      "flags",
      at: place,
      flags,
      "known ones, and the mark of the meta page just in the first block:",
      UInt64(Flags.meta)
    )
    let isOfNulls = flags & Flags.nulls != 0
    try page.require(
      page.block == Self.rootOfNulls ? isOfNulls : !isOfNulls || page.block != Self.root,
      "flags",
      at: place,
      flags,
      "the mark of nulls in the third block, not in the second:",
      UInt64(Flags.nulls)
    )
  }

  private func checkMeta() throws(PageFault) {
    let start = PageView.start
    let lower = start + 4 + Self.cachedPageCount * 8
    try page.require(
      page.lower == lower || page.lower == start,
      "pd_lower",
      at: 12,
      page.lower,
      "the end of the structure,",
      UInt64(lower)
    )
    try page.require(
      page.upper == page.special,
      "pd_upper",
      at: 14,
      page.upper,
      "pd_special,",
      UInt64(page.special)
    )
    let counts = page.uint32(SPGiSTPage.start + 2)
    try page.require(counts == 0, "nRedirection", at: SPGiSTPage.start + 2, counts, "no tuples")
    let magic = page.uint32(start)
    try page.require(magic == Self.magic, "magicNumber", at: start, magic, "just", UInt64(Self.magic))
    for index in 0..<Self.cachedPageCount {
      let place = start + 4 + 8 * index
      let room = page.uint32(place + 4)
      try page.require(
        room <= UInt32(PageView.byteCount),
        "free room of a page",
        at: place + 4,
        room,
        "at most",
        UInt64(PageView.byteCount)
      )
    }
  }

  private func checkTuples() throws(PageFault) {
    try page.requireItems([], minimum: SPGiSTDeadTuple.byteCount)
    let isLeaf = flags & Flags.leaf != 0
    let isRoot = page.block == Self.root || page.block == Self.rootOfNulls
    var chains = SPGiSTChains()
    var (redirections, placeholders) = (0, 0)
    let count = page.itemCount
    var number = 1
    while number <= count {
      let pointer = page.pointer(number)
      let state = page.uint8(pointer.offset) & State.mask
      switch state {
      case State.redirect: redirections &+= 1
      case State.placeholder: placeholders &+= 1
      default: break
      }
      if state != SPGiSTTupleCheck.live {
        try SPGiSTTupleCheck.checkDead(page, number, pointer, state)
      } else if isLeaf {
        try SPGiSTTupleCheck.checkLeaf(page, number, pointer, isRoot: isRoot, &chains)
      } else {
        try SPGiSTTupleCheck.checkInner(page, number, pointer)
      }
      number &+= 1
    }
    try checkCount(page.uint16(SPGiSTPage.start + 2), redirections, "nRedirection", SPGiSTPage.start + 2)
    try checkCount(page.uint16(SPGiSTPage.start + 4), placeholders, "nPlaceholder", SPGiSTPage.start + 4)
  }

  private func checkCount(_ found: UInt16, _ count: Int, _ field: StaticString, _ place: Int)
    throws(PageFault)
  {
    try page.require(Int(found) == count, field, at: place, found, "as many as there are,", UInt64(count))
  }
}

/// Which tuples of a leaf another one leads to: a bit for each line pointer.
struct SPGiSTChains {
  private var words = InlineArray<32, UInt64>(repeating: 0)

  /// False if one leads there already.
  ///
  /// - number: one that a page can have.
  mutating func take(_ number: Int) -> Bool {
    let bit: UInt64 = 1 << UInt64(number & 63)
    let isFree = words[number >> 6] & bit == 0
    words[number >> 6] |= bit
    return isFree
  }
}
