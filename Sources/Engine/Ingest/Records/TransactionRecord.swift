import IndexFormat

/// How a transaction ended: the main data of records of transactions.
///
/// | size | field | there if |
/// |---|---|---|
/// | 8 | time: microseconds since 2000 | |
/// | 4 | xinfo | `xl_info` has 0x80 |
/// | 4, 4 | database, tablespace | 0x01 |
/// | 4, 4 each | count, subtransactions | 0x02 |
/// | 4, 12 each | count, relations to drop: tablespace, database, relation | 0x04 |
/// | 4, 12 each | count, statistics to drop | 0x100 |
/// | 4, 16 each | count, invalidations | 0x08 |
/// | 4 | the transaction that was prepared | 0x10 |
/// | | its name, ending in NUL | 0x80 |
/// | 8, 8 | LSN and time at the origin | 0x20 |
///
/// Little-endian, nothing aligned. Source: PostgreSQL, `access/xact.h`.
struct TransactionRecord {
  enum Kind: UInt8 {
    case commit = 0x00
    case prepare = 0x10
    case abort = 0x20
    case commitPrepared = 0x30
    case abortPrepared = 0x40

    var isCommit: Bool { self == .commit || self == .commitPrepared }
    var wasPrepared: Bool { self == .commitPrepared || self == .abortPrepared }
  }

  private enum Content {
    static let database: UInt32 = 0x001
    static let subtransactions: UInt32 = 0x002
    static let relations: UInt32 = 0x004
    static let invalidations: UInt32 = 0x008
    static let prepared: UInt32 = 0x010
    static let origin: UInt32 = 0x020
    static let name: UInt32 = 0x080
    static let statistics: UInt32 = 0x100
  }

  var transaction: UInt32
  var time: Int64
  var subtransactions: [UInt32] = []
  var relations: [(database: DatabaseTag, relation: UInt32)] = []
  var originLsn = Lsn.invalid

  /// The bits of `xl_info` that say what happened.
  static let kindMask: UInt8 = 0x70
  private static let hasContent: UInt8 = 0x80

  /// - overlooksName: whether the LSN of an origin is read where the name stands: see `IngestRules`.
  init(
    _ header: WALRecordHeader,
    _ data: consuming RecordFields,
    overlooksName: Bool
  ) throws(IngestFault) {
    transaction = header.transaction
    time = Int64(bitPattern: try data.uint64("xact_time"))
    let content = header.info & Self.hasContent == 0 ? 0 : try data.uint32("xinfo")
    if content & Content.database != 0 { try data.skip(8, "dbinfo") }
    if content & Content.subtransactions != 0 {
      let count = try data.count("subxacts", elementByteCount: 4)
      subtransactions.reserveCapacity(count)
      for _ in 0..<count { subtransactions.append(try data.uint32("subxact")) }
    }
    if content & Content.relations != 0 { try readRelations(&data) }
    if content & Content.statistics != 0 { try Self.skip("statistics", 12, &data) }
    if content & Content.invalidations != 0 { try Self.skip("invalidations", 16, &data) }
    if content & Content.prepared != 0 { transaction = try data.uint32("two-phase xid") }
    guard content & Content.origin != 0 else { return }
    if content & Content.name != 0, !overlooksName {
      while try data.uint8("gid") != 0 {}
    }
    originLsn = Lsn(try data.uint64("origin_lsn"))
  }

  private mutating func readRelations(_ data: inout RecordFields) throws(IngestFault) {
    let count = try data.count("relations", elementByteCount: 12)
    relations.reserveCapacity(count)
    for _ in 0..<count {
      let tablespace = try data.uint32("tablespace")
      let database = DatabaseTag(tablespace: tablespace, database: try data.uint32("database"))
      relations.append((database, try data.uint32("relation")))
    }
  }

  private static func skip(
    _ field: String,
    _ byteCount: Int,
    _ data: inout RecordFields
  ) throws(IngestFault) {
    let count = try data.count(field, elementByteCount: byteCount)
    try data.skip(count * byteCount, field)
  }
}
