import IndexFormat

/// Replay of records of tables: one row version at a time. Source: PostgreSQL, `heap_redo`; Neon's `neon_rmgr.c`.
enum HeapRedo {
  enum Operation {
    static let mask: UInt8 = 0x70
    static let initializes: UInt8 = 0x80
    static let insert: UInt8 = 0x00
    static let delete: UInt8 = 0x10
    static let update: UInt8 = 0x20
    static let truncate: UInt8 = 0x30
    static let hotUpdate: UInt8 = 0x40
    static let confirm: UInt8 = 0x50
    static let lock: UInt8 = 0x60
    static let inplace: UInt8 = 0x70
  }

  /// Operations of Neon's resource manager.
  enum NeonOperation {
    static let insert: UInt8 = 0x00
    static let delete: UInt8 = 0x10
    static let update: UInt8 = 0x20
    static let hotUpdate: UInt8 = 0x30
    static let lock: UInt8 = 0x40
    static let multiInsert: UInt8 = 0x50
  }

  static func replay(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage) throws(RedoFault)
  {
    let dialect: HeapDialect = target.rules.hasNeonHeapRecords ? .embedded : .stock
    switch record.header.info & Operation.mask {
    case Operation.insert: try insert(record, target, page, dialect)
    case Operation.delete: try delete(record, target, page, dialect)
    case Operation.update: try HeapUpdateRedo.replay(record, target, page, dialect, isHot: false)
    case Operation.hotUpdate: try HeapUpdateRedo.replay(record, target, page, dialect, isHot: true)
    case Operation.confirm: try confirm(record, target, page)
    case Operation.lock: try lock(record, target, page, dialect)
    case Operation.inplace: try inplace(record, target, page)
    default: throw .wrongKey
    }
  }

  static func replayNeon(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    switch record.header.info & Operation.mask {
    case NeonOperation.insert: try insert(record, target, page, .neon)
    case NeonOperation.delete: try delete(record, target, page, .neon)
    case NeonOperation.update: try HeapUpdateRedo.replay(record, target, page, .neon, isHot: false)
    case NeonOperation.hotUpdate: try HeapUpdateRedo.replay(record, target, page, .neon, isHot: true)
    case NeonOperation.lock: try lock(record, target, page, .neon)
    case NeonOperation.multiInsert: try HeapMultiInsertRedo.replay(record, target, page, .neon)
    default: throw .unsupported
    }
  }

  // MARK: Operations

  private static func insert(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage,
    _ dialect: HeapDialect
  ) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    let number = try main.uint16()
    let flags = try main.uint8()
    if target.isVisibilityMap {
      try clearVisible(record, target, page, flags & HeapFlags.visibleCleared != 0, VisibilityMap.bits)
      return
    }
    try initialize(record, target, page)
    var data = RecordBytes(record.data(of: target.reference))
    let header = try HeapTupleHeader(&data, dialect)
    var builder = HeapTupleBuilder(page, header, xmin: record.header.transaction)
    try builder.append(try data.take(data.remaining))
    try builder.add(target.block, number)
    page.lsn = target.lsn
    if flags & HeapFlags.visibleCleared != 0 { page.clearAllVisible() }
    // Neon's resource manager freezes at once where a COPY asked for it; stock inserts never have the flag.
    if flags & HeapFlags.insertAllFrozen != 0, dialect == .neon { page.setAllVisible() }
  }

  /// Makes the page anew if the record says so, which its reference to the block must say, too.
  static func initialize(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    let initializes = record.header.info & Operation.initializes != 0
    try target.require(isInitialized: initializes)
    if initializes { page.initialize() }
  }

  private static func delete(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage,
    _ dialect: HeapDialect
  ) throws(RedoFault) {
    let change = try HeapXmaxChange(delete: record.mainData, dialect)
    let clearsVisible = change.flags & HeapFlags.visibleCleared != 0
    if target.isVisibilityMap {
      try clearVisible(record, target, page, clearsVisible, VisibilityMap.bits)
      return
    }
    try target.require(isInitialized: false)
    let tuple = try HeapTuple(page, change.number)
    tuple.setXmaxBits(change.bits, tellsCombo: dialect.hasCommands)
    tuple.infomask2 &= ~HeapTuple.Mask2.hotUpdated
    if change.flags & HeapFlags.deleteIsSuper == 0 {
      tuple.setXmax(change.xmax)
    } else {
      tuple.setXmin(0)
    }
    setCommand(tuple, change.command, dialect)
    page.setPrunable(record.header.transaction)
    if clearsVisible { page.clearAllVisible() }
    if change.flags & HeapFlags.deleteMovesPartition != 0 {
      tuple.setSuccessor(BlockNumber(.max), movedPartitions)
    } else {
      tuple.setSuccessor(target.block, UInt16(truncatingIfNeeded: change.number))
    }
    page.lsn = target.lsn
  }

  /// The line pointer of a row that an update moved to another partition.
  private static let movedPartitions: UInt16 = 0xfffd

  private static func lock(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage,
    _ dialect: HeapDialect
  ) throws(RedoFault) {
    let change = try HeapXmaxChange(lock: record.mainData, dialect)
    if target.isVisibilityMap {
      let clears = change.flags & HeapFlags.visibleCleared != 0
      try clearVisible(record, target, page, clears, VisibilityMap.frozenBit)
      return
    }
    try target.require(isInitialized: false)
    let tuple = try HeapTuple(page, change.number)
    tuple.setXmaxBits(change.bits, tellsCombo: dialect.hasCommands)
    if tuple.isOnlyLocked {
      tuple.infomask2 &= ~HeapTuple.Mask2.hotUpdated
      tuple.setSuccessor(target.block, UInt16(truncatingIfNeeded: change.number))
    }
    tuple.setXmax(change.xmax)
    setCommand(tuple, change.command, dialect)
    page.lsn = target.lsn
  }

  /// Replay of PostgreSQL makes the command id 0; Neon's records tell it, with its mark in the infobits.
  static func setCommand(_ tuple: HeapTuple, _ command: UInt32, _ dialect: HeapDialect) {
    tuple.setCommand(command)
    if !dialect.hasCommands { tuple.infomask &= ~HeapTuple.Mask.comboCommand }
  }

  private static func confirm(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    try target.require(isInitialized: false)
    var main = RecordBytes(record.mainData)
    let number = try main.uint16()
    try HeapTuple(page, Int(number)).setSuccessor(target.block, number)
    page.lsn = target.lsn
  }

  private static func inplace(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    try target.require(isInitialized: false)
    var main = RecordBytes(record.mainData)
    let tuple = try HeapTuple(page, Int(try main.uint16()))
    let columns = record.data(of: target.reference)
    guard tuple.length &- tuple.columnsOffset == columns.byteCount else {
      throw .badTupleLength(found: columns.byteCount, expected: tuple.length &- tuple.columnsOffset)
    }
    try page.store(columns, tuple.offset &+ tuple.columnsOffset)
    page.lsn = target.lsn
  }

  // MARK: Visibility map

  /// Clears bits of the map's page that a record names as a further block; the LSN is set only where one was set.
  ///
  /// - Parameter clears: whether the record's flags say that bits of its first block are cleared.
  static func clearVisible(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage,
    _ clears: Bool,
    _ bits: UInt8
  ) throws(RedoFault) {
    guard clears, let heap = record.block(id: 0) else { return }
    try clearVisible(bits, of: [heap.block.value], target, page)
  }

  static func clearVisible(
    _ bits: UInt8,
    of blocks: [UInt32],
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    var isChanged = false
    for block in blocks where VisibilityMap.mapBlock(of: block) == target.block {
      isChanged = VisibilityMap(page).clear(bits, of: block) || isChanged
    }
    if isChanged { page.lsn = target.lsn }
  }
}
