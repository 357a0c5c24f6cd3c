/// The first page of a GIN index. From offset 24 of the page on:
///
/// | offset | size | field | rule |
/// |---|---|---|---|
/// | 0 | 4 | first page of the pending list | none, or not the first block |
/// | 4 | 4 | its last page | none if there is no first one |
/// | 8 | 4 | room in that one | at most 8,160; 0 without a list |
/// | 12 | 4 | its pages | 0 just without a list |
/// | 16 | 8 | its rows | not negative; 0 without a list |
/// | 24 | 12 | pages in all, of entries, of posting trees, at the last vacuum | |
/// | 40 | 8 | entries then | not negative |
/// | 48 | 4 | version | up to 2 |
///
/// Source: PostgreSQL `access/ginblock.h`, `access/gin/ginfast.c`.
enum GINMetaCheck {
  private static let start = PageView.start
  private static let maximumRoom: UInt32 = 8160
  private static let lastVersion: UInt32 = 2

  static func check(_ page: PageView) throws(PageFault) {
    let lower = start + GINPage.metaByteCount
    // Versions before 11 left it at the end of the header.
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
    let right = page.uint32(GINPage.start)
    try page.require(right == GINPage.noBlock, "rightlink", at: GINPage.start, right, "none of the meta page")
    let version = page.uint32(start + 48)
    try page.require(
      version <= lastVersion,
      "ginVersion",
      at: start + 48,
      version,
      "at most",
      UInt64(lastVersion)
    )
    let entries = Int64(bitPattern: page.uint64(start + 40))
    try page.require(entries >= 0, "nEntries", at: start + 40, entries, "no negative number")
    try checkPendingList(page)
  }

  private static func checkPendingList(_ page: PageView) throws(PageFault) {
    let (head, tail) = (page.uint32(start), page.uint32(start + 4))
    let isEmpty = head == GINPage.noBlock
    try page.require(
      isEmpty || head != 0,
      "head",
      at: start,
      head,
      "none, or another block than the first one"
    )
    try page.require(
      (tail == GINPage.noBlock) == isEmpty && tail != 0,
      "tail",
      at: start + 4,
      tail,
      "none just if there is no head,",
      UInt64(head)
    )
    let room = page.uint32(start + 8)
    try page.require(
      room <= (isEmpty ? 0 : maximumRoom),
      "tailFreeSize",
      at: start + 8,
      room,
      "0 without a list, else at most",
      UInt64(maximumRoom)
    )
    let pages = page.uint32(start + 12)
    try page.require(
      (pages == 0) == isEmpty && (pages == 1) == (!isEmpty && head == tail),
      "nPendingPages",
      at: start + 12,
      pages,
      "as many as from head to tail"
    )
    let rows = Int64(bitPattern: page.uint64(start + 16))
    try page.require(
      isEmpty ? rows == 0 : rows >= 0,
      "nPendingHeapTuples",
      at: start + 16,
      rows,
      "0 without a list, and no negative number"
    )
  }
}
