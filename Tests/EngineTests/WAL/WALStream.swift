@testable import Engine
import IndexFormat
import Testing

/// WAL as PostgreSQL lays it out: records one behind the other, over pages and segments of 1 MiB.
struct WALStream {
  static let segmentSize = WALSegmentSize(byteCount: 1 << 20) ?? .standard
  static let first = Lsn(0x10_0000)

  private(set) var bytes: [UInt8] = []
  private(set) var places: [WALReader.Place] = []
  private(set) var records: [[UInt8]] = []
  private var previous = Lsn.invalid

  private var end: Lsn { Lsn(Self.first.value + UInt64(bytes.count)) }

  private mutating func header(remaining: Int = 0) {
    var header = WALPageHeader(magic: PostgresVersion.v15.pageMagic, pageAddress: end)
    if Self.segmentSize.offset(of: end) == 0 {
      header.segment = WALPageHeader.Segment(systemIdentifier: 7, segmentSize: 1 << 20, pageSize: 8192)
      header.flags.insert(.longHeader)
    }
    if remaining > 0 {
      header.flags.insert(.firstIsContinuation)
      header.remainingLength = UInt32(remaining)
    }
    header.encode(into: &bytes)
  }

  /// Adds a record of this main data, of at least 256 bytes or none.
  mutating func add(mainData count: Int, info: UInt8 = 0, resourceManager: UInt8 = 10) {
    var body: [UInt8] = []
    if count > 0 {
      body.append(254)
      body.appendNumber(UInt32(count))
      body += (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ records.count) }
    }
    let header = WALRecordHeader(
      totalLength: UInt32(WALRecordHeader.byteCount + body.count),
      previous: .invalid,
      info: info,
      resourceManager: resourceManager
    )
    add(header, body)
  }

  /// Adds a whole record, with another checksum and another record before it.
  mutating func add(_ bytes: [UInt8]) throws {
    let read = WALRecordHeader(bytes.span.bytes)
    let header = try #require(read)
    add(header, Array(bytes.dropFirst(WALRecordHeader.byteCount)))
  }

  private mutating func add(_ header: WALRecordHeader, _ body: [UInt8]) {
    if bytes.count % WALPageHeader.pageByteCount == 0 { self.header() }
    let start = end
    var record = header
    record.previous = previous
    record.checksum = 0
    var whole: [UInt8] = []
    record.encode(into: &whole)
    record.checksum = WALRecordHeader.checksum(of: (whole + body).span.bytes)
    whole = []
    record.encode(into: &whole)
    whole += body
    var rest = whole[...]
    while !rest.isEmpty {
      if bytes.count % WALPageHeader.pageByteCount == 0 { self.header(remaining: rest.count) }
      let room = WALPageHeader.pageByteCount - bytes.count % WALPageHeader.pageByteCount
      bytes += rest.prefix(room)
      rest = rest.dropFirst(room)
    }
    while bytes.count % 8 != 0 { bytes.append(0) }
    places.append(WALReader.Place(start: start, end: end))
    records.append(whole)
    previous = start
  }

  mutating func switchSegment() {
    add(mainData: 0, info: 0x40, resourceManager: 0)
    while bytes.count % Int(Self.segmentSize.byteCount) != 0 { bytes.append(0) }
    places[places.count - 1].end = end
  }

  /// Records of all lengths, from one to several pages; two segments, the first of which ends by a switch.
  static let varied: WALStream = {
    var wal = WALStream()
    for number in 0..<300 { wal.add(mainData: number % 16 == 3 ? 30_000 : 300 + number &* 7919 % 900) }
    wal.switchSegment()
    for number in 0..<60 { wal.add(mainData: 256 + number * 11) }
    return wal
  }()
}

extension [UInt8] {
  fileprivate mutating func appendNumber(_ value: UInt32) {
    for shift in [0, 8, 16, 24] { append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
  }
}

/// What a reader makes of bytes.
struct Reading: Equatable {
  var places: [WALReader.Place] = []
  var records: [[UInt8]] = []
  var problems: [WALProblem] = []
  var end = WALReader.End.unknown

  /// - Parameters:
  ///   - bytes: from `WALStream.first` on.
  ///   - piece: how many bytes are given at a time, in whole pages.
  init(
    _ bytes: [UInt8],
    start: WALReader.Start,
    piece: Int = .max,
    pausing: Bool = false,
    mayEnd: Bool = true
  ) {
    var reader = WALReader(segmentSize: WALStream.segmentSize, start: start)
    reader.mayEnd = mayEnd
    var isStuck = false
    while !isStuck {
      let from = Int(reader.page.value - WALStream.first.value)
      guard from < bytes.count else { break }
      let (pageBefore, countBefore) = (reader.page, records.count)
      let given = bytes.span.bytes.extracting(
        from..<min(bytes.count, piece == .max ? bytes.count : from + piece)
      )
      _ = reader.read(given) { place, record in
        places.append(place)
        records.append(record.withUnsafeBytes { [UInt8]($0) })
        return pausing ? .pause : .goOn
      } report: {
        problems.append($0)
      }
      isStuck = reader.page == pageBefore && records.count == countBefore
    }
    end = reader.end
  }
}
