import IndexFormat

/// Replay of B-trees.
///
/// | block of an insert, a new root | page |
/// |---|---|
/// | 0 | that gets the tuple, or the new root |
/// | 1 | child whose split is complete now, above leaves |
/// | 2 | the meta page |
///
/// Source: PostgreSQL, `access/nbtree/nbtxlog.c`.
enum BTreeRedo {
  enum Operation {
    static let mask: UInt8 = 0xf0
    static let insertLeaf: UInt8 = 0x00
    static let insertUpper: UInt8 = 0x10
    static let insertMeta: UInt8 = 0x20
    static let splitLeft: UInt8 = 0x30
    static let splitRight: UInt8 = 0x40
    static let insertPosting: UInt8 = 0x50
    static let deduplicate: UInt8 = 0x60
    static let delete: UInt8 = 0x70
    static let unlink: UInt8 = 0x80
    static let unlinkMeta: UInt8 = 0x90
    static let newRoot: UInt8 = 0xa0
    static let markHalfDead: UInt8 = 0xb0
    static let vacuum: UInt8 = 0xc0
    static let metaCleanup: UInt8 = 0xe0
  }

  static func replay(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage) throws(RedoFault)
  {
    let operation = record.header.info & Operation.mask
    let data = record.data(of: target.reference)
    switch operation {
    case Operation.insertLeaf, Operation.insertUpper, Operation.insertMeta, Operation.insertPosting:
      try insert(record, target, page, isPosting: operation == Operation.insertPosting)
    case Operation.splitLeft: try BTreeSplitRedo.replay(record, target, page, isNewOnLeft: true)
    case Operation.splitRight: try BTreeSplitRedo.replay(record, target, page, isNewOnLeft: false)
    case Operation.deduplicate:
      try target.require(isInitialized: false)
      var main = RecordBytes(record.mainData)
      try BTreeDeduplication.replay(data, Int(try main.uint16()), page)
    case Operation.delete, Operation.vacuum:
      try target.require(isInitialized: false)
      var main = RecordBytes(record.mainData)
      if operation == Operation.delete { try main.skip(4) }
      let deletedCount = Int(try main.uint16())
      try delete(data, deletedCount, updatedCount: Int(try main.uint16()), page)
    case Operation.unlink, Operation.unlinkMeta:
      try BTreeDeletionRedo.unlink(record, target, page)
    case Operation.markHalfDead: try BTreeDeletionRedo.markHalfDead(record, target, page)
    case Operation.newRoot: try newRoot(record, target, page)
    case Operation.metaCleanup: try restoreMeta(data, target, page)
    default: throw .wrongKey
    }
    page.lsn = target.lsn
  }

  private static func insert(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage,
    isPosting: Bool
  ) throws(RedoFault) {
    switch target.reference.id {
    case 0: break
    case 1:
      try clearIncompleteSplit(target, page)
      return
    case 2:
      try restoreMeta(record.data(of: target.reference), target, page)
      return
    default: throw .blockNotNamed
    }
    try target.require(isInitialized: false)
    var main = RecordBytes(record.mainData)
    let number = Int(try main.uint16())
    var data = RecordBytes(record.data(of: target.reference))
    guard isPosting else {
      try page.addTuple(try data.take(data.remaining), at: number)
      return
    }
    let position = Int(try data.uint16())
    let count = data.remaining
    let tuple = try copy(try data.take(count), page)
    guard tuple.length == count else { throw .badTupleLength(found: tuple.length, expected: count) }
    try IndexTuple(page, number &- 1).swap(tuple, at: position)
    try page.addTuple(tuple.bytes, count, at: number, overwrites: false)
  }

  /// A tuple of a record, copied to the workspace to be changed.
  static func copy(_ tuple: RawSpan, _ page: RedoPage) throws(RedoFault) -> IndexTuple {
    let target = page.workspace.tuple
    guard tuple.byteCount <= RedoPage.byteCount else {
      throw .badTupleLength(found: tuple.byteCount, expected: RedoPage.byteCount)
    }
    tuple.withUnsafeBytes { bytes in
      if let start = bytes.baseAddress { target.copyMemory(from: start, byteCount: bytes.count) }
    }
    return try IndexTuple(target, room: tuple.byteCount)
  }

  static func clearIncompleteSplit(_ target: RedoTarget, _ page: RedoPage) throws(RedoFault) {
    try target.require(isInitialized: false)
    try BTreePage(page).flags &= ~BTreePage.Flags.incompleteSplit
  }

  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 4 | block of the root |
  /// | 4 | 4 | level |
  private static func newRoot(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    switch target.reference.id {
    case 0:
      try target.require(isInitialized: true)
      var main = RecordBytes(record.mainData)
      try main.skip(4)
      let level = try main.uint32()
      let flags = BTreePage.Flags.root | (level == 0 ? BTreePage.Flags.leaf : 0)
      let root = BTreePage(initializing: page, left: 0, right: 0, level: level, flags: flags)
      if level > 0 { try root.addTuples(record.data(of: target.reference)) }
    case 1: try clearIncompleteSplit(target, page)
    case 2: try restoreMeta(record.data(of: target.reference), target, page)
    default: throw .blockNotNamed
    }
  }

  static let metaMagic: UInt32 = 0x0005_3162
  static let metaByteCount = 48

  /// | offset | size | data | place in the contents of the page |
  /// |---|---|---|---|
  /// | | | magic number | 0 |
  /// | 0 | 24 | version, root, its level, fast root, its level, deleted pages | 4 |
  /// | | | rows at the last cleanup: -1.0 | 32 |
  /// | 24 | 1 | whether equal keys have equal bytes | 40 |
  static func restoreMeta(_ data: RawSpan, _ target: RedoTarget, _ page: RedoPage) throws(RedoFault) {
    try target.require(isInitialized: true)
    var data = RecordBytes(data)
    _ = BTreePage(initializing: page, left: 0, right: 0, level: 0, flags: BTreePage.Flags.meta)
    let start = RedoPage.headerByteCount
    page.store32(metaMagic, start)
    try page.store(try data.take(24), start + 4)
    page.store32(UInt32(truncatingIfNeeded: (-1.0).bitPattern >> 32), start + 36)
    page.store8(try data.uint8(), start + 40)
    page.lower = start + metaByteCount
  }

  /// | size | data |
  /// |---|---|
  /// | 2 each | numbers of tuples that are deleted |
  /// | 2 each | numbers of posting lists that become shorter |
  /// | | of each of these: count 2, places in the list 2 each |
  private static func delete(
    _ data: RawSpan,
    _ deletedCount: Int,
    updatedCount: Int,
    _ page: RedoPage
  ) throws(RedoFault) {
    let tree = try BTreePage(page)
    var deleted = RecordBytes(data)
    var updated = RecordBytes(data)
    var updates = RecordBytes(data)
    try updated.skip(deletedCount * 2)
    try updates.skip((deletedCount + updatedCount) * 2)
    for _ in 0..<updatedCount {
      let number = Int(try updated.uint16())
      let length = try shorten(try IndexTuple(page, number), &updates, page)
      try page.overwriteIndexTuple(number, page.workspace.tuple, length)
    }
    try page.deleteIndexTuples(deletedCount, &deleted)
    tree.flags &= ~BTreePage.Flags.hasGarbage
  }

  /// Puts a posting list without some of its rows together in the workspace.
  ///
  /// - Returns: its length, a multiple of 8.
  private static func shorten(
    _ tuple: IndexTuple,
    _ updates: inout RecordBytes,
    _ page: RedoPage
  ) throws(RedoFault) -> Int {
    let deletedCount = Int(try updates.uint16())
    let (start, count) = try tuple.rows()
    guard tuple.isPosting, deletedCount < count else {
      throw .badField(found: UInt64(deletedCount), limit: UInt64(count &- 1))
    }
    let size = IndexTuple.rowByteCount
    let left = count &- deletedCount
    let length = RedoPage.aligned(left > 1 ? start &+ left &* size : start)
    let target = page.workspace.tuple
    target.initializeMemory(as: UInt8.self, repeating: 0, count: length)
    target.copyMemory(from: tuple.bytes, byteCount: start)
    var next = deletedCount > 0 ? Int(try updates.uint16()) : -1
    var remaining = deletedCount
    var written = 0
    for position in 0..<count {
      if remaining > 0, position == next {
        remaining &-= 1
        if remaining > 0 { next = Int(try updates.uint16()) }
        continue
      }
      guard written < left else { throw .badField(found: UInt64(max(0, next)), limit: UInt64(count)) }
      let place = left > 1 ? start &+ written &* size : 0
      (target + place).copyMemory(from: tuple.bytes + start + position * size, byteCount: size)
      written &+= 1
    }
    // The header of the copy still says the old length; it is within the room of a page.
    let copy = try IndexTuple(target, room: RedoPage.byteCount)
    if left > 1 {
      copy.setPosting(keyLength: start, count: left, length: length)
    } else {
      copy.setPlain(length: length)
    }
    return length
  }
}
