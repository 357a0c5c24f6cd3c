import IndexFormat

/// Replay of deleting pages, which takes two steps. Source: PostgreSQL, `access/nbtree/README`.
enum BTreeDeletionRedo {
  /// A leaf becomes half dead, and its parent leads to the page right of it. Blocks: 0 the leaf, 1 the parent.
  ///
  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 2 | line pointer in the parent |
  /// | 4 | 4 | the leaf |
  /// | 8 | 4 | its left sibling |
  /// | 12 | 4 | its right sibling |
  /// | 16 | 4 | topmost page of the branch that goes with it |
  static func markHalfDead(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    let number = Int(try main.uint16())
    try main.skip(6)
    let left = try main.uint32()
    let right = try main.uint32()
    let topParent = try main.uint32()
    switch target.reference.id {
    case 0:
      try target.require(isInitialized: true)
      try makeHalfDead(page, left, right, topParent)
    case 1:
      try target.require(isInitialized: false)
      let next = try IndexTuple(page, number &+ 1).block
      try IndexTuple(page, number).block = next
      try page.deleteIndexTuple(number &+ 1)
    default: throw .blockNotNamed
    }
  }

  private static func makeHalfDead(
    _ page: RedoPage,
    _ left: UInt32,
    _ right: UInt32,
    _ topParent: UInt32
  ) throws(RedoFault) {
    let flags = BTreePage.Flags.halfDead | BTreePage.Flags.leaf
    let leaf = BTreePage(initializing: page, left: left, right: right, level: 0, flags: flags)
    try leaf.addTopParent(topParent)
  }

  /// A page is taken out of the chain of its siblings. Blocks: 0 the page, 1 and 2 its left and right sibling, 3 the
  /// leaf of its branch if that is another page, 4 the meta page.
  ///
  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 4 | left sibling |
  /// | 4 | 4 | right sibling |
  /// | 8 | 4 | level |
  /// | 16 | 8 | transaction from which on the page may be used again |
  /// | 24 | 4 | left sibling of the leaf |
  /// | 28 | 4 | right sibling of the leaf |
  /// | 32 | 4 | next page of the leaf's branch |
  static func unlink(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    let left = try main.uint32()
    let right = try main.uint32()
    let level = try main.uint32()
    try main.skip(4)
    let (lowHalf, highHalf) = (try main.uint32(), try main.uint32())
    let (leafLeft, leafRight, topParent) = (try main.uint32(), try main.uint32(), try main.uint32())
    switch target.reference.id {
    case 0:
      try target.require(isInitialized: true)
      let flags =
        BTreePage.Flags.deleted | BTreePage.Flags.hasFullTransaction | (level == 0 ? BTreePage.Flags.leaf : 0)
      _ = BTreePage(initializing: page, left: left, right: right, level: level, flags: flags)
      page.store32(lowHalf, RedoPage.headerByteCount)
      page.store32(highHalf, RedoPage.headerByteCount + 4)
      page.lower = RedoPage.headerByteCount + 8
    case 1:
      try target.require(isInitialized: false)
      try BTreePage(page).setRight(right)
    case 2:
      try target.require(isInitialized: false)
      try BTreePage(page).setLeft(left)
    case 3:
      try target.require(isInitialized: true)
      try makeHalfDead(page, leafLeft, leafRight, topParent)
    case 4: try BTreeRedo.restoreMeta(record.data(of: target.reference), target, page)
    default: throw .blockNotNamed
    }
  }
}
