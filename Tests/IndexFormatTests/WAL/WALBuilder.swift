import IndexFormat

/// Writes WAL: records one behind the other, over pages and segments, as PostgreSQL does.
struct WALBuilder {
  /// Small segments make small tests.
  static let segmentSize = WALSegmentSize(byteCount: 1 << 20) ?? .standard

  let start: Lsn
  private(set) var bytes: [UInt8] = []
  /// Where each record begins.
  private(set) var records: [Lsn] = []
  private let first: UInt64
  private var previous = Lsn.invalid

  /// Begins at the start of a segment, or in the middle of a page: then zeros stand before it.
  init(start: Lsn) {
    self.start = start
    first = start.value & ~(Self.segmentSize.byteCount - 1)
    while first + UInt64(bytes.count) < start.value {
      if bytes.count % WALPageHeader.pageByteCount == 0 { header(remaining: 0) } else { bytes.append(0) }
    }
  }

  var end: Lsn { Lsn(first + UInt64(bytes.count)) }

  private mutating func header(remaining: Int) {
    let address = Lsn(first + UInt64(bytes.count))
    var header = WALPageHeader(magic: 0xd110, pageAddress: address)
    if Self.segmentSize.offset(of: address) == 0 {
      header.segment = WALPageHeader.Segment(systemIdentifier: 7, segmentSize: 1 << 20, pageSize: 8192)
      header.flags.insert(.longHeader)
    }
    if remaining > 0 {
      header.flags.insert(.firstIsContinuation)
      header.remainingLength = UInt32(remaining)
    }
    header.encode(into: &bytes)
  }

  /// Adds a record with a payload of so many bytes.
  mutating func add(payload count: Int, info: UInt8 = 0, resourceManager: UInt8 = 10) {
    while bytes.count % 8 != 0 { bytes.append(0) }
    if bytes.count % WALPageHeader.pageByteCount == 0 { header(remaining: 0) }
    let begin = Lsn(first + UInt64(bytes.count))
    records.append(begin)
    let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ records.count) }
    var record = WALRecordHeader(
      totalLength: UInt32(count + WALRecordHeader.byteCount),
      previous: previous,
      info: info,
      resourceManager: resourceManager
    )
    var head: [UInt8] = []
    record.encode(into: &head)
    let covered = payload + head.prefix(20)
    record.checksum = CRC32C.checksum(covered.span.bytes)
    head = []
    record.encode(into: &head)
    var rest = (head + payload)[...]
    while !rest.isEmpty {
      if bytes.count % WALPageHeader.pageByteCount == 0 { header(remaining: rest.count) }
      let room = WALPageHeader.pageByteCount - bytes.count % WALPageHeader.pageByteCount
      bytes += rest.prefix(room)
      rest = rest.dropFirst(room)
    }
    previous = begin
  }

  /// Ends the segment as `pg_switch_wal` does.
  mutating func switchSegment() {
    add(payload: 0, info: 0x40, resourceManager: 0)
    while bytes.count % Int(Self.segmentSize.byteCount) != 0 { bytes.append(0) }
  }

  /// Records of all lengths, from one to several pages, until the WAL is at least so long.
  static func filled(start: Lsn, byteCount: Int) -> WALBuilder {
    var wal = WALBuilder(start: start)
    var number = 0
    while wal.bytes.count < byteCount {
      wal.add(payload: (number &* 2_654_435_761) % (number % 16 == 0 ? 30_000 : 700))
      number += 1
    }
    return wal
  }

  /// What the verifier says of bytes that begin at a segment.
  static func problems(
    _ bytes: [UInt8],
    from lsn: Lsn,
    start: Lsn?,
    mayEnd: Bool = false,
    segmentSize: WALSegmentSize = segmentSize,
    piece: Int = 1 << 16
  ) -> (problems: [WALProblem], recordCount: UInt64) {
    var verifier = WALVerifier(segmentSize: segmentSize, start: start)
    verifier.mayEnd = mayEnd
    var problems: [WALProblem] = []
    var offset = 0
    while offset < bytes.count {
      let place = Lsn(lsn.value + UInt64(offset))
      if segmentSize.offset(of: place) == 0 { verifier.begin(segmentSize.segment(of: place)) }
      let room = Int(segmentSize.byteCount - segmentSize.offset(of: place))
      let end = min(bytes.count, offset + min(piece, room))
      verifier.add(bytes.span.bytes.extracting(offset..<end)) { problems.append($0) }
      offset = end
    }
    return (problems, verifier.recordCount)
  }
}
