import Engine
import Foundation
import IndexFormat

/// Reads and decodes all records of WAL segments, and counts them as `pg_waldump --stats=record` does, each as a
/// program of its own; alternately, in the same run. Both are told where the records end. Of a few segments this
/// measures how programs start: half of the time goes there.
struct WALDecodeBenchmark {
  private let waldump: String
  private let folder: String

  private static let rounds = 9

  init(_ arguments: ArraySlice<String>) throws {
    let arguments = Array(arguments)
    guard arguments.count == 3, arguments[0] == "--pg-waldump" else {
      throw BenchmarkError("usage: Benchmarks wal-decode --pg-waldump PROGRAM DIR")
    }
    (waldump, folder) = (arguments[1], arguments[2])
  }

  func run() throws {
    let segments = try WALSegments(folder)
    let content = try segments.content()
    let ours = [CommandLine.arguments[0], "wal-statistics", folder, "\(content.end)"]
    let theirs = [
      waldump, "--stats=record", "-p", folder, "-s", "\(segments.start)", "-e", "\(content.end)",
    ]
    let (scrubber, yardstick) = try ProgramFigures.compare(ours, theirs, rounds: Self.rounds)
    let megabytes = Double(content.end.value - segments.start.value) / 1e6
    print(
      """
      wal-decode \(folder): \(content.statistics.total.records) records, \(megabytes.short) MB
        scrubber   \(scrubber.wall.fine) s wall, \(scrubber.cpu.fine) s CPU, \(scrubber.peakMemoryKiB / 1024) MiB peak
        pg_waldump \(yardstick.wall.fine) s wall, \(yardstick.cpu.fine) s CPU
        ratio      \((scrubber.wall / yardstick.wall).short) times the wall of pg_waldump --stats=record
      """
    )
  }
}

/// The segments of a folder, one behind the other.
struct WALSegments {
  let names: [String]
  let start: Lsn
  private let version: PostgresVersion
  private let folder: String

  /// Small enough to stay in the cache of a core until it has been read.
  private static let chunkByteCount = 128 << 10

  init(_ folder: String) throws {
    self.folder = folder
    names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.utf8.count == 24 }
      .sorted()
    guard let first = names.first, let segment = WALSegmentName(first)?.segment(size: .standard),
      let start = WALSegmentSize.standard.start(of: segment)
    else { throw BenchmarkError("no WAL segments in \(folder)") }
    self.start = start
    let head = try FileHandle(forReadingFrom: URL(filePath: "\(folder)/\(first)")).read(upToCount: 2)
    guard let head, head.count == 2,
      let version = PostgresVersion(pageMagic: UInt16(head[0]) | UInt16(head[1]) << 8)
    else { throw BenchmarkError("\(first) is no WAL of a known version") }
    self.version = version
  }

  /// What the records are that begin at `first` or behind it and end at `limit` or before, and where they do.
  func content(
    from first: Lsn? = nil,
    upTo limit: Lsn = Lsn(.max)
  ) throws -> (statistics: WALStatistics, end: Lsn) {
    var statistics = WALStatistics()
    var decoder = WALRecordDecoder(version: version)
    var end = Lsn.invalid
    var problems: [String] = []
    try forEachRecord(from: start) { place, bytes in
      do throws(WALRecordError) {
        let record = try decoder.decode(bytes)
        if place.start >= first ?? .invalid { statistics.add(record) }
      } catch {
        problems.append("\(error)")
      }
      end = place.end
      return end < limit ? .goOn : .pause
    }
    guard problems.isEmpty else { throw BenchmarkError("the WAL is damaged: \(problems)") }
    return (statistics, end)
  }

  /// Gives the records that begin at a place or behind it to `visit`, in their order, until it pauses.
  @inline(__always)
  func forEachRecord(from lsn: Lsn, _ visit: (WALReader.Place, RawSpan) -> WALReader.Flow) throws {
    var reader = WALReader(segmentSize: .standard, start: .anywhere(lsn))
    reader.mayEnd = true
    var problems: [String] = []
    var isAtEnd = false
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkByteCount, alignment: 4096)
    defer { chunk.deallocate() }
    for name in names where !isAtEnd {
      let file = open("\(folder)/\(name)", O_RDONLY)
      guard file >= 0 else { throw BenchmarkError("cannot open \(name)") }
      defer { close(file) }
      if let first = WALSegmentName(name)?.segment(size: .standard).flatMap(
        WALSegmentSize.standard.start(of:)
      ) {
        // Pages before the one where the records begin are passed over.
        lseek(file, off_t(reader.page.value &- min(reader.page.value, first.value)), SEEK_SET)
      }
      while !isAtEnd {
        let count = Glibc.read(file, chunk.baseAddress, chunk.count)
        guard count > 0 else { break }
        let bytes = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: chunk[0..<count]))
        _ = reader.read(bytes) { place, bytes in
          let flow = visit(place, bytes)
          isAtEnd = flow == .pause
          return flow
        } report: {
          problems.append($0.message)
        }
        if reader.skipPadding() { break }
      }
    }
    guard problems.isEmpty else { throw BenchmarkError("the WAL is damaged: \(problems.prefix(5))") }
  }

  /// What the benchmark runs as a program of its own.
  func printStatistics(upTo limit: Lsn) throws {
    for (operation, count) in try content(upTo: limit).statistics.byOperation {
      print(operation.fullName(version), count.records, count.recordBytes, count.imageBytes)
    }
  }
}

extension Double {
  /// With four digits behind the point.
  fileprivate var fine: String { "\((self * 10_000).rounded() / 10_000)" }
}
