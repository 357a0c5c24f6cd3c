import IndexFormat

/// A page of a GIN index.
///
/// | what | rule |
/// |---|---|
/// | flags | of one kind of page, with what goes with it; those of the header are 0 |
/// | first block | the meta page, and no other block is one: `GINMetaCheck` |
/// | second block | the root of the tree of entries |
/// | right sibling | none, or not the first block or this one. The root has none, a half-written split has one |
/// | deleted pages | hold anything |
/// | pages of entries | `GINEntryCheck` |
/// | pages of posting trees | `GINPostingTreeCheck` |
/// | pages of the pending list | tuples of rows; not more rows than tuples |
///
/// Sources: PostgreSQL `access/ginblock.h`, `access/gin/{gininsert,ginfast,ginvacuum,ginutil}.c`.
struct GINPageCheck: ~Escapable {
  private let page: PageView
  private let right: UInt32
  private let flags: UInt16

  private typealias Flags = GINPage.Flags

  private static let rootBlock: UInt32 = 1

  @_lifetime(copy page)
  private init(_ page: PageView) {
    self.page = page
    right = page.uint32(GINPage.start)
    flags = page.uint16(GINPage.start + 6)
  }

  static func check(_ page: PageView) throws(PageFault) {
    try page.requireSpecial(GINPage.specialByteCount)
    try page.requireFlags(0)
    let check = GINPageCheck(page)
    try check.checkFlags()
    if check.has(Flags.meta) { return try GINMetaCheck.check(page) }
    try check.checkSibling()
    if check.has(Flags.deleted) { return }
    if check.has(Flags.list) { return try check.checkList() }
    if !check.has(Flags.data) { return try GINEntryCheck.check(page, isLeaf: check.has(Flags.leaf)) }
    if !check.has(Flags.leaf) { return try GINPostingTreeCheck.checkInner(page) }
    // Versions before 9.4 did not compress.
    if check.has(Flags.compressed) { try GINPostingTreeCheck.checkLeaf(page) }
  }

  private func has(_ flag: UInt16) -> Bool { flags & flag != 0 }

  private func checkFlags() throws(PageFault) {
    let place = GINPage.start + 6
    // What may be there besides what tells the kind.
    let extra =
      if has(Flags.meta) {
        Flags.meta
      } else if has(Flags.list) {
        Flags.list | Flags.listHasWholeRow
      } else if !has(Flags.data) {
        // A page of the pending list that is deleted keeps no other flag.
        has(Flags.deleted) ? Flags.deleted : Flags.leaf | Flags.incompleteSplit
      } else {
        Flags.data | Flags.leaf | Flags.incompleteSplit | Flags.deleted
          | (has(Flags.leaf) ? Flags.compressed : 0)
      }
    try page.require(
      flags & ~extra == 0,
      "flags",
      at: place,
      flags,
      "marks of one kind of page, such as",
      UInt64(extra)
    )
    try page.require(
      has(Flags.meta) == (page.block == 0),
      "flags",
      at: place,
      flags,
      "the mark of a meta page just in the first block:",
      UInt64(Flags.meta)
    )
    try page.require(
      page.block != Self.rootBlock || !has(Flags.list | Flags.data | Flags.deleted),
      "flags",
      at: place,
      flags,
      "those of a root of entries in the second block"
    )
  }

  private func checkSibling() throws(PageFault) {
    if right == GINPage.noBlock {
      let isHalf = has(Flags.incompleteSplit)
      try page.require(
        !isHalf,
        "rightlink",
        at: GINPage.start,
        right,
        "a right sibling, as of a half-written split"
      )
    } else {
      let isRoot = page.block == Self.rootBlock
      try page.require(!isRoot, "rightlink", at: GINPage.start, right, "none of the root")
      try page.requireLink(right, "rightlink", at: GINPage.start)
    }
  }

  private func checkList() throws(PageFault) {
    try page.requireItems([], minimum: IndexTuple.headerByteCount)
    let count = page.itemCount
    let rowCount = page.uint16(GINPage.start + 4)
    try page.require(
      Int(rowCount) <= count,
      "rows of the pending list",
      at: GINPage.start + 4,
      rowCount,
      "at most as tuples,",
      UInt64(count)
    )
    var number = 1
    while number <= count {
      let item = page.indexItem(number)
      try page.requireLength(item, atMost: GINEntryCheck.maximumByteCount)
      try page.requireRow(item)
      number &+= 1
    }
  }
}
