import IndexFormat

/// Goes through records of WAL until one says what is looked for.
struct WALSearch: ~Copyable {
  private let version: PostgresVersion
  private let first: Lsn
  private var reader: WALReader
  /// Bytes from the reader's page on.
  private var buffer: [UInt8] = []
  /// Bytes before the reader's page that are still to come.
  private var passedByteCount: UInt64 = 0

  private static let pieceByteCount = 1 << 20

  init(_ start: WALReader.Start, _ version: PostgresVersion, segmentSize: WALSegmentSize) {
    self.version = version
    first =
      switch start {
      case .record(let lsn), .anywhere(let lsn): lsn
      }
    reader = WALReader(segmentSize: segmentSize, start: start, version: version)
    reader.mayEnd = true
  }

  /// - find: gives what is looked for, if the record tells it.
  /// - Returns: nil if the WAL is damaged, has a gap or ends before it.
  mutating func run(
    _ wal: any WALSource,
    before end: Lsn,
    _ find: (WALReader.Place, RawSpan) -> Lsn?
  ) async throws(WALSourceError) -> Lsn? {
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
      switch take(bytes, find) {
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

  private mutating func take(_ bytes: [UInt8], _ find: (WALReader.Place, RawSpan) -> Lsn?) -> Outcome {
    buffer += bytes.dropFirst(Int(clamping: passedByteCount))
    passedByteCount -= min(passedByteCount, UInt64(bytes.count))
    let (page, first, held) = (reader.page, first, buffer)
    var outcome = Outcome.more
    _ = reader.read(held.span.bytes) { place, record in
      guard let found = find(place, record) else { return .goOn }
      outcome = .found(found)
      return .pause
    } report: { problem in
      if case .more = outcome, problem.lsn >= first { outcome = .damaged }
    }
    let used = reader.page.value &- page.value
    passedByteCount &+= used - min(used, UInt64(buffer.count))
    buffer = used < UInt64(buffer.count) ? Array(buffer[Int(used)...]) : []
    return outcome
  }
}

/// Where WAL goes on behind base backups.
enum BackupPlaces {
  private static let endOperation: UInt8 = 0x50

  /// Where a base backup of a running server ended: from there on its files and the WAL fit together.
  ///
  /// The record says where the backup began: resource manager 0, operation `50`, main data the LSN (u64,
  /// little-endian). Source: PostgreSQL `src/backend/access/transam/xlog.c`, `XLOG_BACKUP_END`.
  static func end(
    ofBackupFrom start: Lsn,
    _ wal: any WALSource,
    _ version: PostgresVersion,
    before end: Lsn
  ) async throws(WALSourceError) -> Lsn? {
    var search = WALSearch(.record(start), version, segmentSize: wal.segmentSize)
    var decoder = WALRecordDecoder(version: version)
    return try await search.run(wal, before: end) { place, record in
      guard let header = WALRecordHeader(record), header.resourceManager == 0,
        header.info & 0xf0 == endOperation, isEnd(record, of: start, &decoder)
      else { return nil }
      return place.end
    }
  }

  private static func isEnd(_ record: RawSpan, of start: Lsn, _ decoder: inout WALRecordDecoder) -> Bool {
    do throws(WALRecordError) {
      let data = try decoder.decode(record).mainData
      return data.byteCount >= 8 && data.littleEndian64(0) == start.value
    } catch {
      return false
    }
  }

  /// Where the first record begins that ends behind an LSN, which may lie within it: a `fullbackup` can be of any LSN.
  /// Looks from the start of the LSN's segment on.
  static func record(
    behind lsn: Lsn,
    _ wal: any WALSource,
    _ version: PostgresVersion,
    before end: Lsn
  ) async throws(WALSourceError) -> Lsn? {
    let size = wal.segmentSize
    guard let first = size.start(of: size.segment(of: lsn)) else { return nil }
    var search = WALSearch(.anywhere(first), version, segmentSize: size)
    var isFollowed = false
    let found = try await search.run(wal, before: end) { place, _ in
      if place.end > lsn { return place.start }
      isFollowed = true
      return nil
    }
    // One that began before the segment may end behind the LSN.
    guard let found else { return nil }
    return isFollowed || found == lsn ? found : nil
  }
}
