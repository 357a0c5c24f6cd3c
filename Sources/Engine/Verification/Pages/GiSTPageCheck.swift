/// A page of a GiST index.
///
/// | what | rule |
/// |---|---|
/// | last two bytes | 0xFF81 |
/// | flags | known ones; those of the header are 0 |
/// | LSN of the last split | not above that of the page |
/// | right sibling | none, or not the root; the root has none; one that is still to be followed is there |
/// | deleted pages | not the root; no tuples, and nothing or 8 bytes behind the header |
/// | tuples of leaves | of a row; may be dead |
/// | tuples of other pages | of a child, another block; 0xFFFF in place of a line pointer, before 9.1 also 0xFFFE |
/// | lengths | those of the line pointers |
///
/// A page may be its own right sibling: deleting a page leaves links to it as they are, and if it is used again when
/// its left neighbour is split, it takes over such a link. Links are followed only where LSNs tell of a split.
///
/// Sources: PostgreSQL `access/gist.h`, `access/gist_private.h`, `access/gist/gistutil.c`.
struct GiSTPageCheck: ~Escapable {
  private let page: PageView
  private let flags: UInt16

  private typealias Flags = GiSTPage.Flags

  private static let knownFlags: UInt16 = 0x1f
  private static let validChild: UInt16 = 0xffff
  private static let invalidChild: UInt16 = 0xfffe
  private static let deletedByteCount = 8
  private static let maximumByteCount = 8152

  @_lifetime(copy page)
  private init(_ page: PageView) {
    self.page = page
    flags = page.uint16(GiSTPage.start + 12)
  }

  static func check(_ page: PageView) throws(PageFault) {
    try page.requireSpecial(GiSTPage.specialByteCount)
    try page.requireFlags(0)
    let check = GiSTPageCheck(page)
    try check.checkSpecial()
    if check.flags & Flags.deleted != 0 { return try check.checkDeleted() }
    try check.checkTuples()
  }

  private func checkSpecial() throws(PageFault) {
    let place = GiSTPage.start
    let mark = page.uint16(place + 14)
    try page.require(
      mark == GiSTPage.mark,
      "gist_page_id",
      at: place + 14,
      mark,
      "just",
      UInt64(GiSTPage.mark)
    )
    try page.require(
      flags & ~Self.knownFlags == 0,
      "flags",
      at: place + 12,
      flags,
      "no bits but",
      UInt64(Self.knownFlags)
    )
    let splitLSN = UInt64(page.uint32(place)) << 32 | UInt64(page.uint32(place + 4))
    // While an index is built, the LSN is 1 in both places.
    try page.require(splitLSN <= max(page.lsn, 1), "nsn", at: place, splitLSN, "at most", page.lsn)
    let right = page.uint32(place + 8)
    let isRoot = page.block == GiSTPage.rootBlock.value
    if right == GiSTPage.noBlock {
      let follows = flags & Flags.followRight != 0
      try page.require(
        !follows,
        "rightlink",
        at: place + 8,
        right,
        "a right sibling, which is to be followed"
      )
    } else {
      let mayBe = !isRoot && right != GiSTPage.rootBlock.value
      try page.require(mayBe, "rightlink", at: place + 8, right, "none of the root, and never the root")
    }
  }

  private func checkDeleted() throws(PageFault) {
    let isRoot = page.block == GiSTPage.rootBlock.value
    try page.require(!isRoot, "flags", at: GiSTPage.start + 12, flags, "a root that is not deleted")
    let content = page.lower - PageView.start
    try page.require(
      content == 0 || content == Self.deletedByteCount,
      "pd_lower",
      at: 12,
      page.lower,
      "24, or the end of a transaction's number,",
      UInt64(PageView.start + Self.deletedByteCount)
    )
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
    let isLeaf = flags & Flags.leaf != 0
    try page.requireItems(isLeaf ? .dead : [], minimum: IndexTuple.headerByteCount)
    let count = page.itemCount
    var number = 1
    while number <= count {
      let item = page.indexItem(number)
      try page.requireLength(item, atMost: Self.maximumByteCount)
      if isLeaf {
        try page.requireRow(item)
      } else {
        try page.requireLink(item)
        try page.require(
          item.position == Self.validChild || item.position == Self.invalidChild,
          "mark of a child",
          at: item.offset &+ 4,
          number: number,
          item.position,
          "65534, or",
          UInt64(Self.validChild)
        )
      }
      number &+= 1
    }
  }
}
