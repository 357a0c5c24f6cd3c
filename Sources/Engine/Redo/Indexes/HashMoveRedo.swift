import IndexFormat

/// Replay of moving tuples within a bucket, and of deleting them.
///
/// | block | move | squeeze | deletion |
/// |---|---|---|---|
/// | 0 | first page of the bucket, locked only | the same | the same |
/// | 1 | that gets tuples | the same | that loses tuples |
/// | 2 | that loses them | that is given up | |
/// | 3 | | the page before that one | |
/// | 4 | | the page behind it | |
/// | 5 | | its bitmap | |
/// | 6 | | the first page of the index | |
///
/// Data of a block that gets tuples: see `HashPage.addTuples`; of one that loses them: line pointers, 2 bytes each.
enum HashMoveRedo {
  /// Main data: count of tuples (u16), whether block 1 is the bucket's first page (u8).
  ///
  /// - Returns: whether the page gets the record's LSN, here and below.
  static func move(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) -> Bool {
    var main = RecordBytes(record.mainData)
    let count = Int(try main.uint16())
    try main.skip(1)
    try target.require(isInitialized: false)
    let data = record.data(of: target.reference)
    switch target.reference.id {
    case 0: return false
    case 1: try HashPage(page).addTuples(count, data)
    case 2: try deleteTuples(data, page)
    default: throw .blockNotNamed
    }
    return true
  }

  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 4 | page before the one that is given up |
  /// | 4 | 4 | page behind it |
  /// | 8 | 2 | count of tuples |
  /// | 10 | 1 | whether block 1 is the bucket's first page |
  /// | 11 | 1 | whether it is the page before |
  static func squeeze(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) -> Bool {
    var main = RecordBytes(record.mainData)
    let previous = try main.uint32()
    let next = try main.uint32()
    let count = Int(try main.uint16())
    try main.skip(1)
    let isPrevious = try main.uint8() != 0
    try target.require(isInitialized: false)
    var data = RecordBytes(record.data(of: target.reference))
    switch target.reference.id {
    case 0: return false
    case 1:
      let bucket = try HashPage(page)
      try bucket.addTuples(count, data.bytes)
      if isPrevious { bucket.setNext(next) }
      // Since 17 a page that does not change keeps its LSN.
      return target.rules.version < .v17 || count > 0 || isPrevious
    case 2: _ = HashPage(initializing: page, flags: HashPage.Flags.unused)
    case 3:
      guard !isPrevious else { return false }
      try HashPage(page).setNext(next)
    case 4: try HashPage(page).setPrevious(previous)
    case 5: try HashPage(page).setUsed(false, bit: try data.uint32())
    case 6: HashMeta(page).setFirstFree(try data.uint32())
    default: throw .blockNotNamed
    }
    return true
  }

  /// Main data: whether no tuple is marked as dead any more (u8), whether block 1 is the bucket's first page (u8).
  static func delete(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) -> Bool {
    var main = RecordBytes(record.mainData)
    let clearsDead = try main.uint8() != 0
    try main.skip(1)
    try target.require(isInitialized: false)
    switch target.reference.id {
    case 0: return false
    case 1:
      try deleteTuples(record.data(of: target.reference), page)
      if clearsDead { try HashPage(page).flags &= ~HashPage.Flags.hasDeadTuples }
      return true
    default: throw .blockNotNamed
    }
  }

  private static func deleteTuples(_ data: RawSpan, _ page: RedoPage) throws(RedoFault) {
    var numbers = RecordBytes(data)
    try page.deleteIndexTuples(data.byteCount / 2, &numbers)
  }
}
