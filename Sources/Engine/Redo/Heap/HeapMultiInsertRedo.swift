import IndexFormat

/// Replay of inserting many rows at once.
///
/// | offset | size | main data | |
/// |---|---|---|---|
/// | 0 | 1 | flags | |
/// | 2 | 2 | count of tuples | |
/// | 4 | 4 | command | Neon's resource manager |
/// | 4 or 8 | 2 each | line pointers | not if the page is made anew: then from 1 on |
///
/// Data of block 0: each tuple at an even offset.
///
/// | form | length | infomask2 | infomask | command | columns | bytes of the tuple |
/// |---|---|---|---|---|---|---|
/// | stock, neon | 0 | 2 | 4 | | 6 | 7 |
/// | embedded | 0 | 2 | 4 | 8 | 12 | 13 |
enum HeapMultiInsertRedo {
  static func replay(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage,
    _ dialect: HeapDialect
  ) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    let flags = try main.uint8()
    try main.skip(1)
    let count = Int(try main.uint16())
    let command = dialect == .neon ? try main.uint32() : 0
    if target.isVisibilityMap {
      let clears = flags & HeapFlags.visibleCleared != 0
      try HeapRedo.clearVisible(record, target, page, clears, VisibilityMap.bits)
      return
    }
    try HeapRedo.initialize(record, target, page)
    var data = RecordBytes(record.data(of: target.reference))
    for index in 0..<count {
      let number = target.isInitialized ? UInt16(truncatingIfNeeded: index &+ 1) : try main.uint16()
      try data.align(2)
      let length = Int(try data.uint16())
      let header = try HeapTupleHeader(multi: &data, command: command, dialect)
      var builder = HeapTupleBuilder(page, header, xmin: record.header.transaction)
      try builder.append(try data.take(length))
      try builder.add(target.block, number)
    }
    try data.end()
    page.lsn = target.lsn
    if flags & HeapFlags.visibleCleared != 0 { page.clearAllVisible() }
    if flags & HeapFlags.insertAllFrozen != 0 { page.setAllVisible() }
  }
}
