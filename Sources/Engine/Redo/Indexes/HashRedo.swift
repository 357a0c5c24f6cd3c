import IndexFormat

/// Replay of hash indexes.
///
/// | record | blocks |
/// |---|---|
/// | first page | 0 it |
/// | bitmap | 0 it, 1 the first page |
/// | insert | 0 that gets the tuple, 1 the first page |
/// | overflow page | 0 it, 1 the page before it, 2 a bitmap, 3 a new bitmap, 4 the first page |
/// | allocation for a split | 0 the old bucket, 1 the new one, 2 the first page |
/// | split | 0 a page of the new bucket, always an image |
/// | end of a split | 0 the old bucket, 1 the new one |
/// | move, squeeze, deletion | see `HashMoveRedo` |
/// | cleanup behind a split | 0 the old bucket |
/// | count | 0 the first page |
/// | vacuum of a page | 0 it, 1 the first page |
///
/// Source: PostgreSQL, `access/hash/hash_xlog.c`.
enum HashRedo {
  enum Operation {
    static let mask: UInt8 = 0xf0
    static let makeMeta: UInt8 = 0x00
    static let makeBitmap: UInt8 = 0x10
    static let insert: UInt8 = 0x20
    static let addOverflow: UInt8 = 0x30
    static let allocateSplit: UInt8 = 0x40
    static let split: UInt8 = 0x50
    static let completeSplit: UInt8 = 0x60
    static let move: UInt8 = 0x70
    static let squeeze: UInt8 = 0x80
    static let delete: UInt8 = 0x90
    static let cleanSplit: UInt8 = 0xa0
    static let updateMeta: UInt8 = 0xb0
    static let vacuumPage: UInt8 = 0xc0
  }

  /// Sets the page's LSN itself only if it stays the same without.
  static func replay(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage) throws(RedoFault)
  {
    var main = RecordBytes(record.mainData)
    switch record.header.info & Operation.mask {
    case Operation.makeMeta: try makeMeta(&main, target, page)
    case Operation.makeBitmap: try makeBitmap(&main, target, page)
    case Operation.insert: try insert(record, &main, target, page)
    case Operation.addOverflow: try addOverflow(record, &main, target, page)
    case Operation.allocateSplit: try allocateSplit(record, &main, target, page)
    case Operation.split: throw .noImage
    case Operation.completeSplit: try completeSplit(&main, target, page)
    case Operation.move:
      guard try HashMoveRedo.move(record, target, page) else { return }
    case Operation.squeeze:
      guard try HashMoveRedo.squeeze(record, target, page) else { return }
    case Operation.delete:
      guard try HashMoveRedo.delete(record, target, page) else { return }
    case Operation.cleanSplit:
      try target.require(isInitialized: false)
      try HashPage(page).flags &= ~HashPage.Flags.needsSplitCleanup
    case Operation.updateMeta:
      try target.require(isInitialized: false)
      HashMeta(page).tupleCount = try double(&main)
    case Operation.vacuumPage: try vacuumPage(&main, target, page)
    default: throw .wrongKey
    }
    page.lsn = target.lsn
  }

  /// Two kinds of records change pages that they have an image of, too.
  static func replayBehindImage(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    switch record.header.info & Operation.mask {
    case Operation.allocateSplit:
      guard target.reference.id == 0 else { return }
      try allocateSplit(record, &main, target, page)
    case Operation.completeSplit: try completeSplit(&main, target, page)
    default: return
    }
    page.lsn = target.lsn
  }

  private static func double(_ input: inout RecordBytes) throws(RedoFault) -> Double {
    let low = UInt64(try input.uint32())
    return Double(bitPattern: low | UInt64(try input.uint32()) << 32)
  }

  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 8 | tuples expected |
  /// | 8 | 4 | hash function |
  /// | 12 | 2 | tuples wanted in a bucket |
  private static func makeMeta(_ main: inout RecordBytes, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    try target.require(isInitialized: true)
    let tupleCount = try double(&main)
    let function = try main.uint32()
    let tuplesPerBucket = try main.uint16()
    _ = try HashMeta(
      making: page,
      tupleCount: tupleCount,
      function: function,
      tuplesPerBucket: tuplesPerBucket
    )
  }

  /// Main data: bytes of a bitmap (u16).
  private static func makeBitmap(_ main: inout RecordBytes, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    switch target.reference.id {
    case 0:
      try target.require(isInitialized: true)
      try HashPage.initializeBitmap(page, byteCount: Int(try main.uint16()))
    case 1:
      try target.require(isInitialized: false)
      let meta = HashMeta(page)
      // It stands behind the buckets, which stand behind the first page.
      try meta.addBitmap(meta.highestBucket &+ 2)
    default: throw .blockNotNamed
    }
  }

  /// Main data: line pointer (u16). Data of block 0: the tuple.
  private static func insert(
    _ record: borrowing WALRecord,
    _ main: inout RecordBytes,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    try target.require(isInitialized: false)
    switch target.reference.id {
    case 0: try page.addTuple(record.data(of: target.reference), at: Int(try main.uint16()))
    case 1: HashMeta(page).tupleCount += 1
    default: throw .blockNotNamed
    }
  }

  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 2 | bytes of a bitmap |
  /// | 2 | 1 | whether the page had been allocated before |
  ///
  /// Data, of 4 bytes each: 0 bucket, 2 bit to set, 4 the first bit that may be free.
  private static func addOverflow(
    _ record: borrowing WALRecord,
    _ main: inout RecordBytes,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    let bitmapByteCount = Int(try main.uint16())
    let wasAllocated = try main.uint8() != 0
    var data = RecordBytes(record.data(of: target.reference))
    let id = target.reference.id
    try target.require(isInitialized: id == 0 || id == 3)
    switch id {
    case 0:
      guard let left = record.block(id: 1)?.block else { throw .blockNotNamed }
      let bucket = try data.uint32()
      _ = HashPage(
        initializing: page,
        previous: left.value,
        bucket: bucket,
        flags: HashPage.Flags.overflow
      )
    case 1:
      guard let added = record.block(id: 0)?.block else { throw .blockNotNamed }
      try HashPage(page).setNext(added.value)
    case 2: try HashPage(page).setUsed(true, bit: try data.uint32())
    case 3: try HashPage.initializeBitmap(page, byteCount: bitmapByteCount)
    case 4:
      let meta = HashMeta(page)
      meta.setFirstFree(try data.uint32())
      guard !wasAllocated else { return }
      try meta.addSpare()
      guard let bitmap = record.block(id: 3)?.block else { return }
      try meta.addBitmap(bitmap.value)
      try meta.addSpare()
    default: throw .blockNotNamed
    }
  }

  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 4 | new bucket |
  /// | 4 | 2 | flags of the old bucket |
  /// | 6 | 2 | flags of the new bucket |
  /// | 8 | 1 | what else of the first page changes: 1 masks, 2 split point |
  ///
  /// Data of block 2, of 4 bytes each: low mask, high mask; split point, overflow pages before it.
  private static func allocateSplit(
    _ record: borrowing WALRecord,
    _ main: inout RecordBytes,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    let newBucket = try main.uint32()
    let oldFlags = try main.uint16()
    let newFlags = try main.uint16()
    let changes = try main.uint8()
    try target.require(isInitialized: target.reference.id == 1)
    switch target.reference.id {
    case 0:
      let bucket = try HashPage(page)
      bucket.flags = oldFlags
      bucket.setPrevious(newBucket)
    case 1: _ = HashPage(initializing: page, previous: newBucket, bucket: newBucket, flags: newFlags)
    case 2:
      let meta = HashMeta(page)
      var data = RecordBytes(record.data(of: target.reference))
      meta.highestBucket = newBucket
      if changes & 1 != 0 {
        let low = try data.uint32()
        meta.setMasks(low: low, high: try data.uint32())
      }
      if changes & 2 != 0 {
        let splitPoint = try data.uint32()
        try meta.setSplitPoint(splitPoint, spares: try data.uint32())
      }
    default: throw .blockNotNamed
    }
  }

  /// Main data: flags of the old bucket (u16), flags of the new bucket (u16).
  private static func completeSplit(
    _ main: inout RecordBytes,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    try target.require(isInitialized: false)
    let oldFlags = try main.uint16()
    let newFlags = try main.uint16()
    switch target.reference.id {
    case 0: try HashPage(page).flags = oldFlags
    case 1: try HashPage(page).flags = newFlags
    default: throw .blockNotNamed
    }
  }

  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 4 | transaction |
  /// | 4 | 4 (14, 15) or 2 | count of tuples |
  /// | 8 | 2 each | their line pointers |
  private static func vacuumPage(_ main: inout RecordBytes, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    try target.require(isInitialized: false)
    try main.skip(4)
    let field = try main.uint32()
    let count = target.rules.version >= .v16 ? Int(field & 0xffff) : Int(Int32(bitPattern: field))
    switch target.reference.id {
    case 0:
      guard count >= 0, count <= RedoPage.maximumLinePointerCount else {
        throw .badField(found: UInt64(field), limit: UInt64(RedoPage.maximumLinePointerCount))
      }
      // Before 16 a count without line pointers deletes nothing.
      if target.rules.version >= .v16 || main.remaining > 0 { try page.deleteIndexTuples(count, &main) }
      try HashPage(page).flags &= ~HashPage.Flags.hasDeadTuples
    case 1: HashMeta(page).tupleCount -= Double(count)
    default: throw .blockNotNamed
    }
  }
}
