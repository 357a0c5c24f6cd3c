import IndexFormat

/// Finds in the WAL where a base backup of a running server ended: from there on its files and the WAL fit together.
///
/// The record says where the backup began: resource manager 0, operation `50`, main data the LSN (u64, little-endian).
/// Source: PostgreSQL `src/backend/access/transam/xlog.c`, `XLOG_BACKUP_END`.
struct BackupEndSearch: ~Copyable {
  private let start: Lsn
  private let version: PostgresVersion
  private var reader: WALReader
  /// Bytes from the reader's page on.
  private var buffer: [UInt8] = []
  /// Bytes before the reader's page that are still to come.
  private var passedByteCount: UInt64 = 0

  private static let operation: UInt8 = 0x50
  private static let pieceByteCount = 1 << 20

  init(_ start: Lsn, _ version: PostgresVersion, segmentSize: WALSegmentSize) {
    self.start = start
    self.version = version
    reader = WALReader(segmentSize: segmentSize, start: .record(start), version: version)
    reader.mayEnd = true
  }

  /// The end of the record; nil if the WAL is damaged, has a gap or ends before it.
  mutating func run(_ wal: any WALSource, before end: Lsn) async throws(WALSourceError) -> Lsn? {
    while reader.page < end {
      if Task.isCancelled { throw WALSourceError(.cancelled, at: reader.page, detail: "cancelled") }
      let wanted = Lsn(reader.page.value &+ UInt64(buffer.count) &- passedByteCount)
      let bytes: [UInt8]
      do throws(WALSourceError) {
        bytes = try await wal.read(from: wanted, limit: Self.pieceByteCount)
      } catch {
        if error.kind == .missing { return nil }
        throw error
      }
      if bytes.isEmpty { return nil }
      switch take(bytes) {
      case .found(let lsn): return lsn
      case .damaged: return nil
      case .more: continue
      }
    }
    return nil
  }

  private enum Outcome {
    case found(Lsn)
    case damaged
    case more
  }

  private mutating func take(_ bytes: [UInt8]) -> Outcome {
    buffer += bytes.dropFirst(Int(clamping: passedByteCount))
    passedByteCount -= min(passedByteCount, UInt64(bytes.count))
    var decoder = WALRecordDecoder(version: version)
    let page = reader.page
    let start = start
    var outcome = Outcome.more
    let held = buffer
    _ = reader.read(held.span.bytes) { place, record in
      guard let header = WALRecordHeader(record), header.resourceManager == 0,
        header.info & 0xf0 == Self.operation, Self.isEnd(record, of: start, &decoder)
      else { return .goOn }
      outcome = .found(place.end)
      return .pause
    } report: { _ in
      if case .more = outcome { outcome = .damaged }
    }
    let used = reader.page.value &- page.value
    passedByteCount &+= used - min(used, UInt64(buffer.count))
    buffer = used < UInt64(buffer.count) ? Array(buffer[Int(used)...]) : []
    return outcome
  }

  private static func isEnd(_ record: RawSpan, of start: Lsn, _ decoder: inout WALRecordDecoder) -> Bool {
    do throws(WALRecordError) {
      let data = try decoder.decode(record).mainData
      return data.byteCount >= 8 && data.littleEndian64(0) == start.value
    } catch {
      return false
    }
  }
}
