import IndexFormat

/// Replay of block range indexes. Source: PostgreSQL, `access/brin/brin_xlog.c`.
///
/// Pages end in 8 bytes, whose last two are the kind of the page. The page of kind `map` has a place of 6 bytes for
/// each range of blocks: where its tuple stands.
enum BRINRedo {
  private enum Operation {
    static let mask: UInt8 = 0x70
    static let initializes: UInt8 = 0x80
    static let create: UInt8 = 0x00
    static let insert: UInt8 = 0x10
    static let update: UInt8 = 0x20
    static let samePageUpdate: UInt8 = 0x30
    static let extendMap: UInt8 = 0x40
    static let desummarize: UInt8 = 0x50
  }

  enum Kind {
    static let meta: UInt16 = 0xf091
    static let map: UInt16 = 0xf092
    static let regular: UInt16 = 0xf093
  }

  static let specialByteCount = 8
  static let metaMagic: UInt32 = 0xa810_9cfa
  static let metaByteCount = 16
  static let mapEntryByteCount = 6
  static let mapEntryCount: UInt32 = 1360

  static func replay(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage) throws(RedoFault)
  {
    var main = RecordBytes(record.mainData)
    switch record.header.info & Operation.mask {
    case Operation.create: try create(&main, target, page)
    case Operation.insert: try insert(record, &main, target, page)
    case Operation.update:
      let old = Int(try main.uint16())
      try main.skip(2)
      if target.reference.id == 2 {
        try page.deleteIndexTupleKeepingNumbers(old)
      } else {
        try insert(record, &main, target, page)
      }
    case Operation.samePageUpdate:
      let number = Int(try main.uint16())
      try overwrite(number, record.data(of: target.reference), page)
    case Operation.extendMap: try extendMap(&main, target, page)
    case Operation.desummarize: try desummarize(&main, target, page)
    default: throw .wrongKey
    }
    page.lsn = target.lsn
  }

  private static func initialize(_ kind: UInt16, _ page: RedoPage) {
    page.initialize(specialByteCount: specialByteCount)
    page.store16(kind, RedoPage.byteCount - 2)
  }

  private static func create(_ main: inout RecordBytes, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    try target.require(isInitialized: true)
    let pagesPerRange = try main.uint32()
    let version = try main.uint16()
    initialize(Kind.meta, page)
    let start = RedoPage.headerByteCount
    page.store32(metaMagic, start)
    page.store32(UInt32(version), start + 4)
    page.store32(pagesPerRange, start + 8)
    page.lower = start + metaByteCount
  }

  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 4 | first block of the range |
  /// | 4 | 4 | blocks of a range |
  /// | 8 | 2 | line pointer |
  private static func insert(
    _ record: borrowing WALRecord,
    _ main: inout RecordBytes,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    let heapBlock = try main.uint32()
    let pagesPerRange = try main.uint32()
    let number = try main.uint16()
    switch target.reference.id {
    case 0:
      let initializes = record.header.info & Operation.initializes != 0
      try target.require(isInitialized: initializes)
      if initializes { initialize(Kind.regular, page) }
      try page.addTuple(record.data(of: target.reference), at: Int(number), overwrites: true)
    case 1:
      guard let regular = record.block(id: 0)?.block else { throw .blockNotNamed }
      try setEntry(heapBlock, pagesPerRange, regular, number, target, page)
    default: throw .blockNotNamed
    }
  }

  private static func setEntry(
    _ heapBlock: UInt32,
    _ pagesPerRange: UInt32,
    _ block: BlockNumber,
    _ number: UInt16,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    try target.require(isInitialized: false)
    guard pagesPerRange > 0 else { throw .badField(found: 0, limit: UInt64(UInt32.max)) }
    let entry = Int(heapBlock / pagesPerRange % mapEntryCount)
    let place = RedoPage.headerByteCount + entry * mapEntryByteCount
    let block = number == 0 ? UInt32.max : block.value
    page.store16(UInt16(truncatingIfNeeded: block >> 16), place)
    page.store16(UInt16(truncatingIfNeeded: block), place + 2)
    page.store16(number, place + 4)
  }

  private static func overwrite(_ number: Int, _ tuple: RawSpan, _ page: RedoPage) throws(RedoFault) {
    let copy = page.workspace.tuple
    guard tuple.byteCount <= RedoPage.byteCount else {
      throw .badTupleLength(found: tuple.byteCount, expected: RedoPage.byteCount)
    }
    tuple.withUnsafeBytes { bytes in
      if let start = bytes.baseAddress { copy.copyMemory(from: start, byteCount: bytes.count) }
    }
    try page.overwriteIndexTuple(number, copy, tuple.byteCount)
  }

  private static func extendMap(_ main: inout RecordBytes, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    let last = try main.uint32()
    switch target.reference.id {
    case 0:
      try target.require(isInitialized: false)
      page.store32(last, RedoPage.headerByteCount + 12)
      page.lower = RedoPage.headerByteCount + metaByteCount
    case 1:
      try target.require(isInitialized: true)
      initialize(Kind.map, page)
    default: throw .blockNotNamed
    }
  }

  private static func desummarize(
    _ main: inout RecordBytes,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    let pagesPerRange = try main.uint32()
    let heapBlock = try main.uint32()
    let number = Int(try main.uint16())
    switch target.reference.id {
    case 0: try setEntry(heapBlock, pagesPerRange, target.block, 0, target, page)
    case 1:
      try target.require(isInitialized: false)
      try page.deleteIndexTupleKeepingNumbers(number)
    default: throw .blockNotNamed
    }
  }
}
