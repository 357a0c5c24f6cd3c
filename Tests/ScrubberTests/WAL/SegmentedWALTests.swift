import Engine
import IndexFormat
import Testing

@testable import Scrubber

struct SegmentedWALTests {
  private static let length = 1 << 20

  /// Segments of 1 MiB, each filled with its number, of so many bytes.
  private func input(_ segments: [UInt64: Int], _ name: String = "") async throws -> WALInput {
    let store = MemoryObjectStore()
    let size = try #require(WALSegmentSize(byteCount: UInt64(Self.length)))
    var found: [WALInput.Segment] = []
    for (number, count) in segments {
      let key = "\(name)\(number)"
      let body = [UInt8](repeating: UInt8(number), count: count)
      try store.put(key, body: .bytes(body), lastModified: Timestamp(seconds: 0))
      found.append(
        WALInput.Segment(
          store: store,
          key: key,
          name: key,
          number: WALSegmentNumber(number),
          byteCount: UInt64(count)
        )
      )
    }
    return WALInput(size: size, segments: WALInput.ordered(found))
  }

  private func lsn(_ segment: Int, _ offset: Int = 0) -> Lsn { Lsn(UInt64(segment * Self.length + offset)) }

  @Test func bytesComeFromTheSegmentThatHoldsThem() async throws {
    let wal = SegmentedWAL(try await input([3: Self.length, 4: 100]))
    #expect(try await wal.read(from: lsn(3, 5), limit: 7) == [UInt8](repeating: 3, count: 7))
    #expect(try await wal.read(from: lsn(4, -2), limit: 7) == [3, 3])
    #expect(try await wal.read(from: lsn(4, 98), limit: 7) == [4, 4])
    // The end.
    #expect(try await wal.read(from: lsn(4, 100), limit: 7) == [])
    #expect(try await wal.read(from: lsn(9), limit: 7) == [])
    #expect(wal.name(at: lsn(4, 1)) == "4" && wal.name(at: lsn(5)) == "000000010000000000000005")
  }

  @Test func whatIsMissingBeforeOtherSegmentsIsNoEnd() async throws {
    let wal = SegmentedWAL(try await input([3: 100, 5: 100]))
    for place in [lsn(2), lsn(3, 100), lsn(4)] {
      do throws(WALSourceError) {
        _ = try await wal.read(from: place, limit: 1)
        Issue.record("\(place) was read")
      } catch {
        #expect(error.kind == .missing && error.lsn == place)
      }
    }
    #expect(wal.failure == nil)
  }

  @Test func wherePagesHoldNothingNoRecordBegins() async throws {
    let zeros = WALInput(size: .standard, segments: try await input([0: Self.length]).segments)
    let wal = SegmentedWAL(zeros)
    #expect(try await wal.firstRecord(from: Lsn(24), isRecordEnd: true, before: Lsn(.max)) == nil)
    #expect(try await wal.firstRecord(from: lsn(20), isRecordEnd: true, before: Lsn(.max)) == nil)
  }

  /// Real WAL, of which the first record is found from before it, from its beginning and from within it.
  @Test func theFirstRecordIsFound() async throws {
    let real = try await RealWAL.made()
    let input = try await WALInput.files(["\(real.path)/\(real.segment)"], size: nil)
    let wal = SegmentedWAL(input)
    let first = Lsn(0x100_0028)
    for floor in [Lsn(0x100), Lsn(0x100_0000), first] {
      let found = try await wal.firstRecord(from: floor, isRecordEnd: false, before: Lsn(.max))
      #expect(found == first, "\(floor)")
    }
    let next = try #require(
      try await wal.firstRecord(from: Lsn(first.value + 1), isRecordEnd: false, before: Lsn(.max))
    )
    #expect(next > first && next.value % 8 == 0)
    // What is known to be a record's end is believed, as what stands there may be damaged.
    #expect(
      try await wal.firstRecord(from: Lsn(first.value + 8), isRecordEnd: true, before: Lsn(.max))
        == Lsn(first.value + 8)
    )
    #expect(try await wal.firstRecord(from: first, isRecordEnd: true, before: first) == nil)
  }
}
