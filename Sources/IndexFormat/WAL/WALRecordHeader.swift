/// What each record of the WAL begins with. Little-endian; the same in PostgreSQL 14 to 17.
///
/// | offset | size | field | check made |
/// |---|---|---|---|
/// | 0 | 4 | `xl_tot_len`: bytes of the record with this header | 24 to `maxLength` |
/// | 4 | 4 | `xl_xid` | none |
/// | 8 | 8 | `xl_prev`: where the record before begins | where it does |
/// | 16 | 1 | `xl_info` | none |
/// | 17 | 1 | `xl_rmid`: resource manager | none |
/// | 18 | 2 | padding | none |
/// | 20 | 4 | `xl_crc`: CRC-32C of bytes 24 to the end, then bytes 0 to 19 | computed anew |
///
/// Source: PostgreSQL, `access/xlogrecord.h`.
public struct WALRecordHeader: Hashable, Sendable {
  public var totalLength: UInt32
  public var transaction: UInt32
  public var previous: Lsn
  public var info: UInt8
  public var resourceManager: UInt8
  public var checksum: UInt32

  public static let byteCount = 24
  /// How many bytes of the header the checksum covers.
  static let checkedByteCount = 20
  /// PostgreSQL 16 and later write none longer than 1020 MiB, and 14 and 15 cannot hold one of 1 GiB.
  public static let maxLength: UInt32 = 1 << 30

  public init(
    totalLength: UInt32,
    transaction: UInt32 = 0,
    previous: Lsn,
    info: UInt8,
    resourceManager: UInt8,
    checksum: UInt32 = 0
  ) {
    self.totalLength = totalLength
    self.transaction = transaction
    self.previous = previous
    self.info = info
    self.resourceManager = resourceManager
    self.checksum = checksum
  }

  /// Reads the header that `bytes` begin with; nil if they are too few.
  public init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= WALRecordHeader.byteCount else { return nil }
    self.init(
      totalLength: bytes.littleEndian32(at: 0),
      transaction: bytes.littleEndian32(at: 4),
      previous: Lsn(bytes.littleEndian64(at: 8)),
      info: bytes.byte(16),
      resourceManager: bytes.byte(17),
      checksum: bytes.littleEndian32(at: 20)
    )
  }

  /// The checksum that a whole record should have; nil if the bytes are fewer than a header.
  public static func checksum(of record: RawSpan) -> UInt32? {
    guard record.byteCount >= byteCount else { return nil }
    var checksum = CRC32C()
    checksum.update(record.extracting(byteCount..<record.byteCount))
    checksum.update(record.extracting(0..<checkedByteCount))
    return checksum.value
  }

  /// Whether the rest of the segment behind this record holds nothing (`XLOG_SWITCH`).
  public var endsSegment: Bool {
    resourceManager == 0 && info & 0xf0 == 0x40 && totalLength == UInt32(WALRecordHeader.byteCount)
  }

  /// What the header of this record should have as checksum: all of `record` but the checksum itself, in the order in
  /// which PostgreSQL takes it. 0 if the bytes are too few for a header.
  public static func checksum(of record: RawSpan) -> UInt32 {
    guard record.byteCount >= byteCount else { return 0 }
    var checksum = CRC32C()
    checksum.update(record.extracting(byteCount..<record.byteCount))
    checksum.update(record.extracting(0..<checkedByteCount))
    return checksum.value
  }

  public func encode(into bytes: inout [UInt8]) {
    bytes.appendLittleEndian(totalLength)
    bytes.appendLittleEndian(transaction)
    bytes.appendLittleEndian(previous.value)
    bytes.append(info)
    bytes.append(resourceManager)
    bytes.appendLittleEndian(UInt16(0))
    bytes.appendLittleEndian(checksum)
  }
}
