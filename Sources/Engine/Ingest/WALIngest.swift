import IndexFormat

/// Turns records of the WAL into values of keys, exactly as page servers do. Reads and waits for nothing: it says what
/// it needs to know, and is given it.
///
///     while let need = try ingest.need(of: record) { ingest.take(… what was needed …) }
///     let copy = try ingest.ingest(record, endingAt: place.end, into: layer)
///
/// Order of work of a record that ends at L; all its values have the LSN L:
///
/// | step | |
/// |---|---|
/// | 1 | L must be behind that of the record before |
/// | 2 | its transaction raises the tracked nextXid |
/// | 3 | what the kind of record does: see the extensions, by resource manager |
/// | 4 | of each block it names the record itself, or the page |
/// | 5 | the tracked checkpoint, if anything was set |
///
/// Sources: `pageserver/src/walingest.rs`, `libs/wal_decoder/src/decoder.rs`, `pageserver/src/pgdatadir_mapping.rs`.
public final class WALIngest {
  public let rules: IngestRules
  // Nothing here changes a property while it is being changed: no closure or method of another type gets to `self`.
  // Records are short, so that finding this out anew for each would take a tenth of the time.
  @exclusivity(unchecked) var state: IngestState
  /// Where the last record ended.
  @exclusivity(unchecked) public internal(set) var lastLsn: Lsn
  @exclusivity(unchecked) public private(set) var recordCount: UInt64 = 0
  @exclusivity(unchecked) private var images = PageImageDecoder()
  /// A database that was found to be loaded.
  @exclusivity(unchecked) private var known: DatabaseTag?

  init(_ rules: IngestRules, _ state: IngestState, at lsn: Lsn) {
    self.rules = rules
    self.state = state
    lastLsn = lsn
  }

  /// What must be loaded before the record can be ingested; nil if nothing is missing. To be asked again behind each
  /// answer.
  public func need(of record: borrowing WALRecord) throws(IngestFault) -> IngestNeed? {
    for index in record.blocks.indices {
      if let need = need(record.blocks[index].relation.database) { return need }
    }
    switch ResourceManager(rawValue: record.header.resourceManager) {
    case .storage: return try storageNeed(record)
    case .database: return try databaseNeed(record)
    case .transaction: return try transactionNeed(record)
    case .logicalMessage: return try messageNeed(record)
    default: return nil
    }
  }

  /// Takes up what was needed, as it was where ingest began.
  public func take(_ answer: IngestAnswer) { state.take(answer) }

  @inline(__always)
  func need(_ database: DatabaseTag) -> IngestNeed? {
    if database == known { return nil }
    guard state.isLoaded(database) else { return .relations(database) }
    known = database
    return nil
  }

  /// Puts what the record becomes into a layer. After an error the layer may hold a part of it, and nothing more can be
  /// ingested.
  ///
  /// - Returns: a database whose pages are to be copied.
  public func ingest(
    _ record: borrowing WALRecord,
    endingAt lsn: Lsn,
    into layer: MemoryLayer
  ) throws(IngestFault) -> DatabaseCopy? {
    guard lsn > lastLsn else { throw .notBehind(lastLsn) }
    if record.header.transaction != 0 { state.checkpoint.advance(past: record.header.transaction) }
    let output = IngestOutput(layer: layer, lsn: lsn)
    let copy = try effect(of: record, output)
    var copies = MemoryLayer.RecordCopies()
    for index in record.blocks.indices { try put(record.blocks[index], of: record, &copies, output) }
    if state.checkpoint.isModified {
      output.put(.checkpoint, state.checkpoint.value)
      state.checkpoint.isModified = false
    }
    lastLsn = lsn
    recordCount &+= 1
    return copy
  }

  private func effect(
    of record: borrowing WALRecord,
    _ output: IngestOutput
  ) throws(IngestFault) -> DatabaseCopy? {
    let data = RecordFields(record.mainData)
    switch ResourceManager(rawValue: record.header.resourceManager) {
    case .xlog: try ingestXLog(record, data, output)
    case .transaction: try ingestTransaction(record, data, output)
    case .storage: try ingestStorage(record, data, output)
    case .commitLog: try ingestCommitLog(record, data, output)
    case .database: return try ingestDatabase(record, data, output)
    case .multixact: try ingestMultixact(record, data, output)
    case .relationMap: try ingestRelationMap(data, output)
    case .standby: try ingestStandby(record, data)
    case .heap: try ingestHeap(record, output)
    case .heap2: try ingestHeap2(record, output)
    case .neon: try ingestNeon(record, output)
    case .replicationOrigin: try ingestOrigin(record, data, output)
    case .logicalMessage: try ingestMessage(data, output)
    default: break
    }
    return nil
  }

  // MARK: Blocks

  /// The value of a block that a record names.
  @inline(__always)
  private func put(
    _ reference: WALBlockReference,
    of record: borrowing WALRecord,
    _ copies: inout MemoryLayer.RecordCopies,
    _ output: IngestOutput
  ) throws(IngestFault) {
    let key = Key.relationBlock(reference.relation, reference.block)
    guard key.isCompactRepresentable else { throw .unsupportedKey(key) }
    guard key.isRelationBlock else { throw .badRelation(reference.relation) }
    let isLocal = rules.shard.isLocal(key)
    // Shard 0 keeps the lengths of all relations, whoever has their pages.
    guard isLocal || rules.isShardZero else { return }
    try extend(reference.relation, toHold: reference.block, output)
    guard isLocal else { return }
    if Self.isPlainImage(reference, record.header) {
      try putImage(reference, of: record, key, output)
    } else {
      let willInit = reference.startsFromNothing
      output.layer.put(key, output.lsn, record: record.bytes, willInit: willInit, &copies)
    }
  }

  /// Whether the page itself is stored, not the record: only of records that are nothing but images, and only
  /// uncompressed ones.
  @inline(__always)
  private static func isPlainImage(_ reference: WALBlockReference, _ header: WALRecordHeader) -> Bool {
    guard let image = reference.image, header.resourceManager == ResourceManager.xlog.rawValue else {
      return false
    }
    // Compared with all bits.
    return (header.info == XLogOperation.fullPageImage || header.info == XLogOperation.hintImage)
      && image.isApplied && image.compression == .none && !image.stored.isEmpty
  }

  private func putImage(
    _ reference: WALBlockReference,
    of record: borrowing WALRecord,
    _ key: Key,
    _ output: IngestOutput
  ) throws(IngestFault) {
    let target = output.layer.reserveImage(key, output.lsn, PageHeader.pageByteCount)
    do throws(WALRecordError) {
      var page = MutableRawSpan(_unsafeBytes: target)
      try images.restore(reference, of: record, into: &page)
    } catch {
      throw .malformed(error)
    }
    // What stands at 14 is pd_upper: 0 of a new page, which has no LSN.
    guard target[14] | target[15] != 0 else { return }
    let halves = (output.lsn.value >> 32, output.lsn.value)
    target.storeBytes(of: UInt32(truncatingIfNeeded: halves.0).littleEndian, as: UInt32.self)
    target.storeBytes(of: UInt32(truncatingIfNeeded: halves.1).littleEndian, toByteOffset: 4, as: UInt32.self)
  }
}

/// Where the values of one record go.
struct IngestOutput {
  let layer: MemoryLayer
  let lsn: Lsn

  func put(_ key: Key, _ value: some StoredValue) { layer.put(key, lsn, value) }
  func put(_ key: Key, _ record: NeonRecord) { layer.put(key, lsn, record) }
  func put(_ key: Key, image: RawSpan) { layer.put(key, lsn, image: image) }
}

/// `xl_info` of resource manager XLOG.
enum XLogOperation {
  static let shutdownCheckpoint: UInt8 = 0x00
  static let onlineCheckpoint: UInt8 = 0x10
  static let nextOid: UInt8 = 0x30
  static let parameterChange: UInt8 = 0x60
  static let endOfRecovery: UInt8 = 0x90
  static let hintImage: UInt8 = 0xa0
  static let fullPageImage: UInt8 = 0xb0
}
