import IndexFormat

/// The prepared transactions of a cluster: the value of `Key.twoPhaseDirectory`.
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 8 | number of transactions |
/// | 8 | 4 or 8 each | transaction: u32 up to PostgreSQL 16, u64 (with the epoch) from 17 on |
///
/// Numbers are big-endian. Nothing in the bytes says which of the two forms it is, but the length does where there is a
/// transaction: `8 + 4n` and `8 + 8n` differ. Written by page servers in the order of a hash table, here in ascending
/// order. A transaction that is there twice counts once.
///
/// Source: `pageserver/src/pgdatadir_mapping.rs`; 64 bits since 2024-09-12.
public struct TwoPhaseDirectory: StoredValue {
  /// Bytes of a transaction's number.
  public enum Width: Int, Sendable {
    case short = 4
    case full = 8

    /// What page servers write for a major version of PostgreSQL.
    public init(pgVersion: UInt32) { self = pgVersion >= 17 ? .full : .short }
  }

  public private(set) var width: Width
  /// In ascending order, each once.
  public private(set) var transactions: [UInt64]
  /// Transactions that were there once more than they count. Not written again.
  public private(set) var repeatedEntryCount = 0

  /// - transactions: with numbers that fit into the width; what does not fit is cut.
  public init(_ transactions: [UInt64], width: Width) {
    self.width = width
    let fitting = width == .full ? transactions : transactions.map { $0 & 0xffff_ffff }
    let (unique, repeated) = fitting.sortedByLast(<)
    self.transactions = unique
    repeatedEntryCount = repeated
  }

  public init(parsing bytes: RawSpan) throws(FormatError) { try self.init(parsing: bytes, pgVersion: nil) }

  /// - pgVersion: the timeline's major version, which decides the form. Nil where it is not known: the length decides.
  public init(parsing bytes: RawSpan, pgVersion: UInt32?) throws(FormatError) {
    let width = pgVersion.map(Width.init(pgVersion:)) ?? TwoPhaseDirectory.width(of: bytes)
    var reader = ByteReader(bytes)
    let count = try reader.count("xids", elementByteCount: width.rawValue)
    var transactions: [UInt64] = []
    transactions.reserveCapacity(count)
    for _ in 0..<count {
      transactions.append(width == .full ? try reader.uint64("xids") : UInt64(try reader.uint32("xids")))
    }
    try reader.end(of: "two-phase directory")
    self.init(transactions, width: width)
  }

  /// The form that the length tells; the short one for an empty directory, and for a length that fits neither.
  private static func width(of bytes: RawSpan) -> Width {
    guard bytes.byteCount > 8 else { return .short }
    let (byteCount, overflow) = bytes.uint64(0).multipliedReportingOverflow(by: 8)
    return !overflow && byteCount == UInt64(bytes.byteCount - 8) ? .full : .short
  }

  /// False if it was there already.
  mutating func insert(_ transaction: UInt64) -> Bool {
    let position = transactions.firstPosition { $0 >= transaction }
    if position < transactions.count, transactions[position] == transaction { return false }
    transactions.insert(transaction, at: position)
    return true
  }

  /// False if it was not there.
  mutating func remove(_ transaction: UInt64) -> Bool {
    let position = transactions.firstPosition { $0 >= transaction }
    guard position < transactions.count, transactions[position] == transaction else { return false }
    transactions.remove(at: position)
    return true
  }

  public func encode(into bytes: inout [UInt8]) {
    bytes.appendBigEndian(UInt64(transactions.count))
    for transaction in transactions {
      switch width {
      case .short: bytes.appendBigEndian(UInt32(truncatingIfNeeded: transaction))
      case .full: bytes.appendBigEndian(transaction)
      }
    }
  }
}
