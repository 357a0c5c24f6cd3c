import IndexFormat

/// `backup_label`: what PostgreSQL writes into a base backup of a running server.
///
/// | line | meaning |
/// |---|---|
/// | `START WAL LOCATION: 0/2000028 (file …)` | where WAL must be replayed from |
/// | `CHECKPOINT LOCATION: 0/2000060` | not used |
/// | `BACKUP FROM: primary` | or `standby`, whose WAL does not say where the backup ends |
/// | `INCREMENTAL FROM LSN: …` | since 17: of blocks that changed alone |
///
/// Source: PostgreSQL `src/backend/access/transam/xlogbackup.c`.
public struct BackupLabel: Equatable, Sendable {
  public var start: Lsn
  public var isOfStandby = false
  public var isIncremental = false

  /// PostgreSQL's own has less than 1 KiB, with a label of the user's choice.
  static let maximumByteCount = 64 << 10

  public init(parsing bytes: [UInt8]) throws(FormatError) {
    var found: Lsn?
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      let text = String(decoding: line, as: UTF8.self)
      guard let colon = text.firstIndex(of: ":") else { continue }
      let value = text[text.index(after: colon)...].drop { $0 == " " }
      switch text[..<colon] {
      case "START WAL LOCATION": found = found ?? Lsn(String(value.prefix { $0 != " " }))
      case "BACKUP FROM": isOfStandby = value != "primary"
      case "INCREMENTAL FROM LSN": isIncremental = true
      default: break
      }
    }
    guard let found, found != .invalid else {
      throw FormatError(.missingField, field: "START WAL LOCATION", found: "none", expected: "an LSN")
    }
    start = found
  }
}
