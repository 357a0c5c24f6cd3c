/// What a key stands for. Exact: of every case but the last two, the key can be told from the case and back.
///
/// Numbers in hex; SPC, DB, REL: tablespace, database, relation; F: fork.
///
/// | family | field1 | 2 | 3 | 4 | 5 | 6 |
/// |---|---|---|---|---|---|---|
/// | database directory | 00 | 0 | 0 | 0 | 0 | 0 |
/// | relation map | 00 | SPC | DB | 0 | 0 | 0 |
/// | relation directory, v1 | 00 | SPC | DB | 0 | 0 | 1 |
/// | relation block | 00 | SPC | DB | REL | F | block |
/// | relation size | 00 | SPC | DB | REL | F | FFFFFFFF |
/// | SLRU directory | 01 | kind | 0 | 0 | 0 | 0 |
/// | SLRU block | 01 | kind | 1 | segment | 0 | block 0-1F |
/// | SLRU segment size | 01 | kind | 1 | segment | 0 | FFFFFFFF |
/// | two-phase directory | 02 | 0 | 0 | 0 | 0 | 0 |
/// | two-phase file | 02 | 0 | 0 | xid bits 40-63 | bits 32-39 | bits 0-31 |
/// | control file, checkpoint, aux files v1 | 03 | 0 | 0 | 0 | 0 | 0, 1, 2 |
/// | aux file, v2 | 62 | folder | hash | hash | hash | hash |
/// | replication origin | 63 | 0 | 0 | 0 | 0 | 16 bits |
/// | relation directory entry, v2 | 65 | SPC | DB | REL | F | 1 |
///
/// Source: `libs/pageserver_api/src/key.rs`.
public enum KeyClass: Hashable, Sendable {
  case databaseDirectory
  case relationMap(DatabaseTag)
  case relationDirectoryV1(DatabaseTag)
  case relationBlock(RelationTag, BlockNumber)
  case relationSize(RelationTag)
  case slruDirectory(SLRUKind)
  case slruBlock(SLRUSegment, BlockNumber)
  case slruSegmentSize(SLRUSegment)
  case twoPhaseDirectory
  /// Prepared transaction with its number: 32 bits up to PostgreSQL 16, 64 from 17 on.
  case twoPhaseFile(UInt64)
  case controlFile
  case checkpoint
  case auxFilesV1
  case auxFile(AuxFileKey)
  case replicationOrigin(UInt16)
  case relationDirectoryV2(RelationTag)
  /// A prefix that is defined but never written: 61 (relation sizes), 64 (database directories).
  case reserved(prefix: UInt8)
  case unknown

  public init(_ key: Key) {
    switch key.field1 {
    case 0: self = KeyClass.relationFamily(key)
    case 1: self = KeyClass.slruFamily(key)
    case 2: self = KeyClass.twoPhaseFamily(key)
    case 3: self = KeyClass.controlFamily(key)
    case Key.relationSizeV2Prefix, Key.databaseDirectoryV2Prefix: self = .reserved(prefix: key.field1)
    case Key.auxFilePrefix: self = AuxFileKey(key).map(KeyClass.auxFile) ?? .unknown
    case Key.replicationOriginPrefix:
      let origin = UInt16(truncatingIfNeeded: key.field6)
      self = key == .replicationOrigin(origin) ? .replicationOrigin(origin) : .unknown
    case Key.relationDirectoryV2Prefix:
      let isEntry = key.field2 <= 0xffff && key.field4 != 0 && key.field6 == 1
      self = isEntry ? .relationDirectoryV2(key.relationTag) : .unknown
    default: self = .unknown
    }
  }

  private static func relationFamily(_ key: Key) -> KeyClass {
    let database = DatabaseTag(tablespace: key.field2, database: key.field3)
    if key.isRelationBlock { return .relationBlock(key.relationTag, BlockNumber(key.field6)) }
    if key.field4 != 0 { return .relationSize(key.relationTag) }
    if key == .databaseDirectory { return .databaseDirectory }
    guard key.field2 != 0 else { return .unknown }
    if key == .relationMap(database) { return .relationMap(database) }
    return key == .relationDirectoryV1(database) ? .relationDirectoryV1(database) : .unknown
  }

  private static func slruFamily(_ key: Key) -> KeyClass {
    guard let kind = SLRUKind(rawValue: key.field2) else { return .unknown }
    if key == .slruDirectory(kind) { return .slruDirectory(kind) }
    let segment = SLRUSegment(kind, number: key.field4)
    if key == .slruSegmentSize(segment) { return .slruSegmentSize(segment) }
    let block = BlockNumber(key.field6)
    guard block.value < SLRUKind.pagesPerSegment, key == .slruBlock(segment, block) else { return .unknown }
    return .slruBlock(segment, block)
  }

  private static func twoPhaseFamily(_ key: Key) -> KeyClass {
    if key == .twoPhaseDirectory { return .twoPhaseDirectory }
    let transaction = UInt64(key.field4) << 40 | UInt64(key.field5) << 32 | UInt64(key.field6)
    return key == .twoPhaseFile(transaction: transaction) ? .twoPhaseFile(transaction) : .unknown
  }

  private static func controlFamily(_ key: Key) -> KeyClass {
    switch key {
    case .controlFile: .controlFile
    case .checkpoint: .checkpoint
    case .auxFilesV1: .auxFilesV1
    default: .unknown
    }
  }

  /// The key, or nil for those cases that stand for many.
  public var key: Key? {
    switch self {
    case .databaseDirectory: .databaseDirectory
    case .relationMap(let database): .relationMap(database)
    case .relationDirectoryV1(let database): .relationDirectoryV1(database)
    case .relationBlock(let tag, let block): .relationBlock(tag, block)
    case .relationSize(let tag): .relationSize(tag)
    case .slruDirectory(let kind): .slruDirectory(kind)
    case .slruBlock(let segment, let block): .slruBlock(segment, block)
    case .slruSegmentSize(let segment): .slruSegmentSize(segment)
    case .twoPhaseDirectory: .twoPhaseDirectory
    case .twoPhaseFile(let transaction): .twoPhaseFile(transaction: transaction)
    case .controlFile: .controlFile
    case .checkpoint: .checkpoint
    case .auxFilesV1: .auxFilesV1
    case .auxFile(let auxFile): auxFile.key
    case .replicationOrigin(let identifier): .replicationOrigin(identifier)
    case .relationDirectoryV2(let tag): .relationDirectoryV2(tag)
    case .reserved, .unknown: nil
    }
  }
}

extension KeyClass: CustomStringConvertible {
  /// One line for people, such as `relation 1663/5/16384_fsm block 7`.
  public var description: String {
    switch self {
    case .databaseDirectory: "database directory"
    case .relationMap(let database): "relation map of \(database)"
    case .relationDirectoryV1(let database): "relation directory of \(database)"
    case .relationBlock(let tag, let block): "relation \(tag) block \(block)"
    case .relationSize(let tag): "relation \(tag) size"
    case .slruDirectory(let kind): "SLRU \(kind.folder) directory"
    case .slruBlock(let segment, let block): "SLRU \(segment) block \(block)"
    case .slruSegmentSize(let segment): "SLRU \(segment) size"
    case .twoPhaseDirectory: "prepared transactions directory"
    case .twoPhaseFile(let transaction): "prepared transaction \(transaction)"
    case .controlFile: "control file"
    case .checkpoint: "checkpoint"
    case .auxFilesV1: "aux files (v1)"
    case .auxFile(let auxFile): auxFile.description
    case .replicationOrigin(let identifier): "replication origin \(identifier)"
    case .relationDirectoryV2(let tag): "relation \(tag) directory entry (v2)"
    case .reserved(let prefix):
      "reserved key prefix " + HexDigits.string(UInt64(prefix), count: 2, uppercase: true)
    case .unknown: "key of no known family"
    }
  }
}

extension AuxFileKey: CustomStringConvertible {
  public var description: String {
    let place =
      switch folder {
      case .logicalMappings: "in pg_logical/mappings"
      case .logicalSnapshots: "in pg_logical/snapshots"
      case .replicationOriginCheckpoint: "pg_logical/replorigin_checkpoint"
      case .otherLogical: "in pg_logical"
      case .replicationSlots: "in pg_replslot"
      case .statistics: "in pg_stat"
      case .other: "in no known folder"
      case nil: "in unknown folder " + HexDigits.string(UInt64(folderBytes), count: 4, uppercase: true)
      }
    return "aux file \(place), key \(key)"
  }
}

extension Key {
  /// What the key stands for, in one line for people.
  public func describe() -> String {
    let keyClass = KeyClass(self)
    return keyClass.key == nil ? "\(keyClass) (\(self))" : keyClass.description
  }
}
