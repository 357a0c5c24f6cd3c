import IndexFormat

/// Why a record cannot be ingested. Page servers end with an error there, or crash.
public enum IngestFault: Error, Sendable {
  /// The WAL is damaged, or not that of this timeline.
  case damaged(WALProblem)
  case malformed(WALRecordError)
  /// The record's own data end before the field.
  case dataTooShort(field: String, found: Int, expected: Int)
  /// A field that no record of PostgreSQL has.
  case badField(field: String, found: UInt64, expected: String)
  /// The record names no block, and its effect is on one.
  case noBlock
  case unknownOperation
  /// The resource manager does not exist in this version of PostgreSQL.
  case wrongVersion(PostgresVersion)
  /// A key that page servers cannot hold: its tablespace has more than 16 bits.
  case unsupportedKey(Key)
  case relationExists(RelationTag)
  /// A relation with number 0, or a block with the number that stands for sizes.
  case badRelation(RelationTag)
  /// A prepared transaction that is prepared already.
  case transactionPrepared(UInt64)
  /// A transaction with a number that was not given out yet, in the first epoch.
  case transactionInFuture(UInt32)
  case databaseMissing(DatabaseTag)
  /// Another LSN than one behind the last record.
  case notBehind(Lsn)
  case limitExceeded(field: String, found: UInt64, limit: UInt64)
  /// What the record builds on cannot be read.
  case read(ReadError)
  case write(LayerWriteError)
}

extension IngestFault: CustomStringConvertible {
  public var description: String {
    switch self {
    case .damaged(let problem): "\(problem)"
    case .malformed(let error): "\(error)"
    case .dataTooShort(let field, let found, let expected):
      "\(field): found \(found) bytes, expected \(expected) or more"
    case .badField(let field, let found, let expected): "\(field): found \(found), expected \(expected)"
    case .noBlock: "blocks: found none, expected one"
    case .unknownOperation: "found an operation that does not exist"
    case .wrongVersion(let version):
      "found a resource manager that PostgreSQL \(version.major) does not have"
    case .unsupportedKey(let key): "key \(key): found a tablespace of more than 16 bits"
    case .relationExists(let tag): "relation \(tag): found it, expected none"
    case .badRelation(let tag): "relation \(tag): found number 0 or the last block, expected others"
    case .transactionPrepared(let transaction): "transaction \(transaction): found it prepared already"
    case .transactionInFuture(let transaction):
      "transaction \(transaction): found in the first epoch, expected one that was given out"
    case .databaseMissing(let database): "database \(database): found none, expected one to copy"
    case .notBehind(let lsn): "LSN: found one that is not behind \(lsn)"
    case .limitExceeded(let field, let found, let limit):
      "\(field): found \(found), expected at most \(limit)"
    case .read(let error): "\(error)"
    case .write(let error): "\(error)"
    }
  }
}

/// A record that cannot be ingested: which, and why. One pointer in size, as it crosses many an `await`.
public final class IngestError: Error, CustomStringConvertible {
  /// Where the record ends, or what is read of the WAL does.
  public let lsn: Lsn
  /// `xl_rmid` and `xl_info`, if there is a record.
  public let resourceManager: UInt8?
  public let info: UInt8?
  public let fault: IngestFault

  init(_ fault: IngestFault, at lsn: Lsn, _ header: WALRecordHeader? = nil) {
    self.lsn = lsn
    resourceManager = header?.resourceManager
    info = header?.info
    self.fault = fault
  }

  public var description: String {
    var text = "ingest at \(lsn): "
    if let resourceManager, let info {
      text += "record of \(ResourceManager.name(resourceManager)), info \(info): "
    }
    return text + "\(fault)"
  }
}
