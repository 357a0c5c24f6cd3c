@testable import Engine
import IndexFormat
import Testing

struct BackupWALTests {
  private static let system: UInt64 = 0x0102_0304_0506_0708

  private static func segments(_ wal: BackupWAL) throws -> [(name: WALSegmentName, bytes: [UInt8])] {
    try wal.names.map { name in
      var bytes: [UInt8] = []
      try wal.forEachPage(of: name) { page in page.withUnsafeBytes { bytes.append(contentsOf: $0) } }
      return (name, bytes)
    }
  }

  private static func checkpoint() throws -> Checkpoint {
    try Checkpoint(parsing: [UInt8](hex: ValueFuzzTests.checkpoint).span.bytes)
  }

  /// Headers as page servers write them.
  @Test(arguments: [
    (
      "0/1696E48", "000000010000000000000001", 0x696000,
      "13d10100010000000060690100000000300e000000000000"
    ),
    ("0/1696000", "000000010000000000000001", 0x696000, "13d100000100000000606901000000000000000000000000"),
    ("0/2000000", "000000010000000000000002", nil, ""),
    ("1/2000100", "000000010000000100000002", nil, ""),
  ])
  func headersAreThoseOfPageServers(lsn: String, name: String, place: Int?, header: String) throws {
    let lsn = try #require(Lsn(lsn))
    let wal = try #require(BackupWAL(.v16, Self.system, .standard, at: lsn))
    let segments = try Self.segments(wal)
    #expect(segments.map { "\($0.name)" } == [name])
    let bytes = try #require(segments.first).bytes
    #expect(bytes.count == 16 << 20)
    let isLate = lsn.value == 0x1_0200_0100
    let start = [UInt8](
      hex: "13d1\(isLate ? "03" : "02")0001000000" + (isLate ? "0000000201000000d8" : "")
    )
    #expect(bytes.starts(with: start))
    #expect(Array(bytes[24..<40]) == [UInt8](hex: "08070605040302010000000100200000"))
    if let place { #expect(Array(bytes[place..<place + 24]) == [UInt8](hex: header)) }
    var rest = bytes
    rest.replaceSubrange(0..<40, with: [UInt8](repeating: 0, count: 40))
    if let place { rest.replaceSubrange(place..<place + 24, with: [UInt8](repeating: 0, count: 24)) }
    #expect(rest.allSatisfy { $0 == 0 })
  }

  /// Wherever it lies, also over the end of a page and of a segment: the one record that a reader finds from the
  /// segment's start is the checkpoint.
  @Test func theCheckpointIsFoundWhereverItLies() throws {
    let size = try #require(WALSegmentSize(byteCount: 1 << 20))
    let segment: UInt64 = 5 << 20
    var offsets: [UInt64] = [0, 1, 8, 24, 40, 48, 8000, 300_001, 1 << 19]
    for edge in [UInt64(8192), 65536, 1 << 20] { offsets += (0..<20).map { edge - $0 * 8 } + [edge - 129] }
    var twoCount = 0
    for offset in offsets where offset < 1 << 20 {
      var wal = try #require(BackupWAL(.v17, Self.system, size, at: Lsn(segment + offset)))
      #expect(wal.start.value % 8 == 0 && wal.start >= wal.lsn && wal.start.value <= wal.lsn.value + 47)
      var checkpoint = try Self.checkpoint()
      checkpoint.redo = wal.start
      wal.putCheckpoint(checkpoint, previous: Lsn(segment - 800))
      let segments = try Self.segments(wal)
      if segments.count == 2 { twoCount += 1 }
      // Up to the end of the record's last page: there is nothing behind it but zeros.
      let crosses = wal.start.value % 8192 + 114 > 8192
      let last = wal.start.value + 114 + (crosses ? 24 : 0) - segment
      let written = Array(segments.flatMap { $0.bytes }.prefix(Int(last + 8191) / 8192 * 8192))
      let reading = Reading(written, from: Lsn(segment), size)
      #expect(reading.problems == [], "offset \(offset)")
      #expect(reading.starts == [wal.start], "offset \(offset)")
      let record = try #require(reading.records.first)
      #expect(record.count == 114)
      let found = try Checkpoint(parsing: Array(record[26...]).span.bytes)
      #expect(found == checkpoint)
      let header = WALRecordHeader(record.span.bytes)
      #expect(header?.previous == Lsn(segment - 800) && header?.info == 0 && header?.resourceManager == 0)
    }
    #expect(twoCount > 5)
  }

  /// All that a reader finds from the start of a segment.
  private struct Reading {
    var starts: [Lsn] = []
    var records: [[UInt8]] = []
    var problems: [String] = []

    init(_ bytes: [UInt8], from start: Lsn, _ size: WALSegmentSize) {
      var reader = WALReader(
        segmentSize: size,
        start: .anywhere(start),
        systemIdentifier: BackupWALTests.system
      )
      reader.mayEnd = true
      var (starts, records, problems) = (self.starts, self.records, self.problems)
      _ = reader.read(bytes.span.bytes) { place, record in
        starts.append(place.start)
        records.append(record.withUnsafeBytes { [UInt8]($0) })
        return .goOn
      } report: {
        problems.append("\($0)")
      }
      (self.starts, self.records, self.problems) = (starts, records, problems)
    }
  }

  @Test func theRecordBeforeMustLieBefore() throws {
    var wal = try #require(BackupWAL(.v15, Self.system, .standard, at: Lsn(0x2000100)))
    wal.putCheckpoint(try Self.checkpoint(), previous: Lsn(0x2000100))
    let bytes = try #require(try Self.segments(wal).first).bytes
    let record = Array(bytes[0x100..<0x100 + 114])
    let header = WALRecordHeader(record.span.bytes)
    #expect(header?.previous == .invalid)
  }

  @Test func thereIsNoWALBehindTheLastLSN() {
    #expect(BackupWAL(.v15, Self.system, .standard, at: Lsn(.max)) == nil)
    #expect(BackupWAL(.v15, Self.system, .standard, at: Lsn(.max - (100 << 20))) != nil)
  }
}
