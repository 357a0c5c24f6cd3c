@testable import Engine
import IndexFormat

/// What WAL does to each block: the records, as a page server keeps them.
///
/// A server of PostgreSQL clears bits of visibility maps without naming their pages, and without setting their LSNs. A
/// page server puts records of its own there, and so does this.
struct BlockHistories {
  /// All segments of a cluster, and where the first one begins.
  struct WAL {
    var version: PostgresVersion
    var start: Lsn
    var bytes: [UInt8]
  }

  /// By blocks; what came before a block was cut off is left out.
  private(set) var records: [RelationTag: [UInt32: [KeyRead.Record]]] = [:]
  /// Blocks from here on were cut off at some time: what the base has of them does not count.
  private(set) var cuts: [RelationTag: UInt32] = [:]
  /// How often each kind of record was met, with images and without.
  private(set) var operations: [String: Int] = [:]
  private var counts: [WALOperation: Int] = [:]
  private(set) var compressions: Set<WALPageImage.Compression> = []
  private(set) var problems: [String] = []
  private(set) var hasEnded = false
  private var end: [UInt8]

  private static let restorePoint = WALOperation(resourceManager: ResourceManager.xlog.rawValue, info: 0x70)
  private static let truncation = WALOperation(resourceManager: ResourceManager.storage.rawValue, info: 0x20)

  /// - end: name of the restore point behind which records do not count.
  init(_ wal: WAL, from start: Lsn, to end: String) {
    self.end = Array(end.utf8)
    var reader = WALReader(segmentSize: .standard, start: .anywhere(start))
    reader.mayEnd = true
    var decoder = WALRecordDecoder(version: wal.version)
    let bytes = wal.bytes
    let first = Int(reader.page.value - wal.start.value)
    var found = self
    _ = reader.read(bytes.span.bytes.extracting(first..<bytes.count)) { place, bytes in
      do throws(WALRecordError) {
        let record = try decoder.decode(bytes)
        found.add(record, place.end)
        return found.hasEnded ? .pause : .goOn
      } catch {
        found.problems.append("\(place.start): \(error)")
        return .pause
      }
    } report: {
      found.problems.append("\($0)")
    }
    self = found
    for (operation, count) in counts { operations[operation.fullName(wal.version), default: 0] += count }
    if !hasEnded { problems.append("no restore point \(end)") }
  }

  private mutating func add(_ record: borrowing WALRecord, _ lsn: Lsn) {
    let operation = WALOperation(record.header)
    counts[operation, default: 0] += 1
    // The name stands behind a time of 8 bytes.
    if operation == Self.restorePoint {
      let said = record.mainData.extracting(8..<8 + end.count).withUnsafeBytes { Array($0) }
      hasEnded = said == end
    }
    if operation == Self.truncation { truncate(record.mainData, lsn) }
    let bytes = record.bytes.withUnsafeBytes { Array($0) }
    for index in record.blocks.indices {
      let block = record.blocks[index]
      if let image = block.image { compressions.insert(image.compression) }
      let value = NeonRecord.postgres(willInit: block.startsFromNothing, record: bytes)
      append(value, lsn, block.relation, block.block.value)
    }
    clearVisible(record, operation, lsn)
  }

  private mutating func append(_ record: NeonRecord, _ lsn: Lsn, _ tag: RelationTag, _ block: UInt32) {
    let record = KeyRead.Record(lsn: lsn, record: record, visit: 0)
    records[tag, default: [:]][block, default: []].append(record)
  }

  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 4 | blocks that stay |
  /// | 4 | 12 | tablespace, database, relation |
  private mutating func truncate(_ data: RawSpan, _ lsn: Lsn) {
    let count = data.littleEndian32(0)
    let tag = RelationTag(
      tablespace: data.littleEndian32(4),
      database: data.littleEndian32(8),
      relation: data.littleEndian32(12)
    )
    cut(tag, to: count)
    let map = RelationTag(tag.database, relation: tag.relation, fork: .visibilityMap)
    let (block, inBlock) = (count / 32672, count % 32672)
    guard inBlock > 0 else {
      cut(map, to: block)
      return
    }
    cut(map, to: block + 1)
    let change = NeonRecord.truncateVisibilityMap(
      byte: UInt64(inBlock / 4),
      bitOffset: UInt64(inBlock % 4 * 2)
    )
    append(change, lsn, map, block)
  }

  private mutating func cut(_ tag: RelationTag, to count: UInt32) {
    cuts[tag] = min(cuts[tag] ?? count, count)
    guard let blocks = records[tag] else { return }
    records[tag] = blocks.filter { $0.key < count }
  }

  /// Where the flags of heap records stand, and which bits they say to be cleared.
  private mutating func clearVisible(_ record: borrowing WALRecord, _ operation: WALOperation, _ lsn: Lsn) {
    let (data, code) = (record.mainData, operation.code & 0x70)
    let place: (offset: Int, bits: UInt8)?
    switch (ResourceManager(rawValue: operation.resourceManager), code) {
    case (.heap, 0x00): place = (2, 3)
    case (.heap, 0x10), (.heap, 0x20), (.heap, 0x40): place = (7, 3)
    case (.heap, 0x60), (.heap2, 0x60): place = (7, 2)
    case (.heap2, 0x50): place = (0, 3)
    default: place = nil
    }
    guard let place, let new = record.block(id: 0) else { return }
    let flags = data.byte(place.offset)
    let isUpdate =
      operation.resourceManager == ResourceManager.heap.rawValue && (code == 0x20 || code == 0x40)
    let old = record.block(id: 1)?.block ?? new.block
    let map = RelationTag(new.relation.database, relation: new.relation.relation, fork: .visibilityMap)
    for (isCleared, block) in [
      (flags & 1 != 0, isUpdate ? old : new.block), (isUpdate && flags & 2 != 0, new.block),
    ]
    where isCleared {
      let change = NeonRecord.clearVisibilityMapFlags(
        newHeapBlock: block.value,
        oldHeapBlock: nil,
        flags: place.bits
      )
      append(change, lsn, map, block.value / 32672)
    }
  }
}
