@testable import Engine
import IndexFormat
import Testing

struct WALReaderTests {
  private let wal = WALStream.varied

  @Test func allRecordsComeWholeAndInOrder() {
    let reading = Reading(wal.bytes, start: .record(WALStream.first))
    #expect(reading.problems == [])
    #expect(reading.places == wal.places)
    #expect(reading.records == wal.records)
    #expect(reading.end == .record(wal.places.last?.end ?? .invalid))
  }

  @Test func piecesAndPausesChangeNothing() {
    let whole = Reading(wal.bytes, start: .record(WALStream.first))
    #expect(Reading(wal.bytes, start: .record(WALStream.first), piece: 8192) == whole)
    #expect(Reading(wal.bytes, start: .record(WALStream.first), piece: 3 * 8192, pausing: true) == whole)
    #expect(Reading(wal.bytes, start: .record(WALStream.first), pausing: true) == whole)
  }

  @Test func readingBeginsAtAnyRecord() {
    for index in stride(from: 0, to: wal.places.count, by: 7) {
      let reading = Reading(wal.bytes, start: .record(wal.places[index].start))
      #expect(reading.problems == [])
      #expect(reading.places == Array(wal.places[index...]))
    }
  }

  @Test func readingBeginsAnywhereWithTheNextRecord() {
    for lsn in stride(
      from: WALStream.first.value,
      to: WALStream.first.value + UInt64(wal.bytes.count),
      by: 4093
    ) {
      let reading = Reading(wal.bytes, start: .anywhere(Lsn(lsn)))
      #expect(reading.problems == [])
      #expect(reading.places == wal.places.filter { $0.start.value >= lsn })
    }
  }

  @Test func zerosAreTheEndAndAProblemOnlyWhereMoreMustCome() throws {
    let last = try #require(wal.places.last)
    let page = 8192 - wal.bytes.count % 8192
    let bytes = wal.bytes + [UInt8](repeating: 0, count: page + 16384)
    let reading = Reading(bytes, start: .record(WALStream.first))
    #expect(reading.problems == [])
    #expect(reading.end == .zeros(last.end))
    let strict = Reading(bytes, start: .record(WALStream.first), mayEnd: false)
    #expect(strict.problems.map(\.kind) == [.end])
    #expect(strict.problems.map(\.lsn) == [last.end])
  }

  /// Also where a record ends with its page, and where one was written in part: a server that is killed leaves both.
  @Test func pagesOfZerosAreTheEndWhereverTheLastRecordEnds() throws {
    let first = WALStream.first.value
    for page in 1..<wal.bytes.count / 8192 {
      let bytes = wal.bytes[..<(page * 8192)] + [UInt8](repeating: 0, count: 16384)
      let cut = Lsn(first & ~8191 + UInt64(page * 8192))
      guard let index = wal.places.firstIndex(where: { $0.end >= cut }), wal.places[index].start < cut else {
        continue
      }
      let last = wal.places[index]
      // Behind the record that ends a segment there is padding.
      if wal.records[index][16] == 0x40, wal.records[index][17] == 0 { continue }
      let reading = Reading(Array(bytes), start: .record(WALStream.first))
      #expect(reading.problems == [])
      #expect(reading.end == .zeros(last.end == cut ? cut : last.start))
      let strict = Reading(Array(bytes), start: .record(WALStream.first), mayEnd: false)
      #expect(strict.problems.map(\.kind) == [.end])
      #expect(strict.places == reading.places)
    }
  }

  @Test func pagesOfZerosInTheMiddleAreAProblem() throws {
    var bytes = wal.bytes
    for offset in 3 * 8192..<5 * 8192 { bytes[offset] = 0 }
    let reading = Reading(bytes, start: .record(WALStream.first))
    #expect(reading.problems.map(\.kind) == [.end])
    #expect(reading.problems.first?.message == "the WAL ends here in zeros, and goes on behind them")
    #expect(reading.places.count < wal.places.count)
    #expect(reading.places.last == wal.places.last)
  }

  @Test func aRecordThatIsCutOffIsNotShownAndTheReaderSaysWhatIsMissing() throws {
    let index = try #require(wal.records.firstIndex { $0.count > 20_000 })
    let start = wal.places[index].start
    let cut = Int(start.value - WALStream.first.value) + 12_000
    let reading = Reading(Array(wal.bytes[..<(cut & ~8191)]), start: .record(WALStream.first))
    #expect(reading.places == Array(wal.places[..<index]))
    guard case .withinRecord(start, let missing) = reading.end else {
      Issue.record("ended in \(reading.end)")
      return
    }
    #expect(Int(missing) < wal.records[index].count)
  }

  @Test func aLiveEndIsReadOnWhenItHasGrown() {
    var reader = WALReader(segmentSize: WALStream.segmentSize, start: .record(WALStream.first))
    var places: [WALReader.Place] = []
    for count in stride(from: 4, through: wal.bytes.count + 1003, by: 1003) {
      let from = Int(reader.page.value - WALStream.first.value)
      guard from < min(count, wal.bytes.count) else { continue }
      let given = wal.bytes.span.bytes.extracting(from..<min(count, wal.bytes.count))
      _ = reader.read(given) { place, _ in
        places.append(place)
        return .goOn
      } report: {
        Issue.record("\($0)")
      }
    }
    #expect(places == wal.places)
  }

  @Test func damageOfARecordCostsThatRecordOnly() {
    for index in stride(from: 1, to: wal.places.count - 1, by: 11) {
      var bytes = wal.bytes
      // A byte of the main data, on the record's first page.
      bytes[Int(wal.places[index].start.value - WALStream.first.value) + 24] ^= 0x55
      let reading = Reading(bytes, start: .record(WALStream.first))
      #expect(reading.problems.map(\.lsn) == [wal.places[index].start] || wal.records[index].count == 24)
      #expect(reading.places == wal.places.filter { $0 != wal.places[index] })
    }
  }

  @Test func aDamagedLengthCostsLittle() throws {
    for (index, record) in wal.records.enumerated() where index % 13 == 5 && record.count < 2000 {
      var bytes = wal.bytes
      bytes[Int(wal.places[index].start.value - WALStream.first.value) + 2] = 0x7f
      let reading = Reading(bytes, start: .record(WALStream.first))
      #expect(reading.problems.count >= 1)
      #expect(reading.problems[0].lsn >= wal.places[index].start)
      // All before are there, and no more is lost than the WAL of a few pages.
      #expect(reading.places.starts(with: wal.places[..<index]))
      let behind = wal.places[index].start.value + 48_000
      #expect(
        Set(reading.places.map(\.start)).isSuperset(of: wal.places.map(\.start).filter { $0.value > behind })
      )
    }
  }

  @Test func aWrongPageCostsWhatLiesOnIt() {
    for page in [3, 40, 90] {
      var bytes = wal.bytes
      bytes[page * 8192] ^= 1
      let reading = Reading(bytes, start: .record(WALStream.first))
      #expect(reading.problems.first?.kind == .page)
      let lost = Set(wal.places.map(\.start)).subtracting(reading.places.map(\.start))
      let first = WALStream.first.value + UInt64(page) * 8192
      #expect(lost.allSatisfy { $0.value > first - 40_000 && $0.value < first + 40_000 })
      #expect(!lost.isEmpty && reading.places.count + lost.count == wal.places.count)
    }
  }

  @Test func longRecordsAreRefusedBeforeTheirBytesCome() {
    var reader = WALReader(
      segmentSize: WALStream.segmentSize,
      start: .record(WALStream.first),
      recordLimit: 10_000
    )
    var problems: [WALProblem] = []
    var count = 0
    _ = reader.read(wal.bytes.span.bytes) { _, _ in
      count += 1
      return .goOn
    } report: {
      problems.append($0)
    }
    #expect(problems.count == wal.records.count { $0.count > 10_000 })
    #expect(problems.allSatisfy { $0.message == "the record has an impossible length" })
    #expect(count > 100)
  }

  /// Whatever the bytes are: only whole records come out, each of which was written, or has a right checksum.
  @Test func mutatedWALGivesOnlyRecordsWithARightChecksum() {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    let original = Array(wal.bytes[..<(40 * 8192)])
    for _ in 0..<(Fuzzing.count(percent: 1) / 4) {
      var bytes = original
      for _ in 0...generator.below(8) {
        let place = generator.below(bytes.count - 64)
        switch generator.below(4) {
        case 0: bytes[place] ^= 1 << UInt8(generator.below(8))
        case 1: bytes.replaceSubrange(place..<place + 8, with: generator.bytes(8))
        case 2: bytes[(place & ~8191) + generator.below(24)] = UInt8(generator.below(256))
        default: bytes.removeLast(generator.below(9000))
        }
        if bytes.count < 8192 { break }
      }
      let reading = Reading(bytes, start: .anywhere(WALStream.first))
      for record in reading.records {
        let isRight =
          WALRecordHeader(record.span.bytes)?.checksum == WALRecordHeader.checksum(of: record.span.bytes)
        if !isRight { Issue.record("a record with a wrong checksum was shown") }
      }
    }
  }
}
