import IndexFormat

/// Turns what layers hold of a key into its value: applies records to an image, or makes the page that the first of
/// them makes. Keeps a page and room to work in; one for each task.
///
///     var redo = PageRedo(rules)
///     let bytes = try redo.value(of: read, at: lsn)
///
/// Pages come out byte for byte as PostgreSQL's recovery leaves them, with what it leaves behind in free room. A record
/// is applied if its LSN, where it ends in the WAL, is above that of the page, which then gets it. An image in a record
/// replaces the page, whatever its LSN.
///
/// Source: PostgreSQL, `XLogReadBufferForRedoExtended` in `access/transam/xlogutils.c`;
/// `pageserver/src/walredo.rs`, `pgxn/neon_walredo/walredoproc.c`.
public struct PageRedo: ~Copyable, @unchecked Sendable {
  public let rules: RedoRules
  private var decoder: WALRecordDecoder
  private var images = PageImageDecoder()
  private let page: RedoPage

  public init(_ rules: RedoRules) {
    self.rules = rules
    decoder = WALRecordDecoder(version: rules.version)
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: RedoPage.byteCount, alignment: 8)
    page = RedoPage(bytes: bytes, workspace: .allocate())
  }

  deinit {
    page.bytes.deallocate()
    page.workspace.deallocate()
  }

  /// The value that a read leads to.
  ///
  /// - lsn: what was asked for, which errors tell.
  public mutating func value(of read: KeyRead, at lsn: Lsn, _ readRules: ReadRules = .march2026)
    throws(ReadError) -> [UInt8]
  {
    if read.failure != nil || read.records.isEmpty || read.key == .auxFilesV1 {
      return try read.value(at: lsn, readRules)
    }
    do throws(RedoError) {
      return try value(of: read.key, read.image?.bytes, read.records)
    } catch {
      if case .unsupported = error.fault {
        throw .unreplayed(
          UnreplayedValue(
            key: read.key,
            lsn: lsn,
            recordCount: read.records.count,
            hasBase: read.isComplete,
            obstacle: error
          )
        )
      }
      throw .redo(error)
    }
  }

  /// Applies records, in ascending order of their LSNs, to the value below them.
  ///
  /// - image: nil if the first record makes the page.
  public mutating func value(
    of key: Key,
    _ image: [UInt8]?,
    _ records: [KeyRead.Record]
  ) throws(RedoError) -> [UInt8] {
    switch KeyClass(key) {
    case .relationBlock(let tag, let block): return try self.block(tag, block, key, image, records)
    case .slruBlock(let segment, let block): return try Self.slru(segment, block, key, image, records)
    default:
      guard let first = records.first else { return image ?? [] }
      throw Self.error(.wrongKey, key, first)
    }
  }

  private static func error(_ fault: RedoFault, _ key: Key, _ record: KeyRead.Record) -> RedoError {
    var error = RedoError(key: key, lsn: record.lsn, record: record.record.tag, fault: fault)
    if case .postgres(_, let bytes) = record.record, let header = WALRecordHeader(bytes.span.bytes) {
      error.resourceManager = header.resourceManager
      error.info = header.info
    }
    return error
  }

  // MARK: SLRU

  private static func slru(
    _ segment: SLRUSegment,
    _ block: BlockNumber,
    _ key: Key,
    _ image: [UInt8]?,
    _ records: [KeyRead.Record]
  ) throws(RedoError) -> [UInt8] {
    var value = image ?? []
    for record in records {
      do throws(RedoFault) {
        guard image != nil else { throw .noBase }
        guard value.count >= RedoPage.byteCount else {
          throw .badValueLength(found: value.count, expected: RedoPage.byteCount)
        }
        try NeonRecordRedo.replay(record.record, segment, block, &value)
      } catch {
        throw Self.error(error, key, record)
      }
    }
    return value
  }

  // MARK: Block of a relation

  private mutating func block(
    _ tag: RelationTag,
    _ block: BlockNumber,
    _ key: Key,
    _ image: [UInt8]?,
    _ records: [KeyRead.Record]
  ) throws(RedoError) -> [UInt8] {
    var hasPage = false
    if let image {
      guard image.count == RedoPage.byteCount else {
        guard let first = records.first else { return image }
        throw Self.error(.badValueLength(found: image.count, expected: RedoPage.byteCount), key, first)
      }
      page.fill(image)
      hasPage = true
    }
    for index in records.indices {
      let place = Place(tag: tag, block: block, lsn: records[index].lsn, rules: rules, page: page)
      do throws(RedoFault) {
        hasPage = try Self.replay(records, index, place, hasPage, &decoder, &images)
      } catch {
        throw Self.error(error, key, records[index])
      }
    }
    return [UInt8](UnsafeRawBufferPointer(start: page.bytes, count: RedoPage.byteCount))
  }

  /// Replays one of the records on the page, where it stands in their array: taken out it would be copied, and with
  /// that counted as used once more, for which tasks that replay the same records wait for each other. Never
  /// inlined: in the midst of more code the compiler copies it.
  ///
  /// - Returns: whether there is a page now.
  @inline(never)
  private static func replay(
    _ records: borrowing [KeyRead.Record],
    _ index: Int,
    _ place: Place,
    _ hasPage: Bool,
    _ decoder: inout WALRecordDecoder,
    _ images: inout PageImageDecoder
  ) throws(RedoFault) -> Bool {
    switch records[index].record {
    case .postgres(_, let bytes): return try replay(bytes.span.bytes, place, hasPage, &decoder, &images)
    default: return try replayNative(records, index, place, hasPage)
    }
  }

  @inline(never)
  private static func replayNative(
    _ records: borrowing [KeyRead.Record],
    _ index: Int,
    _ place: Place,
    _ hasPage: Bool
  ) throws(RedoFault) -> Bool {
    guard hasPage else { throw .noBase }
    let record = records[index].record
    try NeonRecordRedo.replay(record, place.lsn, place.tag, place.block, place.rules, place.page)
    return true
  }

  /// Replays a record of PostgreSQL on the page.
  ///
  /// - Returns: whether there is a page now.
  private static func replay(
    _ bytes: RawSpan,
    _ place: Place,
    _ hasPage: Bool,
    _ decoder: inout WALRecordDecoder,
    _ images: inout PageImageDecoder
  ) throws(RedoFault) -> Bool {
    let outcome: Result<Bool, RedoFault>
    do throws(WALRecordError) {
      let record = try decoder.decode(bytes)
      outcome = replay(record, place, hasPage, &images)
    } catch {
      throw .malformed(error)
    }
    return try outcome.get()
  }

  /// Where a record is replayed.
  private struct Place {
    var tag: RelationTag
    var block: BlockNumber
    var lsn: Lsn
    var rules: RedoRules
    var page: RedoPage
  }

  private static func replay(
    _ record: borrowing WALRecord,
    _ place: Place,
    _ hasPage: Bool,
    _ images: inout PageImageDecoder
  ) -> Result<Bool, RedoFault> {
    do throws(RedoFault) {
      let (page, lsn) = (place.page, place.lsn)
      guard let reference = record.reference(to: place.tag, place.block) else { throw .blockNotNamed }
      let target = RedoTarget(
        tag: place.tag,
        block: place.block,
        lsn: lsn,
        rules: place.rules,
        reference: reference
      )
      if let image = reference.image, image.isApplied {
        try restore(reference, record, page, &images)
        if !page.isNew { page.lsn = lsn }
        try RecordRedo.replayBehindImage(record, target, page)
        return .success(true)
      }
      if target.isInitialized {
        page.bytes.initializeMemory(as: UInt8.self, repeating: 0, count: RedoPage.byteCount)
      } else {
        guard hasPage else { throw .noBase }
        guard lsn > page.lsn else { return .success(true) }
      }
      try RecordRedo.replay(record, target, page)
      return .success(true)
    } catch {
      return .failure(error)
    }
  }

  private static func restore(
    _ reference: WALBlockReference,
    _ record: borrowing WALRecord,
    _ page: RedoPage,
    _ images: inout PageImageDecoder
  ) throws(RedoFault) {
    do throws(WALRecordError) {
      var span = MutableRawSpan(_unsafeStart: page.bytes, byteCount: RedoPage.byteCount)
      try images.restore(reference, of: record, into: &span)
    } catch {
      throw .malformed(error)
    }
  }
}

extension WALRecord {
  /// How the record names a block.
  fileprivate func reference(to tag: RelationTag, _ block: BlockNumber) -> WALBlockReference? {
    for index in blocks.indices where blocks[index].block == block && blocks[index].relation == tag {
      return blocks[index]
    }
    return nil
  }
}

// MARK: Record by record

extension PageRedo {
  /// Makes the page all zeros.
  mutating func clear() {
    page.bytes.initializeMemory(as: UInt8.self, repeating: 0, count: RedoPage.byteCount)
  }

  /// - Parameter bytes: those of a page.
  mutating func fill(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      page.bytes.copyMemory(from: start, byteCount: min(source.count, RedoPage.byteCount))
    }
  }

  /// Replays a record of PostgreSQL on the page.
  ///
  /// - Returns: whether there is a page now.
  mutating func replay(
    _ record: RawSpan,
    at lsn: Lsn,
    on block: RedoBlock,
    hasPage: Bool
  ) throws(RedoFault) -> Bool {
    let place = Place(tag: block.tag, block: block.block, lsn: lsn, rules: rules, page: page)
    return try Self.replay(record, place, hasPage, &decoder, &images)
  }

  /// Whether a record of PostgreSQL brings an image of the block that replay restores. One that cannot be taken apart
  /// brings none.
  mutating func bringsImage(_ record: RawSpan, of tag: RelationTag, _ block: BlockNumber) -> Bool {
    do throws(WALRecordError) {
      let record = try decoder.decode(record)
      return record.reference(to: tag, block)?.image.map(\.isApplied) ?? false
    } catch {
      return false
    }
  }

  func withPage<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    body(UnsafeRawBufferPointer(start: page.bytes, count: RedoPage.byteCount))
  }
}

extension RedoError {
  /// About a record that came alone.
  init(of block: RedoBlock, at lsn: Lsn, _ record: RawSpan, fault: RedoFault) {
    self.init(key: .relationBlock(block.tag, block.block), lsn: lsn, record: .postgres, fault: fault)
    guard let header = WALRecordHeader(record) else { return }
    (resourceManager, info) = (header.resourceManager, header.info)
  }
}
