import Foundation
import Testing

@testable import IndexFormat

/// WAL that is whole is without a word; every damage to it is found.
struct WALVerifierTests {
  private static let segmentLength = Int(WALBuilder.segmentSize.byteCount)

  /// Two segments and a half, from the middle of the first.
  private static let wal = WALBuilder.filled(
    start: Lsn(0x20_4128),
    byteCount: 2 * segmentLength + segmentLength / 2
  )

  @Test func sizesAreAsDescribed() {
    var bytes: [UInt8] = []
    WALPageHeader(magic: 0xd110, pageAddress: Lsn(8)).encode(into: &bytes)
    #expect(bytes.count == WALPageHeader.shortByteCount)
    let long = WALPageHeader.Segment(systemIdentifier: 1, segmentSize: 2, pageSize: 3)
    bytes = []
    let header = WALPageHeader(magic: 0xd110, flags: .longHeader, pageAddress: Lsn(8), segment: long)
    header.encode(into: &bytes)
    #expect(bytes.count == WALPageHeader.longByteCount)
    #expect(withBytes(bytes) { WALPageHeader(page: $0) } == header)
    for count in 0..<bytes.count {
      #expect(withBytes(bytes) { WALPageHeader(page: $0.extracting(0..<count)) } == nil, "\(count) bytes")
    }
    let record = WALRecordHeader(
      totalLength: 1,
      transaction: 2,
      previous: Lsn(3),
      info: 4,
      resourceManager: 5,
      checksum: 6
    )
    bytes = []
    record.encode(into: &bytes)
    #expect(bytes.count == WALRecordHeader.byteCount)
    #expect(withBytes(bytes) { WALRecordHeader($0) } == record)
    #expect(withBytes(bytes) { WALRecordHeader($0.extracting(0..<23)) } == nil)
  }

  @Test(arguments: [8192, 1 << 16, 1 << 20])
  func wholeWALHasNoProblems(piece: Int) {
    let wal = Self.wal
    let first = Lsn(wal.start.value & ~(WALBuilder.segmentSize.byteCount - 1))
    let known = WALBuilder.problems(wal.bytes, from: first, start: wal.start, mayEnd: true, piece: piece)
    #expect(known.problems == [])
    #expect(known.recordCount == UInt64(wal.records.count))
    // Without knowing the start, and with complete segments that must not end.
    let complete = Array(wal.bytes.prefix(2 * Self.segmentLength))
    let unknown = WALBuilder.problems(complete, from: first, start: nil, piece: piece)
    #expect(unknown.problems == [])
    let begun = wal.records.count { $0.value < first.value + UInt64(complete.count) }
    #expect(unknown.recordCount >= UInt64(begun - 1))
  }

  @Test func aSegmentThatWasSwitchedIsPaddingAndGoesOn() {
    var wal = WALBuilder(start: Lsn(0x10_0000))
    for _ in 0..<50 { wal.add(payload: 5000) }
    wal.switchSegment()
    for _ in 0..<50 { wal.add(payload: 300) }
    let result = WALBuilder.problems(wal.bytes, from: wal.start, start: wal.start, mayEnd: true)
    #expect(result.problems == [])
    #expect(result.recordCount == 101)
    // What stands in the padding is nobody's business.
    var noisy = wal.bytes
    for offset in stride(from: 500_000, to: 1_000_000, by: 777) { noisy[offset] = 1 }
    #expect(WALBuilder.problems(noisy, from: wal.start, start: wal.start, mayEnd: true).problems == [])
  }

  @Test func zerosWhereRecordsMustBeAreAnEnd() {
    let wal = Self.wal
    let first = Lsn(wal.start.value & ~(WALBuilder.segmentSize.byteCount - 1))
    var bytes = Array(wal.bytes.prefix(Self.segmentLength))
    let cut = Int(wal.records[20].value - first.value)
    for offset in cut..<bytes.count { bytes[offset] = 0 }
    let result = WALBuilder.problems(bytes, from: first, start: wal.start)
    #expect(result.problems.map(\.kind) == [.end])
    #expect(result.problems.first?.lsn == wal.records[20])
    #expect(WALBuilder.problems(bytes, from: first, start: wal.start, mayEnd: true).problems == [])
  }

  /// A server that is killed leaves behind a record that it wrote a part of.
  @Test func zerosInsteadOfTheRestOfARecordAreAnEnd() throws {
    let wal = Self.wal
    let first = Lsn(wal.start.value & ~(WALBuilder.segmentSize.byteCount - 1))
    var bytes = Array(wal.bytes.prefix(Self.segmentLength))
    for offset in 20 * 8192..<bytes.count { bytes[offset] = 0 }
    let last = try #require(wal.records.last { $0.value < first.value + 20 * 8192 })
    let result = WALBuilder.problems(bytes, from: first, start: wal.start)
    #expect(result.problems.map(\.kind) == [.end])
    #expect(result.problems.first?.lsn == last)
    #expect(WALBuilder.problems(bytes, from: first, start: wal.start, mayEnd: true).problems == [])
  }

  @Test func aPageOfZerosInTheMiddleIsDamage() {
    let wal = Self.wal
    let first = Lsn(wal.start.value & ~(WALBuilder.segmentSize.byteCount - 1))
    var bytes = wal.bytes
    for offset in 50 * 8192..<51 * 8192 { bytes[offset] = 0 }
    let result = WALBuilder.problems(bytes, from: first, start: wal.start, mayEnd: true)
    // The record that the page held a part of.
    let lost = wal.records.last { $0.value < first.value + 50 * 8192 }
    #expect(result.problems.map(\.kind) == [.end])
    #expect(result.problems.first?.lsn == lost)
    #expect(result.problems.first?.message == "the WAL ends here in zeros, and goes on behind them")
    // It goes on behind the damage.
    #expect(result.recordCount > UInt64(wal.records.count) * 9 / 10)
  }

  /// Every byte of a page header and of a record is changed to another value: each is found, but for what is not checked.
  @Test func everyChangedByteIsFound() {
    var wal = WALBuilder(start: Lsn(0x10_0000))
    for number in 0..<24 { wal.add(payload: 900 + number) }
    // The last record must not be the changed one: what comes behind it may be what shows the damage.
    let clean = WALBuilder.problems(wal.bytes, from: wal.start, start: wal.start, mayEnd: true)
    #expect(clean.problems == [])
    var unchecked: [Int] = []
    // Of two records in the page a segment begins with, of the next page's header and the records around it.
    let offsets = Array(0..<1900) + Array(8100..<9400)
    for offset in offsets {
      var bytes = wal.bytes
      bytes[offset] ^= UInt8(truncatingIfNeeded: 1 << (offset % 8))
      let result = WALBuilder.problems(bytes, from: wal.start, start: wal.start, mayEnd: true)
      if result.problems.isEmpty { unchecked.append(offset) }
    }
    // Padding between records, the four bytes at the end of a short header, and the flag that blocks may be removed.
    let isPadding = { (offset: Int) in
      let inPage = offset % 8192
      if (20..<24).contains(inPage) || inPage == 2 { return true }
      // Of one segment alone nobody knows which system it must be of.
      if (24..<32).contains(offset) { return true }
      return wal.records.contains { begin in
        let start = Int(begin.value - wal.start.value)
        return offset < start && offset >= start - 7
      }
    }
    #expect(unchecked.filter { !isPadding($0) } == [])
    #expect(unchecked.count < 60)
  }

  /// Seeded damages of every kind to long WAL.
  @Test(arguments: 0..<60)
  func seededDamageIsFound(seed: Int) throws {
    var random = RepeatableGenerator(seed: Fuzzing.seed &+ UInt64(seed))
    let wal = Self.wal
    let first = Lsn(wal.start.value & ~(WALBuilder.segmentSize.byteCount - 1))
    var bytes = wal.bytes
    let record = Int.random(in: 10..<wal.records.count - 10, using: &random)
    let begin = Int(wal.records[record].value - first.value)
    switch seed % 5 {
    case 0: bytes[begin] ^= 1  // length
    case 1: bytes[begin + 8] ^= 8  // the record before
    case 2: bytes[begin + 20] ^= 0xff  // checksum
    case 3:
      let page = begin / 8192 * 8192
      bytes[page + Int.random(in: 0..<2, using: &random)] ^= 0x40  // magic
    default:
      let page = begin / 8192 * 8192
      bytes[page + 8 + Int.random(in: 0..<8, using: &random)] ^= 0x10  // page address
    }
    let result = WALBuilder.problems(bytes, from: first, start: wal.start, mayEnd: true)
    #expect(!result.problems.isEmpty, "seed \(seed)")
    #expect(result.problems.count <= 8, "seed \(seed): one damage, and \(result.problems)")
    #expect(result.recordCount > UInt64(wal.records.count) / 2, "seed \(seed)")
  }

  @Test func aSegmentOfAnotherPlaceOrSystemIsFound() {
    let wal = Self.wal
    let first = Lsn(wal.start.value & ~(WALBuilder.segmentSize.byteCount - 1))
    var swapped = wal.bytes
    swapped.replaceSubrange(
      Self.segmentLength..<2 * Self.segmentLength,
      with: wal.bytes[0..<Self.segmentLength]
    )
    let result = WALBuilder.problems(swapped, from: first, start: wal.start, mayEnd: true)
    #expect(result.problems.first?.message == "the page is of another place")
    var other = wal.bytes
    other[Self.segmentLength + 24] ^= 1
    let foreign = WALBuilder.problems(other, from: first, start: wal.start, mayEnd: true)
    #expect(foreign.problems.map(\.message) == ["the segment is of another database system"])
  }

  /// Whatever the bytes are, reading ends, does not trap, and stays where it should.
  @Test func anyBytesAreRead() {
    var random = RepeatableGenerator(seed: Fuzzing.seed)
    for _ in 0..<Fuzzing.count(percent: 1) / 4 {
      let count = Int.random(in: 0..<40_000, using: &random)
      let begin = Int.random(in: 0..<100_000, using: &random) / 8192 * 8192
      var bytes = Array(Self.wal.bytes[begin..<begin + count])
      for _ in 0..<Int.random(in: 0..<20, using: &random) where !bytes.isEmpty {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      let first = Lsn(random.next() & ~(WALBuilder.segmentSize.byteCount - 1))
      let start = Bool.random(using: &random) ? Lsn(random.next()) : nil
      let result = WALBuilder.problems(bytes, from: first, start: start, mayEnd: Bool.random(using: &random))
      #expect(result.problems.count <= bytes.count / 24 + 2)
    }
  }

  // MARK: Real WAL

  @Test(
    .enabled(if: Golden.isPresent, Golden.absence),
    arguments: ["A-main", "A-fork", "D-main", "F-main", "G-main", "H-main"]
  )
  func wholeWALOfRealServersHasNoProblems(folder: String) throws {
    let path = Golden.folder.appending(path: "pageserver/wal/\(folder)").path
    let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    let name = try #require(names.first)
    let first = try #require(WALSegmentName(String(name.prefix(24))))
    let number = try #require(first.segment(size: .standard))
    var bytes: [UInt8] = []
    for name in names { bytes += try Golden.content("pageserver/wal/\(folder)/\(name)") }
    let start = try #require(WALSegmentSize.standard.start(of: number))
    let result = WALBuilder.problems(
      bytes,
      from: start,
      start: nil,
      // These are the files of a server's disk: the last one is not complete.
      mayEnd: true,
      segmentSize: .standard,
      piece: 1 << 20
    )
    #expect(result.problems == [])
    #expect(result.recordCount > 1000)
  }

  /// 72,925 records from 0/14AEC08 on, as `pg_waldump` counts them; zeros before that. The last one goes on in the next
  /// segment.
  @Test(.enabled(if: Golden.isPresent, Golden.absence), arguments: [nil, Lsn(0x14A_EC08)])
  func aSegmentOfASafekeeperHasNoProblems(start: Lsn?) throws {
    let bytes = try Golden.content("neon-testdata/000000010000000000000001.zst")
    let result = WALBuilder.problems(bytes, from: Lsn(0x100_0000), start: start, segmentSize: .standard)
    #expect(result.problems == [])
    #expect(result.recordCount == 72_925)
  }
}
