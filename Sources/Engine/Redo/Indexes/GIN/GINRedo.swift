import IndexFormat

/// Replay of inverted indexes. Source: PostgreSQL, `access/gin/ginxlog.c`.
enum GINRedo {
  private enum Operation {
    static let mask: UInt8 = 0xf0
    static let createPostingTree: UInt8 = 0x10
    static let insert: UInt8 = 0x20
    static let split: UInt8 = 0x30
    static let vacuumPage: UInt8 = 0x40
    static let deletePage: UInt8 = 0x50
    static let updateMeta: UInt8 = 0x60
    static let insertListPage: UInt8 = 0x70
    static let deleteListPages: UInt8 = 0x80
    static let vacuumDataLeaf: UInt8 = 0x90
  }

  /// Of inserts and splits.
  private enum Flags {
    static let isData: UInt16 = 1
    static let isLeaf: UInt16 = 2
  }

  static func replay(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage) throws(RedoFault)
  {
    var main = RecordBytes(record.mainData)
    switch record.header.info & Operation.mask {
    case Operation.createPostingTree: try createPostingTree(&main, target, page)
    case Operation.insert: try insert(record, &main, target, page)
    case Operation.split: try finishSplit(&main, target, page)
    case Operation.vacuumPage: throw .noImage
    case Operation.vacuumDataLeaf:
      try target.require(isInitialized: false)
      try GINLeafRedo.replay(record.data(of: target.reference), page)
    case Operation.deletePage: try deletePage(&main, target, page)
    case Operation.updateMeta: try updateMeta(record, &main, target, page)
    case Operation.insertListPage: try insertListPage(record, &main, target, page)
    case Operation.deleteListPages: try deleteListPages(&main, target, page)
    default: throw .wrongKey
    }
    page.lsn = target.lsn
  }

  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 4 | length of the lists |
  /// | 4 | | lists |
  private static func createPostingTree(
    _ main: inout RecordBytes,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    try target.require(isInitialized: true)
    let count = Int(try main.uint32())
    let lists = try main.take(count)
    guard count <= GINPage.start - GINPage.dataStart else {
      throw .noRoom(found: GINPage.start - GINPage.dataStart, expected: count)
    }
    _ = GINPage(initializing: page, flags: GINPage.Flags.data | GINPage.Flags.leaf | GINPage.Flags.compressed)
    try page.store(lists, GINPage.dataStart)
    page.lower = GINPage.dataStart &+ count
  }

  // MARK: Insert and split

  private static func clearIncompleteSplit(_ target: RedoTarget, _ page: RedoPage) throws(RedoFault) {
    try target.require(isInitialized: false)
    try GINPage(page).flags &= ~GINPage.Flags.incompleteSplit
  }

  /// | block | page |
  /// |---|---|
  /// | 0 | that gets something |
  /// | 1 | left half of the child whose split is complete now, above leaves |
  ///
  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 2 | flags |
  /// | 2 | 4 | left half, above leaves |
  /// | 6 | 4 | right half, above leaves |
  private static func insert(
    _ record: borrowing WALRecord,
    _ main: inout RecordBytes,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    try target.require(isInitialized: false)
    let flags = try main.uint16()
    var right: UInt32?
    if flags & Flags.isLeaf == 0 {
      try main.skip(4)
      right = try main.blockOfPointer()
    }
    switch (target.reference.id, right) {
    case (0, let right):
      let data = record.data(of: target.reference)
      if flags & Flags.isData == 0 {
        try insertTuple(data, right: right, page)
      } else if let right {
        var data = RecordBytes(data)
        let number = Int(try data.uint16())
        try GINPage(page).insertEntry(try data.take(GINPage.entryByteCount), at: number, right: right)
      } else {
        try GINLeafRedo.replay(data, page)
      }
    case (1, .some): try clearIncompleteSplit(target, page)
    default: throw .blockNotNamed
    }
  }

  /// | offset | size | data |
  /// |---|---|---|
  /// | 0 | 2 | line pointer |
  /// | 2 | 1 | whether the tuple replaces another one |
  /// | 4 | | tuple |
  private static func insertTuple(_ data: RawSpan, right: UInt32?, _ page: RedoPage) throws(RedoFault) {
    var data = RecordBytes(data)
    let number = Int(try data.uint16())
    let replaces = try data.uint8() != 0
    try data.skip(1)
    if let right {
      // Of the right half, whose tuple was that of the whole child.
      let place = try page.indexTupleOffset(number, IndexTuple.headerByteCount)
      page.storeBlockOfPointer(right, place)
      page.store16(0, place &+ 4)
    }
    if replaces { try page.deleteIndexTuple(number) }
    try page.addTuple(try data.takeIndexTuple(), at: number)
  }

  /// Blocks 0 to 2 are images. Block 3 is the left half of the child whose split is complete now, above leaves.
  ///
  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 12 | the relation |
  /// | 12 | 12 | right sibling, halves of the child |
  /// | 24 | 2 | flags |
  private static func finishSplit(_ main: inout RecordBytes, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    guard target.reference.id == 3 else { throw .noImage }
    try main.skip(24)
    guard try main.uint16() & Flags.isLeaf == 0 else { throw .blockNotNamed }
    try clearIncompleteSplit(target, page)
  }

  /// | block | page of a posting tree |
  /// |---|---|
  /// | 0 | that is deleted |
  /// | 1 | its parent |
  /// | 2 | its left sibling |
  ///
  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 2 | the parent's entry |
  /// | 4 | 4 | right sibling of the left sibling |
  /// | 8 | 4 | transaction that may still see the page |
  private static func deletePage(_ main: inout RecordBytes, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    try target.require(isInitialized: false)
    let entry = Int(try main.uint16())
    try main.skip(2)
    let right = try main.uint32()
    let transaction = try main.uint32()
    let gin = try GINPage(page)
    switch target.reference.id {
    case 0:
      gin.flags |= GINPage.Flags.deleted
      page.pruneTransaction = transaction
    case 1: try gin.deleteEntry(entry)
    case 2: gin.setRight(right)
    default: throw .blockNotNamed
    }
  }

  // MARK: Pending list

  /// | block | page |
  /// |---|---|
  /// | 0 | the meta page |
  /// | 1 | the list's last page, which gets tuples or a right sibling |
  ///
  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 12 | the relation |
  /// | 16 | 56 | contents of the meta page |
  /// | 72 | 4 | the page that was the last one |
  /// | 76 | 4 | its right sibling |
  /// | 80 | 4 | count of tuples; 0 if pages are added |
  private static func updateMeta(
    _ record: borrowing WALRecord,
    _ main: inout RecordBytes,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    try main.skip(16)
    let meta = try main.take(GINPage.metaByteCount)
    let previous = try main.uint32()
    let right = try main.uint32()
    let count = Int(Int32(truncatingIfNeeded: try main.uint32()))
    switch target.reference.id {
    case 0:
      try target.require(isInitialized: true)
      _ = try GINPage(initializing: page, meta: meta)
    case 1 where count > 0:
      try target.require(isInitialized: false)
      let list = try GINPage(page)
      var tuples = RecordBytes(record.data(of: target.reference))
      try page.appendIndexTuples(count, &tuples)
      list.count &+= 1
    case 1 where previous != GINPage.noBlock:
      try target.require(isInitialized: false)
      try GINPage(page).setRight(right)
    default: throw .blockNotNamed
    }
  }

  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 4 | right sibling |
  /// | 4 | 4 | count of tuples, which are the block's data |
  private static func insertListPage(
    _ record: borrowing WALRecord,
    _ main: inout RecordBytes,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    try target.require(isInitialized: true)
    let right = try main.uint32()
    let count = Int(Int32(truncatingIfNeeded: try main.uint32()))
    let isLast = right == GINPage.noBlock
    let list = GINPage(
      initializing: page,
      flags: GINPage.Flags.list | (isLast ? GINPage.Flags.listHasWholeRow : 0)
    )
    list.setRight(right)
    list.count = isLast ? 1 : 0
    var tuples = RecordBytes(record.data(of: target.reference))
    try page.appendIndexTuples(count, &tuples)
  }

  /// Block 0 is the meta page, the others are the list's first ones.
  ///
  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 56 | contents of the meta page |
  /// | 56 | 4 | count of pages |
  private static func deleteListPages(_ main: inout RecordBytes, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    try target.require(isInitialized: true)
    let meta = try main.take(GINPage.metaByteCount)
    let count = Int(Int32(truncatingIfNeeded: try main.uint32()))
    if target.reference.id == 0 {
      _ = try GINPage(initializing: page, meta: meta)
    } else {
      guard Int(target.reference.id) <= count else { throw .blockNotNamed }
      _ = GINPage(initializing: page, flags: GINPage.Flags.deleted)
    }
  }
}
