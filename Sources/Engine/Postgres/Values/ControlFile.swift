import IndexFormat

/// PostgreSQL's `pg_control`: the value of `Key.controlFile`, as it was imported. Versions 14 to 17.
///
/// | offset | type | field | | offset | type | field |
/// |---|---|---|---|---|---|---|
/// | 0 | u64 | system_identifier | | 184 | i32 | max_worker_processes |
/// | 8 | u32 | pg_control_version | | 188 | i32 | max_wal_senders |
/// | 12 | u32 | catalog_version_no | | 192 | i32 | max_prepared_xacts |
/// | 16 | u32 | state | | 196 | i32 | max_locks_per_xact |
/// | 24 | i64 | time | | 200 | bool | track_commit_timestamp |
/// | 32 | LSN | checkPoint | | 204 | u32 | maxAlign |
/// | 40 | 88 | checkPointCopy: `Checkpoint` | | 208 | f64 | floatFormat |
/// | 128 | LSN | unloggedLSN | | 216 | u32 | blcksz |
/// | 136 | LSN | minRecoveryPoint | | 220 | u32 | relseg_size |
/// | 144 | u32 | minRecoveryPointTLI | | 224 | u32 | xlog_blcksz |
/// | 152 | LSN | backupStartPoint | | 228 | u32 | xlog_seg_size |
/// | 160 | LSN | backupEndPoint | | 232 | 4 × u32 | nameDataLen, indexMaxKeys, toast_max_chunk_size, loblksize |
/// | 168 | bool | backupEndRequired | | 248 | bool | float8ByVal |
/// | 172 | i32 | wal_level | | 252 | u32 | data_checksum_version |
/// | 176 | bool | wal_log_hints | | 256 | 32 | mock_authentication_nonce |
/// | 180 | i32 | MaxConnections | | 288 | u32 | CRC-32C of bytes 0 to 287 |
///
/// Numbers are little-endian. The file is filled with zeros to 8192 bytes; a shorter one of 296 bytes or more is read,
/// as page servers do. Never updated after the import: what changes is in the checkpoint's own key.
///
/// What the fields leave free (and the bytes behind) is kept from the file that was read, so that writing it again
/// gives the same bytes.
///
/// Sources: PostgreSQL `src/include/catalog/pg_control.h`; `libs/postgres_ffi/src/controlfile_utils.rs`.
public struct ControlFile: StoredValue {
  /// 8192 bytes, or as many as were read.
  public private(set) var bytes: [UInt8]
  public let checkpointCopy: Checkpoint

  /// Bytes of PostgreSQL's structure; the last four are padding.
  public static let structureByteCount = 296
  public static let fileByteCount = 8192
  static let checksumOffset = 288
  static let checkpointOffset = 40

  public init(parsing bytes: RawSpan) throws(FormatError) {
    guard bytes.byteCount >= ControlFile.structureByteCount else {
      throw FormatError(
        .truncated,
        field: "control file",
        found: "\(bytes.byteCount) bytes",
        expected: "\(ControlFile.structureByteCount) bytes or more"
      )
    }
    guard bytes.byteCount <= ControlFile.maximumByteCount else {
      throw FormatError(
        .limitExceeded,
        field: "control file",
        found: "\(bytes.byteCount) bytes",
        expected: "at most \(ControlFile.maximumByteCount)"
      )
    }
    let stored = bytes.littleEndian32(ControlFile.checksumOffset)
    let computed = CRC32C.checksum(bytes.extracting(0..<ControlFile.checksumOffset))
    guard stored == computed else {
      throw FormatError(
        .checksumMismatch,
        offset: ControlFile.checksumOffset,
        field: "crc",
        found: String(stored, radix: 16, uppercase: true),
        expected: String(computed, radix: 16, uppercase: true)
      )
    }
    let copy = ControlFile.checkpointOffset..<ControlFile.checkpointOffset + Checkpoint.byteCount
    do throws(FormatError) {
      checkpointCopy = try Checkpoint(parsing: bytes.extracting(copy))
    } catch {
      throw error.within(field: "checkPointCopy", at: copy.lowerBound)
    }
    self.bytes = bytes.copy(0..<bytes.byteCount)
  }

  /// Longer files than PostgreSQL's own 8192 bytes are accepted by page servers; somewhere it must end.
  public static let maximumByteCount = 1 << 16

  public func encode(into target: inout [UInt8]) { target.append(contentsOf: bytes) }
}

/// The fields.
extension ControlFile {
  /// What the cluster was doing when the file was written.
  public enum State: UInt32, Sendable, CaseIterable {
    case startingUp = 0
    case shutDown
    case shutDownInRecovery
    case shuttingDown
    case inCrashRecovery
    case inArchiveRecovery
    case inProduction
  }

  public var systemIdentifier: UInt64 { number64(0) }
  /// 1300 for PostgreSQL 14 to 16, 1700 for 17.
  public var controlVersion: UInt32 { number32(8) }
  public var catalogVersion: UInt32 { number32(12) }
  /// Nil for a number that has no meaning.
  public var state: State? { State(rawValue: number32(16)) }
  /// Seconds since 1970.
  public var time: Int64 { Int64(bitPattern: number64(24)) }
  public var checkpoint: Lsn { Lsn(number64(32)) }
  public var unloggedLsn: Lsn { Lsn(number64(128)) }
  public var minimumRecoveryPoint: Lsn { Lsn(number64(136)) }
  public var minimumRecoveryPointTimelineID: UInt32 { number32(144) }
  public var backupStartPoint: Lsn { Lsn(number64(152)) }
  public var backupEndPoint: Lsn { Lsn(number64(160)) }
  public var isBackupEndRequired: Bool { bytes[168] != 0 }
  public var walLevel: Int32 { Int32(bitPattern: number32(172)) }
  public var walLogHints: Bool { bytes[176] != 0 }
  public var maxConnections: Int32 { Int32(bitPattern: number32(180)) }
  public var maxWorkerProcesses: Int32 { Int32(bitPattern: number32(184)) }
  public var maxWalSenders: Int32 { Int32(bitPattern: number32(188)) }
  public var maxPreparedTransactions: Int32 { Int32(bitPattern: number32(192)) }
  public var maxLocksPerTransaction: Int32 { Int32(bitPattern: number32(196)) }
  public var tracksCommitTimestamps: Bool { bytes[200] != 0 }
  public var maxAlign: UInt32 { number32(204) }
  /// 1234567.0 where the file was written by a machine like this one.
  public var floatFormat: Double { Double(bitPattern: number64(208)) }
  public var blockSize: UInt32 { number32(216) }
  public var blocksPerSegment: UInt32 { number32(220) }
  public var walBlockSize: UInt32 { number32(224) }
  public var walSegmentSize: UInt32 { number32(228) }
  public var nameDataLength: UInt32 { number32(232) }
  public var indexMaxKeys: UInt32 { number32(236) }
  public var toastMaxChunkSize: UInt32 { number32(240) }
  public var largeObjectBlockSize: UInt32 { number32(244) }
  public var passesFloat8ByValue: Bool { bytes[248] != 0 }
  /// 0: pages have no checksums; 1: they have `PageChecksum`.
  public var dataChecksumVersion: UInt32 { number32(252) }
  public var mockAuthenticationNonce: [UInt8] { Array(bytes[256..<288]) }
  public var checksum: UInt32 { number32(ControlFile.checksumOffset) }

  /// The major version of PostgreSQL that the catalog's version tells; nil for one that no release of it had.
  public var pgVersion: UInt32? {
    switch catalogVersion {
    case 202_107_181: 14
    case 202_209_061: 15
    case 202_307_071: 16
    case 202_406_281: 17
    default: nil
    }
  }

  // The file is not shorter than the structure.
  private func number32(_ offset: Int) -> UInt32 { bytes.span.bytes.littleEndian32(offset) }
  private func number64(_ offset: Int) -> UInt64 { bytes.span.bytes.littleEndian64(offset) }
}
