/// Tuples of a B-tree, as `IndexTuple` has them. What their keys are, only the operator class can tell.
///
/// | tuple | rule |
/// |---|---|
/// | each | its length is that of its line pointer, a multiple of 8, up to 2,712 |
/// | of a row, in leaves | block and line pointer of a row; or a posting list |
/// | posting list | two rows or more, rising, behind the key, at a multiple of 8, up to the end but for alignment |
/// | of a child, in inner pages | not the first block or this one; up to 32 columns. The first has no key: 8 bytes |
/// | upper bound | as that of a child, of which the block does not count. No posting list; may not be dead |
/// | upper bound of a half-dead page | 8 bytes |
///
/// Trees of versions before 12 have no mark in tuples of inner pages, and no count of columns.
enum BTreeTupleCheck {
  private static let maximumByteCount = 2712
  private static let maximumColumnCount: UInt16 = 32
  /// Bits of the line pointer's number beside the count, where a tuple has the mark that it is none.
  private static let hasRow: UInt16 = 0x1000
  private static let reserved: UInt16 = 0xc000

  static func checkTopParent(_ page: PageView) throws(PageFault) {
    let item = page.indexItem(1)
    try page.requireLength(item, atMost: IndexTuple.headerByteCount)
    let isAlive = page.pointer(1).isNormal
    try page.require(isAlive, "lp_flags", at: PageView.start, number: 1, page.pointer(1).state, "just", 1)
  }

  static func checkUpperBound(_ page: PageView) throws(PageFault) {
    let item = page.indexItem(1)
    let pointer = page.pointer(1)
    try page.require(pointer.isNormal, "lp_flags", at: PageView.start, number: 1, pointer.state, "just", 1)
    try page.requireLength(item, atMost: maximumByteCount)
    try checkPivot(page, item)
  }

  /// A tuple of an inner page.
  static func checkChild(_ page: PageView, _ number: Int, isFirst: Bool) throws(PageFault) {
    let item = page.indexItem(number)
    try page.requireLength(item, atMost: isFirst ? IndexTuple.headerByteCount : maximumByteCount)
    try page.requireLink(item)
    try checkPivot(page, item)
  }

  private static func checkPivot(_ page: PageView, _ item: IndexItem) throws(PageFault) {
    guard item.info & IndexTuple.isAlternative != 0 else { return }
    let columns = item.position & IndexTuple.countMask
    try page.require(
      item.position & (reserved | IndexTuple.isPostingList) == 0 && columns <= maximumColumnCount,
      "columns of the key",
      at: item.offset &+ 4,
      number: item.number,
      item.position,
      "no bits of posting lists, and columns up to",
      UInt64(maximumColumnCount)
    )
  }

  /// A tuple of a leaf.
  @inline(__always)
  static func checkRow(_ page: PageView, _ number: Int) throws(PageFault) {
    let item = page.indexItem(number)
    try page.requireLength(item, atMost: maximumByteCount)
    guard item.info & IndexTuple.isAlternative != 0 else { return try page.requireRow(item) }
    try page.require(
      item.position & (reserved | hasRow | IndexTuple.isPostingList) == IndexTuple.isPostingList,
      "line pointer of the row",
      at: item.offset &+ 4,
      number: number,
      item.position,
      "the mark of a posting list alone:",
      UInt64(IndexTuple.isPostingList)
    )
    try checkPostingList(page, item)
  }

  private static func checkPostingList(_ page: PageView, _ item: IndexItem) throws(PageFault) {
    let count = Int(item.position & IndexTuple.countMask)
    let start = Int(item.block)
    try page.require(
      count >= 2,
      "rows of the posting list",
      at: item.offset &+ 4,
      number: item.number,
      count,
      "at least",
      2
    )
    try page.require(
      start >= IndexTuple.headerByteCount && start % 8 == 0 && start <= item.length
        && RedoPage.aligned(start &+ count &* IndexTuple.rowByteCount) == item.length,
      "start of the posting list",
      at: item.offset,
      number: item.number,
      start,
      "a multiple of 8 from which on the rows end with the tuple, of bytes:",
      UInt64(item.length)
    )
    var last: UInt64 = 0
    var place = item.offset &+ start
    for _ in 0..<count {
      let (block, position) = (page.blockOfPointer(place), page.uint16(place &+ 4))
      try page.requireRow(block, position, at: place, number: item.number)
      let row = UInt64(block) << 16 | UInt64(position)
      try page.require(
        row > last,
        "row of the posting list",
        at: place,
        number: item.number,
        row,
        "more than",
        last
      )
      last = row
      place &+= IndexTuple.rowByteCount
    }
  }
}
