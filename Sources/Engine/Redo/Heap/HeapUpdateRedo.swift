import IndexFormat

/// Replay of updates, whose old and new row version can be in two pages.
///
/// | block | page | there if |
/// |---|---|---|
/// | 0 | of the new version | |
/// | 1 | of the old version | another page |
/// | 2, 3 | of the visibility map, for the new and the old page | bits were cleared, minor releases since 17.11 |
///
/// | size | data of block 0 | there if |
/// |---|---|---|
/// | 2 | length of the prefix that both versions share | flag 0x20 |
/// | 2 | length of the suffix that both versions share | flag 0x40 |
/// | 5 or 9 | `HeapTupleHeader` | |
/// | | bitmap of nulls, columns between prefix and suffix | |
enum HeapUpdateRedo {
  static func replay(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage,
    _ dialect: HeapDialect,
    isHot: Bool
  ) throws(RedoFault) {
    let update = try HeapUpdate(record.mainData, dialect)
    guard let newBlock = record.block(id: 0)?.block else { throw .blockNotNamed }
    let other = record.block(id: 1)
    let oldBlock =
      other.map { $0.fork == target.tag.fork || $0.fork == .main ? $0.block : newBlock } ?? newBlock
    if target.isVisibilityMap {
      var blocks: [UInt32] = []
      if update.flags & HeapFlags.visibleCleared != 0 { blocks.append(oldBlock.value) }
      if update.flags & HeapFlags.newVisibleCleared != 0 { blocks.append(newBlock.value) }
      try HeapRedo.clearVisible(VisibilityMap.bits, of: blocks, target, page)
      return
    }
    var old: HeapTuple?
    if target.block == oldBlock {
      // A record that makes the new page anew and finds the old version in it makes no sense.
      try target.require(isInitialized: false)
      old = try changeOld(update, newBlock, record.header.transaction, page, dialect, isHot)
      if update.flags & HeapFlags.visibleCleared != 0 { page.clearAllVisible() }
    }
    if target.block == newBlock {
      if oldBlock != newBlock { try HeapRedo.initialize(record, target, page) }
      try addNew(record, update, target, page, dialect, old)
      if update.flags & HeapFlags.newVisibleCleared != 0 { page.clearAllVisible() }
    }
    page.lsn = target.lsn
  }

  private static func changeOld(
    _ update: HeapUpdate,
    _ newBlock: BlockNumber,
    _ transaction: UInt32,
    _ page: RedoPage,
    _ dialect: HeapDialect,
    _ isHot: Bool
  ) throws(RedoFault) -> HeapTuple {
    let tuple = try HeapTuple(page, update.oldNumber)
    tuple.setXmaxBits(update.oldBits, tellsCombo: dialect.hasCommands)
    if isHot {
      tuple.infomask2 |= HeapTuple.Mask2.hotUpdated
    } else {
      tuple.infomask2 &= ~HeapTuple.Mask2.hotUpdated
    }
    tuple.setXmax(update.oldXmax)
    HeapRedo.setCommand(tuple, update.command, dialect)
    tuple.setSuccessor(newBlock, update.newNumber)
    page.setPrunable(transaction)
    return tuple
  }

  private static func addNew(
    _ record: borrowing WALRecord,
    _ update: HeapUpdate,
    _ target: RedoTarget,
    _ page: RedoPage,
    _ dialect: HeapDialect,
    _ old: HeapTuple?
  ) throws(RedoFault) {
    var data = RecordBytes(record.data(of: target.reference))
    let prefix = update.flags & HeapFlags.prefixFromOld != 0 ? Int(try data.uint16()) : 0
    let suffix = update.flags & HeapFlags.suffixFromOld != 0 ? Int(try data.uint16()) : 0
    let header = try HeapTupleHeader(&data, dialect)
    var builder = HeapTupleBuilder(
      page,
      header,
      xmin: record.header.transaction,
      xmax: update.newXmax
    )
    if prefix > 0 {
      guard let old else { throw .wrongKey }
      try builder.append(try data.take(Int(header.columnsOffset) &- HeapTuple.headerByteCount))
      guard old.columnsOffset &+ prefix <= old.length else {
        throw .badTupleLength(found: old.length, expected: old.columnsOffset &+ prefix)
      }
      try builder.append(pageBytes: old.offset &+ old.columnsOffset, prefix)
    }
    try builder.append(try data.take(data.remaining))
    if suffix > 0 {
      guard let old else { throw .wrongKey }
      guard suffix <= old.length else { throw .badTupleLength(found: old.length, expected: suffix) }
      try builder.append(pageBytes: old.offset &+ old.length &- suffix, suffix)
    }
    try builder.add(target.block, update.newNumber)
  }
}
