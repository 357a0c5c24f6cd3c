import IndexFormat

/// Replay of generalized search trees. Source: PostgreSQL, `access/gist/gistxlog.c`.
enum GiSTRedo {
  private enum Operation {
    static let mask: UInt8 = 0xf0
    static let update: UInt8 = 0x00
    static let delete: UInt8 = 0x10
    static let split: UInt8 = 0x30
    static let deletePage: UInt8 = 0x60
  }

  static func replay(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage) throws(RedoFault)
  {
    if isSplitChild(record, target) {
      try target.require(isInitialized: false)
      try finishSplit(target, page)
      return
    }
    switch record.header.info & Operation.mask {
    case Operation.update: try update(record, target, page)
    case Operation.delete: try delete(record, target, page)
    case Operation.split: try split(record, target, page)
    case Operation.deletePage: try deletePage(record, target, page)
    default: throw .wrongKey
    }
    page.lsn = target.lsn
  }

  // MARK: Child whose split is complete

  /// The block is the left half of a child whose right half has got its tuple: block 1 of an update, 0 of a split.
  private static func isSplitChild(_ record: borrowing WALRecord, _ target: RedoTarget) -> Bool {
    switch record.header.info & Operation.mask {
    case Operation.update: target.reference.id == 1
    case Operation.split: target.reference.id == 0
    default: false
    }
  }

  private static func finishSplit(_ target: RedoTarget, _ page: RedoPage) throws(RedoFault) {
    let child = try GiSTPage(page)
    child.setSplitLSN(target.lsn.value)
    child.flags &= ~GiSTPage.Flags.followRight
    page.lsn = target.lsn
  }

  /// An image of the child is from before the change of its LSN and flag.
  static func replayBehindImage(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    if isSplitChild(record, target) { try finishSplit(target, page) }
  }

  // MARK: Update

  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 2 | count of tuples that are deleted |
  /// | 2 | 2 | count of new tuples |
  ///
  /// Data of block 0: numbers of tuples that are deleted, 2 bytes each, then the new tuples.
  private static func update(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    guard target.reference.id == 0 else { throw .blockNotNamed }
    try target.require(isInitialized: false)
    let tree = try GiSTPage(page)
    var main = RecordBytes(record.mainData)
    let deletedCount = Int(try main.uint16())
    let newCount = Int(try main.uint16())
    var data = RecordBytes(record.data(of: target.reference))
    if deletedCount == 1, newCount == 1 {
      let number = Int(try data.uint16())
      let tuple = try BTreeRedo.copy(try data.takeIndexTuple(), page)
      try page.overwriteIndexTuple(number, tuple.bytes, tuple.length)
    } else if deletedCount > 0 {
      try page.deleteIndexTuples(deletedCount, &data)
      if tree.flags & GiSTPage.Flags.leaf != 0 { tree.flags |= GiSTPage.Flags.hasDeletedTuples }
    }
    while data.remaining > 0 {
      try page.addTuple(try data.takeIndexTuple(), at: page.linePointerCount &+ 1)
    }
  }

  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 4 | transaction that standby servers must not see any more |
  /// | 4 | 2 | count of tuples |
  /// | 6 | 2 | since 16: whether the table is one of the catalog |
  /// | | 2 each | numbers of tuples |
  private static func delete(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    guard target.reference.id == 0 else { throw .blockNotNamed }
    try target.require(isInitialized: false)
    let tree = try GiSTPage(page)
    var main = RecordBytes(record.mainData)
    try main.skip(4)
    let count = Int(try main.uint16())
    if target.rules.version >= .v16 { try main.skip(2) }
    try page.deleteIndexTuples(count, &main)
    tree.flags = tree.flags & ~GiSTPage.Flags.hasGarbage | GiSTPage.Flags.hasDeletedTuples
  }

  // MARK: Split

  /// Blocks from 1 on become the pages of the split, each made anew.
  ///
  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 4 | right sibling of the last page |
  /// | 8 | 8 | LSN of the split before |
  /// | 16 | 1 | whether a leaf was split |
  /// | 18 | 2 | count of pages |
  /// | 20 | 1 | whether pages are marked until their right siblings have got their tuples |
  ///
  /// Data of a block: count of tuples (4), tuples.
  private static func split(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    try target.require(isInitialized: true)
    var main = RecordBytes(record.mainData)
    var right = try main.uint32()
    try main.skip(4)
    let lower = try main.uint32()
    let splitLSN = UInt64(try main.uint32()) << 32 | UInt64(lower)
    let isLeaf = try main.uint8() != 0
    try main.skip(1)
    let count = try main.uint16()
    let marks = try main.uint8() != 0

    let id = target.reference.id
    guard UInt16(id) <= count, let first = record.block(id: 1)?.block else { throw .blockNotNamed }
    var flags: UInt16 = 0
    if target.block == GiSTPage.rootBlock {
      right = GiSTPage.noBlock
    } else {
      if isLeaf { flags |= GiSTPage.Flags.leaf }
      if UInt16(id) < count {
        guard let next = record.block(id: id &+ 1)?.block else { throw .blockNotNamed }
        right = next.value
        if marks, first != GiSTPage.rootBlock { flags |= GiSTPage.Flags.followRight }
      }
    }
    _ = GiSTPage(initializing: page, splitLSN: splitLSN, right: right, flags: flags)
    var data = RecordBytes(record.data(of: target.reference))
    try page.appendIndexTuples(Int(Int32(truncatingIfNeeded: try data.uint32())), &data)
  }

  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 8 | transaction that may still see the page |
  /// | 8 | 2 | number of the tuple in the parent, which is block 1 |
  private static func deletePage(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    try target.require(isInitialized: false)
    var main = RecordBytes(record.mainData)
    let transaction = try main.take(8)
    let number = Int(try main.uint16())
    switch target.reference.id {
    case 0: try GiSTPage(page).delete(transaction)
    case 1: try page.deleteIndexTuple(number)
    default: throw .blockNotNamed
    }
  }
}
