import IndexFormat

/// PostgreSQL's `CheckPoint`: the value of `Key.checkpoint`, and part of the control file. Versions 14 to 17.
///
/// | offset | size | field | | offset | size | field |
/// |---|---|---|---|---|---|---|
/// | 0 | 8 | redo | | 44 | 4 | oldestXid |
/// | 8 | 4 | ThisTimeLineID | | 48 | 4 | oldestXidDB |
/// | 12 | 4 | PrevTimeLineID | | 52 | 4 | oldestMulti |
/// | 16 | 1 | fullPageWrites: 0 or 1 | | 56 | 4 | oldestMultiDB |
/// | 17 | 3 | padding | | 60 | 4 | padding |
/// | 20 | 4 | 17: wal_level; before: padding | | 64 | 8 | time, seconds since 1970 |
/// | 24 | 8 | nextXid, with the epoch | | 72 | 4 | oldestCommitTsXid |
/// | 32 | 4 | nextOid | | 76 | 4 | newestCommitTsXid |
/// | 36 | 4 | nextMulti | | 80 | 4 | oldestActiveXid |
/// | 40 | 4 | nextMultiOffset | | 84 | 4 | padding |
///
/// Numbers are little-endian; padding is kept. `redo` is not what PostgreSQL means by it: since 2025-02-20 it is the
/// end of the last shutdown checkpoint's record, or 0 after an online one; before, it stayed at that of the imported
/// cluster.
///
/// Sources: PostgreSQL `src/include/catalog/pg_control.h`; `libs/postgres_ffi/src/xlog_utils.rs`.
public struct Checkpoint: StoredValue {
  public var redo: Lsn
  public var timelineID: UInt32
  public var previousTimelineID: UInt32
  public var fullPageWrites: Bool
  /// 0 before PostgreSQL 17, where padding is in its place.
  public var walLevel: Int32
  /// With the epoch in the upper half.
  public var nextTransaction: UInt64
  public var nextOid: UInt32
  public var nextMultixact: UInt32
  public var nextMultixactOffset: UInt32
  public var oldestTransaction: UInt32
  public var oldestTransactionDatabase: UInt32
  public var oldestMultixact: UInt32
  public var oldestMultixactDatabase: UInt32
  /// Seconds since 1970.
  public var time: Int64
  public var oldestCommitTimestampTransaction: UInt32
  public var newestCommitTimestampTransaction: UInt32
  public var oldestActiveTransaction: UInt32
  /// What stands between the fields; zeros in what PostgreSQL writes.
  public var padding: Padding

  public struct Padding: Equatable, Sendable {
    /// Bytes 17 to 19, the first one lowest.
    public var afterFullPageWrites: UInt32 = 0
    /// Bytes 60 to 63.
    public var beforeTime: UInt32 = 0
    /// Bytes 84 to 87.
    public var atEnd: UInt32 = 0

    public var isZero: Bool { afterFullPageWrites | beforeTime | atEnd == 0 }
  }

  public static let byteCount = 88

  /// Reads exactly 88 bytes.
  public init(parsing bytes: RawSpan) throws(FormatError) {
    guard bytes.byteCount == Checkpoint.byteCount else {
      throw FormatError(
        bytes.byteCount < Checkpoint.byteCount ? .truncated : .trailingBytes,
        offset: min(bytes.byteCount, Checkpoint.byteCount),
        field: "checkpoint",
        found: "\(bytes.byteCount) bytes",
        expected: "\(Checkpoint.byteCount) bytes"
      )
    }
    guard bytes.byte(16) <= 1 else {
      throw FormatError(
        .badValue,
        offset: 16,
        field: "fullPageWrites",
        found: "\(bytes.byte(16))",
        expected: "0 or 1"
      )
    }
    redo = Lsn(bytes.littleEndian64(0))
    timelineID = bytes.littleEndian32(8)
    previousTimelineID = bytes.littleEndian32(12)
    fullPageWrites = bytes.byte(16) == 1
    walLevel = Int32(bitPattern: bytes.littleEndian32(20))
    nextTransaction = bytes.littleEndian64(24)
    nextOid = bytes.littleEndian32(32)
    nextMultixact = bytes.littleEndian32(36)
    nextMultixactOffset = bytes.littleEndian32(40)
    oldestTransaction = bytes.littleEndian32(44)
    oldestTransactionDatabase = bytes.littleEndian32(48)
    oldestMultixact = bytes.littleEndian32(52)
    oldestMultixactDatabase = bytes.littleEndian32(56)
    time = Int64(bitPattern: bytes.littleEndian64(64))
    oldestCommitTimestampTransaction = bytes.littleEndian32(72)
    newestCommitTimestampTransaction = bytes.littleEndian32(76)
    oldestActiveTransaction = bytes.littleEndian32(80)
    padding = Padding(
      afterFullPageWrites: bytes.littleEndian32(16) >> 8,
      beforeTime: bytes.littleEndian32(60),
      atEnd: bytes.littleEndian32(84)
    )
  }

  /// 88 bytes.
  public func encode(into bytes: inout [UInt8]) {
    bytes.appendLittleEndian(redo.value)
    bytes.appendLittleEndian(timelineID)
    bytes.appendLittleEndian(previousTimelineID)
    bytes.appendLittleEndian(padding.afterFullPageWrites << 8 | (fullPageWrites ? 1 : 0))
    bytes.appendLittleEndian(walLevel)
    bytes.appendLittleEndian(nextTransaction)
    for number in [
      nextOid, nextMultixact, nextMultixactOffset, oldestTransaction, oldestTransactionDatabase,
      oldestMultixact,
      oldestMultixactDatabase, padding.beforeTime,
    ] { bytes.appendLittleEndian(number) }
    bytes.appendLittleEndian(time)
    for number in [
      oldestCommitTimestampTransaction, newestCommitTimestampTransaction, oldestActiveTransaction,
      padding.atEnd,
    ] { bytes.appendLittleEndian(number) }
  }
}
