/// Pages of the posting trees of a GIN index, which hold no tuples: see `GINPage`.
///
/// | what | rule |
/// |---|---|
/// | all | nothing is stored at the end of the page |
/// | leaves | posting lists up to `pd_lower`, of rows that rise through all of them |
/// | other pages | as many entries as the special part says, up to `pd_lower`; children are other blocks |
/// | bounds | rise; none is above the page's own, and no row of a leaf; the last of the rightmost pages have none |
///
/// Versions before 9.4 left `pd_lower` of inner pages at the end of the header. Sources: PostgreSQL
/// `access/ginblock.h`, `access/gin/{gindatapage,ginpostinglist}.c`.
enum GINPostingTreeCheck {
  private static let numberMask: UInt64 = 1 << GINPostingList.numberBits - 1

  static func checkLeaf(_ page: PageView) throws(PageFault) {
    try checkShape(page)
    try page.require(
      page.lower >= GINPage.dataStart,
      "pd_lower",
      at: 12,
      page.lower,
      "at least",
      UInt64(GINPage.dataStart)
    )
    var place = GINPage.dataStart
    var last: UInt64 = 0
    while place < page.lower {
      let length = byteCount(page.bytes.extracting(place..<page.lower))
      try page.require(
        length > 0,
        "posting list",
        at: place,
        page.lower,
        "a list that ends at pd_lower or before"
      )
      let list = page.bytes.extracting(place..<place &+ length)
      last = try checkList(page, list, above: last, at: place, number: 0).last
      place &+= length
    }
    // A row counts with fewer bits for its line pointer than a bound has.
    let row = (last >> GINPostingList.numberBits) << 16 | last & numberMask
    try checkBound(page, row)
  }

  static func checkInner(_ page: PageView) throws(PageFault) {
    try checkShape(page)
    let count = Int(page.uint16(GINPage.start + 4))
    let end = GINPage.dataStart &+ count &* GINPage.entryByteCount
    try page.require(
      end <= GINPage.start && (page.lower == end || page.lower == PageView.start),
      "maxoff",
      at: GINPage.start + 4,
      count,
      "entries that end at pd_lower,",
      UInt64(page.lower)
    )
    var last: UInt64 = 0
    for index in 0..<count {
      let place = GINPage.dataStart &+ index &* GINPage.entryByteCount
      try page.requireLink(page.blockOfPointer(place), "block of the child", at: place)
      let bound = pointer(page, place &+ 4)
      if index == count &- 1, isRightmost(page) { return }
      try page.require(bound > last, "bound of the child", at: place &+ 4, bound, "more than", last)
      last = bound
    }
    try checkBound(page, last)
  }

  private static func isRightmost(_ page: PageView) -> Bool { page.uint32(GINPage.start) == GINPage.noBlock }

  private static func pointer(_ page: PageView, _ place: Int) -> UInt64 {
    UInt64(page.blockOfPointer(place)) << 16 | UInt64(page.uint16(place &+ 4))
  }

  private static func checkShape(_ page: PageView) throws(PageFault) {
    try page.require(
      page.upper == page.special,
      "pd_upper",
      at: 14,
      page.upper,
      "pd_special,",
      UInt64(page.special)
    )
  }

  /// Throws if the last row or bound of a page that has a right sibling is above the page's bound.
  private static func checkBound(_ page: PageView, _ last: UInt64) throws(PageFault) {
    guard !isRightmost(page) else { return }
    let bound = pointer(page, PageView.start)
    try page.require(bound >= last, "bound of the page", at: PageView.start, bound, "at least", last)
  }

  // MARK: Posting lists

  /// Length of the list that the bytes begin with; -1 if it is longer than they are.
  static func byteCount(_ bytes: RawSpan) -> Int {
    do throws(RedoFault) {
      return try GINPostingList.byteCount(bytes, at: 0)
    } catch {
      return -1
    }
  }

  /// Throws unless the rows rise, and have line pointers.
  ///
  /// - list: the whole list, and no more.
  /// - previous: the row before it; 0 if none is.
  /// - number: the line pointer of its tuple; 0 if none.
  static func checkList(_ page: PageView, _ list: RawSpan, above previous: UInt64, at place: Int, number: Int)
    throws(PageFault) -> (count: Int, last: UInt64)
  {
    var reader = GINPostingList.Reader(list)
    var (count, last) = (0, previous)
    while true {
      let row: UInt64?
      do throws(RedoFault) {
        row = try reader.next()
      } catch {
        throw PageFault(
          field: "row of a posting list",
          offset: place,
          number: number,
          found: UInt64(count),
          expected: "more rows than that, or another end"
        )
      }
      guard let row else { return (count, last) }
      try page.require(
        row > last && row & numberMask != 0,
        "row of a posting list",
        at: place,
        number: number,
        row,
        "one with a line pointer above",
        last
      )
      last = row
      count &+= 1
    }
  }
}
