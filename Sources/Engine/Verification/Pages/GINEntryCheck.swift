/// Tuples of a page of a GIN index's entries, as `IndexTuple` has them.
///
/// | tuple | rule |
/// |---|---|
/// | each | its length is that of its line pointer, a multiple of 8, up to 2,712 |
/// | of inner pages | a child: another block than the first one and this one; 0 in place of a line pointer |
/// | of leaves, with a posting tree | 0xFFFF in place of a line pointer; its root is another block, too |
/// | of leaves, with rows | their count in place of a line pointer; where they begin in that of the block, bit 31 set |
/// | rows | a `GINPostingList` of as many, rising, that ends with the tuple but for alignment; or none |
///
/// Without bit 31, rows are not compressed: 6 bytes each, of versions before 9.4. Sources: PostgreSQL
/// `access/ginblock.h`, `access/gin/ginentrypage.c`.
enum GINEntryCheck {
  static let maximumByteCount = 2712
  private static let isTree: UInt16 = 0xffff
  private static let isCompressed: UInt32 = 1 << 31

  static func check(_ page: PageView, isLeaf: Bool) throws(PageFault) {
    try page.requireItems([], minimum: IndexTuple.headerByteCount)
    let count = page.itemCount
    var number = 1
    while number <= count {
      let item = page.indexItem(number)
      try page.requireLength(item, atMost: maximumByteCount)
      if !isLeaf {
        try page.requireLink(item)
        try page.require(
          item.position == 0,
          "line pointer of the child",
          at: item.offset &+ 4,
          number: number,
          item.position,
          "just",
          0
        )
      } else if item.position == isTree {
        try page.requireLink(item.block, "root of the posting tree", at: item.offset, number: number)
      } else {
        try checkRows(page, item)
      }
      number &+= 1
    }
  }

  private static func checkRows(_ page: PageView, _ item: IndexItem) throws(PageFault) {
    let start = Int(item.block & ~isCompressed)
    let count = Int(item.position)
    try page.require(
      start >= IndexTuple.headerByteCount && start <= item.length && start % 2 == 0,
      "start of the rows",
      at: item.offset,
      number: item.number,
      start,
      "an even number within the tuple, up to",
      UInt64(item.length)
    )
    let isPacked = item.block & isCompressed != 0
    var length = 0
    if count > 0 {
      let rest = page.bytes.extracting(item.offset &+ start..<item.offset &+ item.length)
      length = isPacked ? GINPostingTreeCheck.byteCount(rest) : count &* GINPostingList.rowByteCount
    }
    try page.require(
      length >= 0 && RedoPage.aligned(start &+ length) == item.length,
      "rows",
      at: item.offset &+ start,
      number: item.number,
      length,
      "bytes up to the end of the tuple,",
      UInt64(item.length)
    )
    guard count > 0, isPacked else { return }
    let place = item.offset &+ start
    let list = page.bytes.extracting(place..<place &+ length)
    let (rowCount, _) = try GINPostingTreeCheck.checkList(
      page,
      list,
      above: 0,
      at: place,
      number: item.number
    )
    try page.require(
      rowCount == count,
      "rows",
      at: item.offset &+ 4,
      number: item.number,
      rowCount,
      "as many as the tuple says,",
      UInt64(count)
    )
  }
}
