import Engine
import IndexFormat

/// Who looks at the records of a walk. Problems come before the records behind them.
protocol WALVisitor: AnyObject {
  func visit(_ record: borrowing WALRecord, at place: WALReader.Place) -> WALReader.Flow
  func report(_ problem: WALProblem, in segment: WALInput.Segment)
  /// Segments are missing before this one.
  func gap(from end: Lsn, before segment: WALInput.Segment)
}

/// Reads segments in order, in pieces, and shows their records.
struct WALWalk: Sendable {
  let input: WALInput
  /// The first LSN and the one behind the last at which a record may begin that is wanted.
  var start: Lsn = .invalid
  var end = Lsn(.max)

  /// What a walk came to.
  struct Outcome: Sendable {
    var segmentCount = 0
    var byteCount: UInt64 = 0
    var recordCount: UInt64 = 0
    var version: PostgresVersion?
    /// Where the last bytes end; nil if nothing was read.
    var end: WALReader.End?
  }

  /// What is read at a time: a multiple of the page size.
  private static let pieceByteCount: UInt64 = 1 << 20
  /// 17 can read what is common to all versions.
  private static let fallback = PostgresVersion.v17

  func run(_ visitor: some WALVisitor) async throws(ScanFailure) -> Outcome {
    var outcome = Outcome()
    var expected: WALSegmentNumber?
    var reader = WALReader(segmentSize: input.size, start: .anywhere(start))
    for segment in input.segments {
      let first = input.start(of: segment)
      if first.value &+ (input.size.byteCount &- 1) < start.value { continue }
      if first >= end { break }
      if segment.number != expected {
        if let expected, let end = input.size.start(of: expected) { visitor.gap(from: end, before: segment) }
        outcome.recordCount &+= reader.recordCount
        reader = WALReader(segmentSize: input.size, start: .anywhere(max(first, start)))
      }
      expected = WALSegmentNumber(segment.number.value &+ 1)
      outcome.segmentCount += 1
      reader.mayEnd = segment.mayEnd
      guard try await read(segment, &reader, &outcome, visitor) == .goOn else { break }
    }
    outcome.recordCount &+= reader.recordCount
    if outcome.segmentCount > 0 { outcome.end = reader.end }
    return outcome
  }

  /// The piece that is read next goes on where the reader is.
  private func read(
    _ segment: WALInput.Segment,
    _ reader: inout WALReader,
    _ outcome: inout Outcome,
    _ visitor: some WALVisitor
  ) async throws(ScanFailure) -> WALReader.Flow {
    var offset = reader.page.value &- input.start(of: segment).value
    while offset < min(segment.byteCount, input.size.byteCount) {
      let range = offset..<min(segment.byteCount, offset &+ Self.pieceByteCount)
      let bytes = try await input.read(segment, range)
      outcome.byteCount &+= UInt64(bytes.count)
      outcome.version = PostgresVersion(pagesOf: bytes) ?? outcome.version
      let flow = show(bytes, segment, outcome.version ?? Self.fallback, &reader, visitor)
      if flow == .pause { return .pause }
      if reader.skipPadding() { break }
      offset = range.upperBound
    }
    return .goOn
  }

  private func show(
    _ bytes: [UInt8],
    _ segment: WALInput.Segment,
    _ version: PostgresVersion,
    _ reader: inout WALReader,
    _ visitor: some WALVisitor
  ) -> WALReader.Flow {
    var decoder = WALRecordDecoder(version: version)
    var flow = WALReader.Flow.goOn
    _ = reader.read(bytes.span.bytes) { place, record in
      guard place.start < end else {
        flow = .pause
        return .pause
      }
      do throws(WALRecordError) {
        flow = visitor.visit(try decoder.decode(record), at: place)
      } catch {
        visitor.report(WALProblem(error, place.start), in: segment)
      }
      return flow
    } report: { problem in
      visitor.report(problem, in: segment)
    }
    return flow
  }
}

extension PostgresVersion {
  /// What the first page of WAL says that has a header.
  init?(pagesOf bytes: [UInt8]) {
    for offset in stride(from: 0, to: bytes.count - 1, by: WALPageHeader.pageByteCount) {
      let magic = UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8
      if let version = PostgresVersion(pageMagic: magic) {
        self = version
        return
      }
    }
    return nil
  }
}

extension WALProblem {
  /// A record that is whole, has the right checksum, and makes no sense.
  init(_ error: WALRecordError, _ lsn: Lsn) {
    self.init(
      .record,
      lsn,
      "the record cannot be taken apart: \(error)",
      seen: "\(error.found)",
      expected: "parts that fill the record"
    )
  }
}
