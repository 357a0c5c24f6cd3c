import IndexFormat

/// The WAL that a data directory begins with: made anew, as layers do not hold it.
///
/// | kind | content |
/// |---|---|
/// | `headers` | as page servers write it: a page header at the segment's start and one on the page of the LSN, else zeros. A compute gets its WAL from safekeepers. A stock PostgreSQL finds no checkpoint in it |
/// | `checkpoint` | what a clean shutdown at the LSN would have left: the record of a shutdown checkpoint where the next record begins. All before it is marked as the end of one long record that began in an earlier segment, so programs that read the segment from its start find the checkpoint, too |
///
/// Layout of the record of a checkpoint, 114 bytes, little-endian:
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 24 | `WALRecordHeader`: resource manager 0 (XLOG), info 0 (shutdown checkpoint), no transaction |
/// | 24 | 2 | `FF 58`: 88 bytes of main data |
/// | 26 | 88 | `Checkpoint`; its redo is where the record begins |
///
/// It may go on in the next page, and there in the next segment, behind a header that says so.
///
/// Sources: PostgreSQL `src/include/access/xlog_internal.h`, `xlogrecord.h`; `libs/postgres_ffi/src/xlog_utils.rs`.
struct BackupWAL {
  var version: PostgresVersion
  var systemIdentifier: UInt64
  var segmentSize: WALSegmentSize
  /// What the directory is as of.
  var lsn: Lsn
  /// The first page that is not all zero, and where the next record begins.
  private(set) var start: Lsn
  /// The record of the checkpoint; empty for headers alone.
  private var record: [UInt8] = []
  /// What of the record stands where: one piece on each page.
  private var pieces: [(address: Lsn, bytes: Range<Int>)] = []

  private static let page = UInt64(WALPageHeader.pageByteCount)

  /// Nil for an LSN at the very end of what there can be.
  init?(_ version: PostgresVersion, _ systemIdentifier: UInt64, _ segmentSize: WALSegmentSize, at lsn: Lsn) {
    // Room for the rest of the segment, and for another one.
    guard lsn.value <= .max - 4 * segmentSize.byteCount,
      WALSegmentName(segmentSize.segment(of: Lsn(lsn.value + segmentSize.byteCount)), size: segmentSize)
        != nil
    else { return nil }
    self.version = version
    self.systemIdentifier = systemIdentifier
    self.segmentSize = segmentSize
    self.lsn = lsn
    start = Self.recordStart(notBefore: lsn, segmentSize)
  }

  /// Where a record begins that is written next: aligned to 8 bytes, and behind the header of a page.
  static func recordStart(notBefore lsn: Lsn, _ segmentSize: WALSegmentSize) -> Lsn {
    let aligned = (lsn.value + 7) & ~7
    let pageStart = aligned / page * page
    // No record ends within a header, but whoever asks may name any LSN.
    return Lsn(max(aligned, pageStart + headerByteCount(at: pageStart, segmentSize)))
  }

  private static func headerByteCount(at address: UInt64, _ segmentSize: WALSegmentSize) -> UInt64 {
    let isFirst = segmentSize.offset(of: Lsn(address)) == 0
    return UInt64(isFirst ? WALPageHeader.longByteCount : WALPageHeader.shortByteCount)
  }

  /// Puts the record of a shutdown checkpoint at `start`.
  ///
  /// - previous: where the record before begins; 0 if that is not known, which PostgreSQL takes, too.
  mutating func putCheckpoint(_ checkpoint: Checkpoint, previous: Lsn) {
    var body: [UInt8] = [0xff, UInt8(Checkpoint.byteCount)]
    checkpoint.encode(into: &body)
    var header = WALRecordHeader(
      totalLength: UInt32(WALRecordHeader.byteCount + body.count),
      previous: previous < start ? previous : .invalid,
      info: 0,
      resourceManager: 0
    )
    var bytes: [UInt8] = []
    header.encode(into: &bytes)
    bytes += body
    header.checksum = WALRecordHeader.checksum(of: bytes.span.bytes)
    record = []
    header.encode(into: &record)
    record += body
    pieces = []
    var address = start.value
    var done = 0
    while done < record.count {
      let count = min(record.count - done, Int(Self.page - address % Self.page))
      pieces.append((Lsn(address), done..<done + count))
      done += count
      address = address / Self.page * Self.page + Self.page
      address += Self.headerByteCount(at: address, segmentSize)
    }
  }

  /// The segments' names, in their order: two where the record goes over a segment's end.
  var names: [WALSegmentName] {
    let first = segmentSize.segment(of: record.isEmpty ? lsn : start)
    let last = record.isEmpty ? first : segmentSize.segment(of: pieces.last?.address ?? start)
    return (first.value...last.value).compactMap { WALSegmentName(WALSegmentNumber($0), size: segmentSize) }
  }

  /// Gives a segment to `visit`, page by page.
  func forEachPage(of name: WALSegmentName, _ visit: (RawSpan) throws(BackupError) -> Void)
    throws(BackupError)
  {
    guard let segment = name.segment(size: segmentSize), let first = segmentSize.start(of: segment) else {
      return
    }
    var bytes = [UInt8](repeating: 0, count: WALPageHeader.pageByteCount)
    let zeros = bytes
    var isZero = true
    for offset in stride(from: 0, to: segmentSize.byteCount, by: WALPageHeader.pageByteCount) {
      let address = first.value + offset
      if !isZero { bytes = zeros }
      isZero = true
      if let header = header(of: address) {
        isZero = false
        var encoded: [UInt8] = []
        header.encode(into: &encoded)
        bytes.replaceSubrange(0..<encoded.count, with: encoded)
      }
      for piece in pieces where piece.address.value / Self.page == address / Self.page {
        let place = Int(piece.address.value % Self.page)
        bytes.replaceSubrange(place..<place + piece.bytes.count, with: record[piece.bytes])
      }
      try visit(bytes.span.bytes)
    }
  }

  /// The header of the page at an address; nil for pages without one.
  private func header(of address: UInt64) -> WALPageHeader? {
    guard let rest = record.isEmpty ? sparseRest(of: address) : wholeRest(of: address) else { return nil }
    let isFirst = segmentSize.offset(of: Lsn(address)) == 0
    var flags: WALPageHeader.Flags = []
    if isFirst { flags.insert(.longHeader) }
    if rest > 0 { flags.insert(.firstIsContinuation) }
    return WALPageHeader(
      magic: version.pageMagic,
      flags: flags,
      pageAddress: Lsn(address),
      remainingLength: rest,
      segment: isFirst
        ? WALPageHeader.Segment(
          systemIdentifier: systemIdentifier,
          segmentSize: UInt32(segmentSize.byteCount),
          pageSize: UInt32(WALPageHeader.pageByteCount)
        ) : nil
    )
  }

  /// As page servers have it: bytes of a record that goes on, up to the LSN, on the LSN's own page.
  private func sparseRest(of address: UInt64) -> UInt32? {
    let isFirst = segmentSize.offset(of: Lsn(address)) == 0
    guard lsn.value / Self.page == address / Self.page else { return isFirst ? 0 : nil }
    let header = Self.headerByteCount(at: address, segmentSize)
    return UInt32(clamping: Int64(lsn.value % Self.page) - Int64(header))
  }

  /// Bytes that are still to come of the record that a page begins with: the one before the checkpoint, or that.
  private func wholeRest(of address: UInt64) -> UInt32? {
    if address > start.value {
      return pieces.first { $0.address.value / Self.page == address / Self.page }
        .map { UInt32(record.count - $0.bytes.lowerBound) }
    }
    var count: UInt64 = 0
    // Whole pages between, and what the last one holds before the checkpoint.
    let lastPage = start.value / Self.page * Self.page
    let pages = (lastPage - address) / Self.page
    if pages > 0 {
      count += Self.page - Self.headerByteCount(at: address, segmentSize)
      count += (pages - 1) * (Self.page - UInt64(WALPageHeader.shortByteCount))
    }
    count += start.value % Self.page - Self.headerByteCount(at: lastPage, segmentSize)
    return UInt32(clamping: count)
  }
}
