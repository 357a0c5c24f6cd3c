import Engine
import IndexFormat
import Synchronization

/// Segments of WAL as the engine reads them: by LSN.
final class SegmentedWAL: WALSource {
  let input: WALInput
  private let segments: [WALSegmentNumber: WALInput.Segment]
  /// Is told of bytes that were read.
  private let count: @Sendable (Int) -> Void
  private let firstFailure = Mutex<WALSourceError?>(nil)

  init(_ input: WALInput, count: @escaping @Sendable (Int) -> Void = { _ in }) {
    self.input = input
    self.count = count
    segments = Dictionary(input.segments.map { ($0.number, $0) }, uniquingKeysWith: { _, last in last })
  }

  var segmentSize: WALSegmentSize { input.size }

  /// Why the store gave no answer, the first time that it did not.
  var failure: WALSourceError? { firstFailure.withLock { $0 } }

  func name(at lsn: Lsn) -> String? {
    let number = segmentSize.segment(of: lsn)
    return segments[number]?.name ?? WALSegmentName(number, size: segmentSize).map { "\($0)" }
  }

  func read(from lsn: Lsn, limit: Int) async throws(WALSourceError) -> [UInt8] {
    guard limit > 0 else { return [] }
    let offset = segmentSize.offset(of: lsn)
    guard let segment = segments[segmentSize.segment(of: lsn)],
      case let end = min(segment.byteCount, segmentSize.byteCount), offset < end
    else {
      // There is more behind a gap, or there is nothing any more.
      guard let last = input.segments.last, input.start(of: last) > lsn else { return [] }
      throw WALSourceError(.missing, at: lsn, name: name(at: lsn), detail: detail(at: lsn))
    }
    let left = min(end &- offset, UInt64(limit))
    let bytes = try await read(segment, offset..<offset &+ left, at: lsn)
    count(bytes.count)
    return bytes
  }

  private func detail(at lsn: Lsn) -> String {
    guard let segment = input.segment(at: lsn) else { return "there is no such object" }
    return "\(segment.byteCount) of \(segmentSize.byteCount) bytes"
  }

  private func read(
    _ segment: WALInput.Segment,
    _ range: Range<UInt64>,
    at lsn: Lsn
  ) async throws(WALSourceError) -> [UInt8] {
    let count = Int(clamping: range.upperBound &- range.lowerBound)
    let failure: WALSourceError
    do throws(StoreError) {
      let bytes = try await segment.store.read(ReadRequest(segment.key, range: range, limit: count)).bytes
      if bytes.count == count { return bytes }
      let detail = "\(bytes.count) of \(count) bytes: the object became shorter"
      failure = WALSourceError(.failed, at: lsn, name: segment.name, detail: detail)
    } catch {
      let kind: WALSourceError.Kind = error.kind == .cancelled ? .cancelled : .failed
      failure = WALSourceError(kind, at: lsn, name: segment.name, detail: error.detail)
    }
    firstFailure.withLock { $0 = $0 ?? failure }
    throw failure
  }
}

// MARK: - Where a replay can begin

extension SegmentedWAL {
  /// Bytes that are read at a time.
  private static let pieceByteCount = 64 << 10

  /// Where the first record begins that a replay can begin with.
  ///
  /// - Parameters:
  ///   - floor: not before this LSN.
  ///   - isRecordEnd: whether a record is known to end there: then what stands there is the next one, damaged or not.
  ///   - end: not at this LSN, nor behind it.
  /// - Returns: nil if there is none.
  func firstRecord(from floor: Lsn, isRecordEnd: Bool, before end: Lsn) async throws(WALSourceError) -> Lsn? {
    guard let first = firstByte(from: floor), first < end else { return nil }
    if isRecordEnd, first == floor {
      let bytes = try await read(from: floor, limit: WALRecordHeader.byteCount)
      if bytes.contains(where: { $0 != 0 }) { return floor }
    }
    var reader = WALReader(segmentSize: segmentSize, start: .anywhere(first))
    reader.mayEnd = true
    while reader.page < end {
      let bytes: [UInt8]
      do throws(WALSourceError) {
        bytes = try await read(from: reader.page, limit: Self.pieceByteCount)
      } catch {
        // A replay cannot begin before a gap that no record comes before.
        if error.kind == .missing { return nil }
        throw error
      }
      var found: Lsn?
      let used = reader.read(bytes.span.bytes) { place, _ in
        found = found ?? place.start
        return .pause
      } report: { problem in
        // The replay is to begin with what is damaged, so that it is told.
        if problem.lsn >= first { found = found ?? problem.lsn }
      }
      if let found { return found < end ? found : nil }
      if used == 0 { return nil }
    }
    return nil
  }

  /// The first byte from an LSN on that there is, gaps before it or not.
  private func firstByte(from lsn: Lsn) -> Lsn? {
    if let segment = segments[segmentSize.segment(of: lsn)],
      segmentSize.offset(of: lsn) < segment.byteCount
    {
      return lsn
    }
    return input.segments.lazy.map { self.input.start(of: $0) }.first { $0 > lsn }
  }
}
