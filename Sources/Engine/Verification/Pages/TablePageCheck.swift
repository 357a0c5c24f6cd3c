import IndexFormat

/// A page of a table.
///
/// | what | rule |
/// |---|---|
/// | special part | none |
/// | line pointers | at most 291; unused and dead ones have no row; redirections lead to rows that need one |
/// | rows | within their part of the page, at multiples of 8, no two with the same bytes |
/// | where columns begin | 23 bytes and the bitmap of nulls, rounded up to 8; within the row |
/// | columns | at most 1,600 |
/// | marks | none that exclude each other (below) |
/// | successor | a line pointer up to 291, or one of the two marks |
/// | xmin, xmax | older than the next transaction or multixact, if that is known |
/// | successor in the page | made by an update within the page, or not: both rows agree |
///
/// A multixact is never marked committed; xmax is not both committed and invalid; what only an update makes has the
/// mark of an update; what was updated within the page, and not in vain, has an xmax; values outside of the row are
/// values of variable width. What `VACUUM FULL` of PostgreSQL 8 left may be there, but not both of its marks.
/// No two redirections lead to the same row.
///
/// Sources: PostgreSQL `contrib/amcheck/verify_heapam.c`, `access/htup_details.h`, `access/heap/{heapam,pruneheap}.c`.
struct TablePageCheck: ~Escapable {
  private let page: PageView
  private let limits: PageCheck.Limits
  /// A bit for each line pointer that a redirection leads to.
  private var targets = InlineArray<5, UInt64>(repeating: 0)

  private typealias Mask = HeapTuple.Mask
  private typealias Mask2 = HeapTuple.Mask2

  private static let maximumColumnCount: UInt16 = 1600
  /// The shortest row: of no columns.
  private static let minimumByteCount = 24
  /// Line pointers that successors never have: the row went to another partition, or its insertion is not certain yet.
  private static let movedMark: UInt16 = 0xfffd
  private static let speculativeMark: UInt16 = 0xfffe

  @_lifetime(copy page)
  private init(_ page: PageView, _ limits: PageCheck.Limits) {
    self.page = page
    self.limits = limits
  }

  static func check(_ page: PageView, _ limits: PageCheck.Limits) throws(PageFault) {
    var check = TablePageCheck(page, limits)
    try check.check()
  }

  private mutating func check() throws(PageFault) {
    try page.requireSpecial(0)
    try page.requireLinePointers(atMost: RedoPage.maximumHeapTupleCount)
    let prunable = page.uint32(20)
    try requireOld(prunable, limits.nextTransaction, "pd_prune_xid", at: 20, number: 0)
    var room = PageRoom()
    var number = 1
    let count = page.itemCount
    while number <= count {
      let pointer = page.pointer(number)
      switch pointer.state {
      case LinePointer.State.normal:
        try page.requirePlace(pointer, number, Self.minimumByteCount, &room)
        try checkRow(number, pointer)
      case LinePointer.State.redirect: try checkRedirection(number, pointer)
      default:
        let isBare = pointer.offset == 0 && !pointer.hasStorage
        let place = PageView.place(number)
        try page.require(isBare, "line pointer", at: place, number: number, pointer.raw, "none but its state")
      }
      number &+= 1
    }
    number = 1
    while number <= count {
      try checkSuccessor(number)
      number &+= 1
    }
  }

  // MARK: Line pointers

  private mutating func checkRedirection(_ number: Int, _ pointer: LinePointer) throws(PageFault) {
    let place = PageView.place(number)
    let target = pointer.offset
    try page.require(!pointer.hasStorage, "lp_len", at: place, number: number, pointer.length, "0")
    try page.require(
      target >= 1 && target <= page.itemCount,
      "redirection",
      at: place,
      number: number,
      target,
      "1 to",
      UInt64(page.itemCount)
    )
    let next = page.pointer(target)
    // The rows of all line pointers lie in the page, or another one is found to be wrong.
    let mayLead =
      next.isNormal && next.offset >= PageView.start
      && next.offset <= PageView.byteCount - Self.minimumByteCount
      && page.uint16(next.offset &+ 18) & Mask2.heapOnly != 0
    try page.require(mayLead, "redirection", at: place, number: number, target, "a row that needs one")
    let bit: UInt64 = 1 << UInt64(target & 63)
    let isFirst = targets[target >> 6] & bit == 0
    try page.require(isFirst, "redirection", at: place, number: number, target, "a row of its own")
    targets[target >> 6] |= bit
  }

  // MARK: Rows

  @inline(__always)
  private func checkRow(_ number: Int, _ pointer: LinePointer) throws(PageFault) {
    let offset = pointer.offset
    let mask2 = page.uint16(offset &+ 18)
    let mask = page.uint16(offset &+ 20)
    let columns = mask2 & Mask2.columns
    try page.require(
      columns <= Self.maximumColumnCount,
      "columns",
      at: offset &+ 18,
      number: number,
      columns,
      "at most",
      UInt64(Self.maximumColumnCount)
    )
    let begin = Int(page.uint8(offset &+ 22))
    let expected = RedoPage.aligned(
      HeapTuple.headerByteCount &+ (mask & Mask.hasNulls != 0 ? (Int(columns) &+ 7) / 8 : 0)
        &+ (mask & Mask.hasObjectID != 0 ? 4 : 0)
    )
    try page.require(
      begin == expected && begin <= pointer.length,
      "t_hoff",
      at: offset &+ 22,
      number: number,
      begin,
      "within the row, and just",
      UInt64(expected)
    )
    try checkMarks(number, offset, mask, mask2)
    try checkTransactions(number, offset, mask)
    try checkPointer(number, offset)
  }

  @inline(__always)
  private func checkMarks(_ number: Int, _ offset: Int, _ mask: UInt16, _ mask2: UInt16) throws(PageFault) {
    let isImpossible =
      mask & (Mask.xmaxCommitted | Mask.isMulti) == Mask.xmaxCommitted | Mask.isMulti
      || mask & (Mask.xmaxCommitted | Mask.xmaxInvalid) == Mask.xmaxCommitted | Mask.xmaxInvalid
      || mask & Mask.moved == Mask.moved
      || mask & (Mask.hasExternal | Mask.hasVariableWidth) == Mask.hasExternal
      || mask2 & Mask2.heapOnly != 0 && mask & Mask.updated == 0
    try page.require(
      !isImpossible,
      "t_infomask",
      at: offset &+ 20,
      number: number,
      mask,
      "marks that do not exclude each other"
    )
    try page.require(
      mask2 & Mask2.free == 0,
      "t_infomask2",
      at: offset &+ 18,
      number: number,
      mask2,
      "no bits of",
      UInt64(Mask2.free)
    )
    // An insertion that was given up is as if it had not been updated.
    let isVain = mask & Mask.xmaxInvalid != 0 || mask & Mask.xminFrozen == Mask.xminInvalid
    let xmax = page.uint32(offset &+ 4)
    try page.require(
      xmax != 0 || mask2 & Mask2.hotUpdated == 0 || isVain,
      "t_xmax",
      at: offset &+ 4,
      number: number,
      xmax,
      "the transaction that updated the row"
    )
  }

  @inline(__always)
  private func checkTransactions(_ number: Int, _ offset: Int, _ mask: UInt16) throws(PageFault) {
    if mask & Mask.xminFrozen != Mask.xminFrozen {
      try requireOld(page.uint32(offset), limits.nextTransaction, "t_xmin", at: offset, number: number)
    }
    let xmax = page.uint32(offset &+ 4)
    if mask & Mask.isMulti == 0 {
      guard mask & Mask.xmaxInvalid == 0 else { return }
      try requireOld(xmax, limits.nextTransaction, "t_xmax", at: offset &+ 4, number: number)
      return
    }
    try page.require(xmax != 0, "t_xmax", at: offset &+ 4, number: number, xmax, "a multixact")
    // Locks of versions before 9.3 are forgotten, and may have any number.
    let isForgotten =
      mask & (Mask.lockOnly | Mask.exclusiveLock | Mask.keyShareLock) == Mask.lockOnly
    guard !isForgotten, let next = limits.nextMultixact else { return }
    try page.require(
      Int32(bitPattern: xmax &- next) < 0,
      "t_xmax",
      at: offset &+ 4,
      number: number,
      xmax,
      "a multixact before",
      UInt64(next)
    )
  }

  /// Throws if a transaction is none that has begun.
  @inline(__always)
  private func requireOld(
    _ transaction: UInt32,
    _ next: UInt32?,
    _ field: StaticString,
    at offset: Int,
    number: Int
  ) throws(PageFault) {
    guard let next else { return }
    try page.require(
      TransactionOrder.precedes(transaction, next),
      field,
      at: offset,
      number: number,
      transaction,
      "a transaction before",
      UInt64(next)
    )
  }

  @inline(__always)
  private func checkPointer(_ number: Int, _ offset: Int) throws(PageFault) {
    let block = page.blockOfPointer(offset &+ 12)
    let position = page.uint16(offset &+ 16)
    let isRow = position >= 1 && position <= RedoPage.maximumHeapTupleCount && block != PageView.noBlock
    try page.require(
      isRow || position == Self.speculativeMark || position == Self.movedMark && block == PageView.noBlock,
      "t_ctid",
      at: offset &+ 12,
      number: number,
      UInt64(block) << 16 | UInt64(position),
      "a block and a line pointer up to",
      UInt64(RedoPage.maximumHeapTupleCount)
    )
  }

  // MARK: Successors

  /// Throws if a row and the one that took its place in the same page do not agree on how. Behind all other checks: the
  /// rows of both line pointers lie in the page.
  private func checkSuccessor(_ number: Int) throws(PageFault) {
    let pointer = page.pointer(number)
    guard pointer.isNormal else { return }
    let offset = pointer.offset
    let mask = page.uint16(offset &+ 20)
    let mask2 = page.uint16(offset &+ 18)
    let position = Int(page.uint16(offset &+ 16))
    guard page.blockOfPointer(offset &+ 12) == page.block, position != number, position >= 1,
      position <= page.itemCount, mask & (Mask.isMulti | Mask.xmaxInvalid | Mask.lockOnly) == 0
    else { return }
    let next = page.pointer(position)
    guard next.isNormal else { return }
    let nextMask = page.uint16(next.offset &+ 20)
    let transaction = page.uint32(offset &+ 4)
    // Else the place has been taken by another row.
    guard transaction != 0, page.uint32(next.offset) == transaction,
      nextMask & Mask.xminFrozen != Mask.xminFrozen
    else { return }
    let isWithinPage = mask2 & Mask2.hotUpdated != 0
    let nextNeedsIt = page.uint16(next.offset &+ 18) & Mask2.heapOnly != 0
    try page.require(
      isWithinPage == nextNeedsIt,
      "t_infomask2",
      at: offset &+ 18,
      number: number,
      mask2,
      "the mark of an update within the page, if that row has it:",
      UInt64(position)
    )
  }
}
