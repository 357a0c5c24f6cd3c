import Engine
import IndexFormat

/// WAL in memory, of which segments may be missing.
struct MemoryWAL: WALSource {
  var segmentSize = WALSegmentSize.standard
  /// Of the first byte.
  var start: Lsn
  var bytes: [UInt8]
  var missing: Set<UInt64> = []
  /// Where a store gives no answer.
  var failing: Lsn?

  func read(from lsn: Lsn, limit: Int) async throws(WALSourceError) -> [UInt8] {
    await Task.yield()
    if let failing, lsn >= failing { throw WALSourceError(.failed, at: lsn, detail: "no answer") }
    let segment = segmentSize.segment(of: lsn)
    guard !missing.contains(segment.value) else {
      throw WALSourceError(.missing, at: lsn, name: name(at: lsn), detail: "there is no such object")
    }
    guard lsn >= start, lsn.value - start.value < UInt64(bytes.count) else { return [] }
    let from = Int(lsn.value - start.value)
    // A segment at a time, as objects are read.
    let left = Int(segmentSize.byteCount - segmentSize.offset(of: lsn))
    return Array(bytes[from..<min(bytes.count, from + min(limit, left))])
  }

  func name(at lsn: Lsn) -> String? {
    WALSegmentName(segmentSize.segment(of: lsn), size: segmentSize).map { "\($0)" }
  }
}
