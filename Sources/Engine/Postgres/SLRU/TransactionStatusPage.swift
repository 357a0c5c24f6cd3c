import IndexFormat

/// A page of pg_xact (CLOG): how transactions ended, and when the last of them did.
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 8192 | two bits for each of 32,768 transactions, see `SLRUGeometry` |
/// | 8192 | 8 | commit time: i64 **big-endian**, microseconds since 2000-01-01 UTC. Only once a commit was applied |
///
/// The time is that of the commit record that was applied last, not the latest of all. PostgreSQL never sees it. Pages
/// that were imported, and new ones, have none. A page of another length has no time, and is no whole page.
///
/// Source: `pageserver/src/walredo/apply_neon.rs`, `pageserver/src/pgdatadir_mapping.rs`.
public struct TransactionStatusPage: StoredValue {
  /// Nil for a page without.
  public var commitTime: PostgresTimestamp?
  /// 8192 bytes.
  public private(set) var statuses: [UInt8]

  public static let byteCountWithTime = PageHeader.pageByteCount + 8

  public enum Status: UInt8, Sendable {
    case inProgress = 0
    case committed
    case aborted
    case subCommitted
  }

  /// Zeros: every transaction in progress.
  public init() { statuses = [UInt8](repeating: 0, count: PageHeader.pageByteCount) }

  public init(parsing bytes: RawSpan) throws(FormatError) {
    guard bytes.byteCount == PageHeader.pageByteCount || bytes.byteCount == Self.byteCountWithTime else {
      throw FormatError(
        .badValue,
        field: "pg_xact page",
        found: "\(bytes.byteCount) bytes",
        expected: "8192 or 8200 bytes"
      )
    }
    statuses = bytes.copy(0..<PageHeader.pageByteCount)
    commitTime = Self.commitTime(of: bytes)
  }

  /// The time alone, without a copy of the page.
  public static func commitTime(of bytes: RawSpan) -> PostgresTimestamp? {
    guard bytes.byteCount == byteCountWithTime else { return nil }
    return PostgresTimestamp(microseconds: Int64(bitPattern: bytes.uint64(PageHeader.pageByteCount)))
  }

  public func encode(into bytes: inout [UInt8]) {
    bytes += statuses
    if let commitTime { bytes.appendBigEndian(commitTime.microseconds) }
  }

  /// The status of a transaction, which must be one of this page's: only its place in the page counts.
  public subscript(transaction: UInt32) -> Status {
    get {
      let place = SLRUGeometry.status(of: transaction)
      return Status(rawValue: statuses[place.byte] >> place.shift & 3) ?? .inProgress
    }
    set {
      let place = SLRUGeometry.status(of: transaction)
      statuses[place.byte] = statuses[place.byte] & ~(3 << place.shift) | newValue.rawValue << place.shift
    }
  }
}
