/// A page of a B-tree.
///
/// | what | rule |
/// |---|---|
/// | first block | the meta page, and no other block is one: `BTreeMetaCheck` |
/// | flags | known ones; those of the header are 0 |
/// | siblings | not the page itself, and not the same on both sides |
/// | root | has no siblings |
/// | half-written split | has a right sibling |
/// | level | 0 just in leaves; below 64 |
/// | cycle of the vacuum | up to 0xFF7F, so that the page is not taken for one of another access method |
/// | deleted pages of version 14 on | 8 bytes behind the header, and no tuples. Older ones may hold anything |
/// | half-dead pages | leaves with a right sibling and one tuple, of 8 bytes |
/// | other pages | have an upper bound if they have a right sibling, and inner ones a child |
/// | tuples | in leaves up to 408, which may be dead; `BTreeTupleCheck` |
///
/// A page that was made ready and not used yet is whole. Sources: PostgreSQL `access/nbtree.h`,
/// `access/nbtree/{nbtpage,nbtutils}.c`, `contrib/amcheck/verify_nbtree.c`.
struct BTreePageCheck: ~Escapable {
  private let page: PageView
  private let left: UInt32
  private let right: UInt32
  private let level: UInt32
  private let flags: UInt16

  private typealias Flags = BTreePage.Flags

  private static let knownFlags: UInt16 = 0x1ff
  private static let maximumCycle: UInt16 = 0xff7f
  private static let maximumLevel: UInt32 = 63
  /// More tuples of 16 bytes do not fit.
  private static let maximumTupleCount = 408
  private static let deletedByteCount = 8

  @_lifetime(copy page)
  private init(_ page: PageView) {
    self.page = page
    left = page.uint32(BTreePage.start)
    right = page.uint32(BTreePage.start + 4)
    level = page.uint32(BTreePage.start + 8)
    flags = page.uint16(BTreePage.start + 12)
  }

  static func check(_ page: PageView) throws(PageFault) {
    try page.requireSpecial(BTreePage.specialByteCount)
    try page.requireFlags(0)
    let check = BTreePageCheck(page)
    guard !check.isUnused else { return }
    try check.checkFlags()
    if check.has(Flags.meta) { return try BTreeMetaCheck.check(page) }
    try check.checkPlaceInTree()
    if check.has(Flags.deleted) { return try check.checkDeleted() }
    try check.checkTuples()
  }

  private func has(_ flag: UInt16) -> Bool { flags & flag != 0 }
  private var isLeaf: Bool { has(Flags.leaf) }
  /// The line pointer of the first tuple that is no upper bound.
  private var first: Int { right == 0 ? 1 : 2 }

  /// Whether it was only made ready: nothing in it, and nothing in its special part.
  private var isUnused: Bool {
    page.lower == PageView.start && page.upper == page.special
      && page.uint64(BTreePage.start) | page.uint64(BTreePage.start + 8) == 0
  }

  private func checkFlags() throws(PageFault) {
    let place = BTreePage.start + 12
    try page.require(
      flags & ~Self.knownFlags == 0,
      "btpo_flags",
      at: place,
      flags,
      "no bits but",
      UInt64(Self.knownFlags)
    )
    try page.require(
      has(Flags.meta) == (page.block == 0) && (!has(Flags.meta) || flags == Flags.meta),
      "btpo_flags",
      at: place,
      flags,
      "the mark of a meta page just in the first block, and no other there:",
      UInt64(Flags.meta)
    )
    let isDying = has(Flags.halfDead) || has(Flags.deleted)
    let isRight =
      !(has(Flags.halfDead) && (has(Flags.deleted) || !isLeaf)) && !(isDying && has(Flags.root))
      && (!has(Flags.hasFullTransaction) || has(Flags.deleted))
      && (isLeaf || !has(Flags.hasGarbage) || isDying)
    try page.require(isRight, "btpo_flags", at: place, flags, "marks that do not exclude each other")
  }

  private func checkPlaceInTree() throws(PageFault) {
    let place = BTreePage.start
    let isOld = has(Flags.deleted) && !has(Flags.hasFullTransaction)
    try page.require(
      left != page.block,
      "btpo_prev",
      at: place,
      left,
      "another block than",
      UInt64(page.block)
    )
    try page.require(
      right != page.block && (right == 0 || right != left || has(Flags.deleted)),
      "btpo_next",
      at: place + 4,
      right,
      "another block than this one and btpo_prev,",
      UInt64(left)
    )
    try page.require(
      !has(Flags.root) || left == 0 && right == 0,
      "btpo_next",
      at: place + 4,
      right,
      "no siblings of the root"
    )
    try page.require(
      right != 0 || !has(Flags.incompleteSplit) && !has(Flags.halfDead),
      "btpo_next",
      at: place + 4,
      right,
      "a right sibling"
    )
    // Versions before 14 keep a transaction there in deleted pages.
    try page.require(
      isOld || isLeaf == (level == 0) && level <= Self.maximumLevel,
      "btpo_level",
      at: place + 8,
      level,
      "0 just in leaves, and at most",
      UInt64(Self.maximumLevel)
    )
    let cycle = page.uint16(place + 14)
    try page.require(
      cycle <= Self.maximumCycle,
      "btpo_cycleid",
      at: place + 14,
      cycle,
      "at most",
      UInt64(Self.maximumCycle)
    )
  }

  private func checkDeleted() throws(PageFault) {
    guard has(Flags.hasFullTransaction) else { return }
    let lower = PageView.start + Self.deletedByteCount
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

  private func checkTuples() throws(PageFault) {
    try page.requireLinePointers(atMost: Self.maximumTupleCount)
    let count = page.itemCount
    let least = has(Flags.halfDead) ? 1 : isLeaf ? first - 1 : first
    try page.require(
      count >= least && (count == 1 || !has(Flags.halfDead)),
      "line pointers",
      at: 12,
      count,
      "the upper bound, in an inner page also a child, in a half-dead page no more; at least",
      UInt64(least)
    )
    try page.requireItems(isLeaf ? .dead : [], minimum: IndexTuple.headerByteCount)
    if has(Flags.halfDead) { return try BTreeTupleCheck.checkTopParent(page) }
    if first == 2 { try BTreeTupleCheck.checkUpperBound(page) }
    var number = first
    while number <= count {
      if isLeaf {
        try BTreeTupleCheck.checkRow(page, number)
      } else {
        try BTreeTupleCheck.checkChild(page, number, isFirst: number == first)
      }
      number &+= 1
    }
  }
}
