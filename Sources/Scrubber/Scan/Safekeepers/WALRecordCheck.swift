import Engine
import IndexFormat

/// Takes every record of a timeline's WAL apart, beside the verifier, which follows pages, chain and checksums without
/// having a record in memory. Only what the verifier cannot know is reported.
struct WALRecordCheck: ~Copyable {
  private var reader: WALReader
  private let size: WALSegmentSize
  private let start: Lsn?
  private var version: PostgresVersion?

  /// Longer records, of which there are hardly any, are not taken apart: scans of many timelines run side by side.
  private static let recordLimit: UInt32 = 64 << 20

  init(size: WALSegmentSize, start: Lsn?) {
    self.size = size
    self.start = start
    reader = Self.reader(size, .anywhere(.invalid))
  }

  private init(
    _ reader: consuming WALReader,
    _ size: WALSegmentSize,
    _ start: Lsn?,
    _ version: PostgresVersion?
  ) {
    self.reader = reader
    self.size = size
    self.start = start
    self.version = version
  }

  private static func reader(_ size: WALSegmentSize, _ start: WALReader.Start) -> WALReader {
    WALReader(segmentSize: size, start: start, recordLimit: recordLimit)
  }

  /// Goes on from the same place.
  func copy() -> WALRecordCheck { WALRecordCheck(reader.copy(), size, start, version) }

  /// Goes on with this segment. If it is not the one behind the last, or not all of that was read, it begins anew.
  mutating func begin(_ segment: WALSegmentNumber) {
    guard let first = size.start(of: segment), reader.page != first || first == .invalid else { return }
    if let start, size.segment(of: start) == segment {
      reader = Self.reader(size, .record(start))
    } else {
      reader = Self.reader(size, .anywhere(first))
    }
  }

  /// Takes the next bytes of the segment.
  ///
  /// - Parameter lsn: that of the first of them.
  mutating func add(_ bytes: [UInt8], at lsn: Lsn, report: (WALProblem) -> Void) {
    // The page with the first record is the first one that is looked at.
    guard reader.page >= lsn, reader.page.value &- lsn.value < UInt64(bytes.count) else { return }
    let skipped = Int(reader.page.value &- lsn.value)
    version = PostgresVersion(pagesOf: bytes) ?? version
    guard let version else { return }
    var decoder = WALRecordDecoder(version: version)
    let span = bytes.span.bytes
    _ = reader.read(span.extracting(skipped..<bytes.count)) { place, record in
      do throws(WALRecordError) {
        _ = try decoder.decode(record)
      } catch {
        report(WALProblem(error, place.start))
      }
      return .goOn
    } report: { _ in
    }
  }
}
