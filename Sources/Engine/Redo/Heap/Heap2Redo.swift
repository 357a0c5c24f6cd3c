import IndexFormat

/// Replay of the second kind of records of tables: those that change many rows of a page, and the visibility map.
/// Source: PostgreSQL, `heap2_redo`.
enum Heap2Redo {
  enum Operation {
    static let rewrite: UInt8 = 0x00
    /// 17: any kind of pruning, with freezing.
    static let prune: UInt8 = 0x10
    static let vacuum: UInt8 = 0x20
    static let freeze: UInt8 = 0x30
    static let visible: UInt8 = 0x40
    static let multiInsert: UInt8 = 0x50
    static let lockUpdated: UInt8 = 0x60
    static let newCommand: UInt8 = 0x70
  }

  static func replay(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage) throws(RedoFault)
  {
    let operation = record.header.info & HeapRedo.Operation.mask
    switch operation {
    case Operation.prune, Operation.vacuum, Operation.freeze:
      try target.require(isInitialized: false)
      if target.rules.version >= .v17 {
        try HeapPruneRedo.pruneAndFreeze(record, target, page)
      } else if operation == Operation.prune {
        try HeapPruneRedo.prune(record, target, page)
      } else if operation == Operation.vacuum {
        try HeapPruneRedo.vacuum(record, target, page)
      } else {
        try HeapFreezeRedo.replay(record, target, page)
      }
      page.lsn = target.lsn
    case Operation.visible: try visible(record, target, page)
    case Operation.multiInsert:
      let dialect: HeapDialect = target.rules.hasNeonHeapRecords ? .embedded : .stock
      try HeapMultiInsertRedo.replay(record, target, page, dialect)
    case Operation.lockUpdated: try lockUpdated(record, target, page)
    default: throw .wrongKey
    }
  }

  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 4 | transaction |
  /// | 4 | 1 | bits to set; others from 16 on |
  ///
  /// Block 0 is the page of the map, block 1 that of the table. The table's page keeps its LSN unless hint
  /// bits are logged.
  private static func visible(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    try target.require(isInitialized: false)
    var main = RecordBytes(record.mainData)
    try main.skip(4)
    let bits = try main.uint8() & VisibilityMap.bits
    guard target.isVisibilityMap else {
      page.setAllVisible()
      if target.rules.logsHintBits { page.lsn = target.lsn }
      return
    }
    guard let heap = record.block(id: 1), VisibilityMap.mapBlock(of: heap.block.value) == target.block else {
      throw .wrongKey
    }
    if page.isNew { page.initialize() }
    VisibilityMap(page).set(bits, of: heap.block.value, target.lsn)
  }

  /// Locks a row version that an update led to. The same form in all dialects.
  private static func lockUpdated(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    let change = try HeapXmaxChange(stock: record.mainData)
    if target.isVisibilityMap {
      let clears = change.flags & HeapFlags.visibleCleared != 0
      try HeapRedo.clearVisible(record, target, page, clears, VisibilityMap.frozenBit)
      return
    }
    try target.require(isInitialized: false)
    let tuple = try HeapTuple(page, change.number)
    tuple.setXmaxBits(change.bits, tellsCombo: target.rules.hasNeonHeapRecords)
    tuple.setXmax(change.xmax)
    page.lsn = target.lsn
  }
}
