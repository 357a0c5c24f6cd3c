import IndexFormat

/// What a record says beside the blocks that it names, in the words of `pg_waldump` of its version: 14 and 15 write
/// `off 3 flags 0x01`, 16 and 17 `off: 3, flags: 0x01`.
///
/// Times are in UTC. Heap records of Neon's computes are told by the length of their main data where
/// the version leaves it open. A record that is too short for its kind is told as far as it goes, with the reason.
///
/// Sources: PostgreSQL, `access/rmgrdesc/`, and the headers of the structures.
public struct WALDescription {
  /// Empty if there is nothing to say.
  public private(set) var text = ""
  let version: PostgresVersion

  /// Items of one list that are written; the rest is counted. One record may hold hundreds of millions.
  static let listLimit = 10_000

  public init(_ record: borrowing WALRecord) {
    version = record.version
    do throws(RedoFault) {
      switch ResourceManager(rawValue: record.header.resourceManager) {
      case .xlog: try describeXLog(record)
      case .transaction: try describeTransaction(record)
      case .standby: try describeStandby(record)
      case .heap: try describeHeap(record)
      case .heap2: try describeHeap2(record)
      case .neon: try describeNeonHeap(record)
      case .btree: try describeBTree(record)
      case .brin: try describeBRIN(record)
      case .storage: try describeStorage(record)
      case .commitLog, .commitTimestamp, .multixact: try describeSLRU(record)
      case .database, .tablespace, .relationMap: try describeFiles(record)
      case .sequence, .replicationOrigin, .logicalMessage, .generic: try describeOther(record)
      case .hash: try describeHash(record)
      case .gin: try describeGIN(record)
      case .gist: try describeGiST(record)
      case .spgist: try describeSPGiST(record)
      case nil: break
      }
    } catch {
      text += text.isEmpty ? "(\(error))" : " (\(error))"
    }
  }

  /// With nothing to say yet.
  init(version: PostgresVersion) { self.version = version }

  /// Whether fields are written `name: value`.
  var isLabelled: Bool { version >= .v16 }

  mutating func add(_ more: String) { text += more }

  /// - Parameter separator: stands before each item.
  mutating func addList(
    _ count: Int,
    separator: String = " ",
    _ item: () throws(RedoFault) -> String
  ) throws(RedoFault) {
    for index in 0..<max(0, count) {
      guard index < Self.listLimit else {
        text += "\(separator)… \(count) in all"
        return
      }
      text += separator
      text += try item()
    }
  }

  // MARK: Parts that several records have

  static func hex(_ byte: UInt8) -> String { "0x\(digits(byte))" }

  /// Two digits, upper case.
  static func digits(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }

  /// A transaction with its epoch.
  static func full(_ transaction: UInt64) -> String {
    "\(transaction >> 32):\(UInt32(truncatingIfNeeded: transaction))"
  }

  /// As servers in UTC write it: `2026-03-11 10:11:12.123456 UTC`.
  static func time(_ microseconds: UInt64) -> String {
    let time = PostgresTimestamp(microseconds: Int64(bitPattern: microseconds))
    guard let date = time.dateTime else { return "\(time)" }
    func digits(_ number: Int, _ count: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
    return "\(digits(date.year, 4))-\(digits(date.month, 2))-\(digits(date.day, 2)) "
      + "\(digits(date.hour, 2)):\(digits(date.minute, 2)):\(digits(date.second, 2))."
      + "\(digits(date.nanosecond / 1000, 6)) UTC"
  }

  /// The file of a relation, below the data directory.
  func path(_ tablespace: UInt32, _ database: UInt32, _ relation: UInt32, _ fork: RelationFork = .main)
    -> String
  {
    let name = "\(RelationFileName(relation: relation, fork: fork, segment: 0))"
    switch tablespace {
    case DatabaseTag.globalTablespace: return "global/\(name)"
    case DatabaseTag.defaultTablespace: return "base/\(database)/\(name)"
    default: return "pg_tblspc/\(tablespace)/\(Self.tablespaceFolder(version))/\(database)/\(name)"
    }
  }

  /// `TABLESPACE_VERSION_DIRECTORY`, with the number of the catalog.
  private static func tablespaceFolder(_ version: PostgresVersion) -> String {
    switch version {
    case .v14: "PG_14_202107181"
    case .v15: "PG_15_202209061"
    case .v16: "PG_16_202307071"
    case .v17: "PG_17_202406281"
    }
  }

  /// Text that ends in a zero, within `limit` bytes. Control characters are written `\\x0A`, as a line is one line.
  static func text(_ bytes: RawSpan, limit: Int) -> String {
    var characters: [UInt8] = []
    for offset in 0..<min(limit, bytes.byteCount) {
      let byte = bytes.byte(offset)
      if byte == 0 { break }
      if byte < 0x20 || byte == 0x7f {
        characters += "\\x\(digits(byte))".utf8
      } else {
        characters.append(byte)
      }
    }
    return String(decoding: characters, as: UTF8.self)
  }
}

extension RecordBytes {
  mutating func uint64() throws(RedoFault) -> UInt64 { UInt64(try uint32()) | UInt64(try uint32()) << 32 }

  mutating func lsn() throws(RedoFault) -> Lsn { Lsn(try uint64()) }

  /// A count, which in C is an `int`.
  mutating func count() throws(RedoFault) -> Int { Int(Int32(bitPattern: try uint32())) }

  /// Three numbers: tablespace, database, relation.
  mutating func relation() throws(RedoFault) -> (tablespace: UInt32, database: UInt32, relation: UInt32) {
    (try uint32(), try uint32(), try uint32())
  }

  /// `1663/5/1259`.
  mutating func relationText() throws(RedoFault) -> String {
    let relation = try relation()
    return "\(relation.tablespace)/\(relation.database)/\(relation.relation)"
  }

  /// What is left, as text that ends in a zero.
  func text(limit: Int) -> String {
    WALDescription.text(bytes.extracting(offset..<bytes.byteCount), limit: limit)
  }
}
