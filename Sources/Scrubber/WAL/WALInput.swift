import IndexFormat

/// Objects or files with WAL, in its order, and where they are read.
struct WALInput: Sendable {
  /// One segment, or the beginning of one.
  struct Segment: Sendable {
    let store: any ObjectStore
    /// The key of the object; of a file its name in its folder, which is the store.
    var key: String
    /// How to name it to people.
    var name: String
    var number: WALSegmentNumber
    var byteCount: UInt64
    /// Whether nothing needs to follow what is in it: the last one, or one that was not complete.
    var mayEnd = false
  }

  let size: WALSegmentSize
  var segments: [Segment]
  /// What was left out, and why.
  var notes: [String] = []
  /// Whose WAL it is; nil in files.
  var tenant: TenantID?
  var timeline: TimelineID?

  /// Where a segment begins; the last LSN there is for one that cannot be.
  func start(of segment: Segment) -> Lsn { size.start(of: segment.number) ?? Lsn(.max) }

  /// The segment that holds an LSN.
  func segment(at lsn: Lsn) -> Segment? { segments.first { $0.number == size.segment(of: lsn) } }

  func read(_ segment: Segment, _ range: Range<UInt64>) async throws(ScanFailure) -> [UInt8] {
    if Task.isCancelled { throw .interrupted }
    let count = Int(clamping: range.upperBound - range.lowerBound)
    do throws(StoreError) {
      let bytes = try await segment.store.read(ReadRequest(segment.key, range: range, limit: count)).bytes
      guard bytes.count == count else {
        let detail = "\(bytes.count) of \(count) bytes: the object became shorter"
        throw StoreError(.shortRead, .read, key: segment.key, detail: detail)
      }
      return bytes
    } catch {
      throw error.kind == .cancelled ? .interrupted : ScanFailure(message: "\(segment.name): \(error.detail)")
    }
  }

  /// Orders segments, and keeps of several with one number the longest.
  static func ordered(_ segments: [Segment]) -> [Segment] {
    var result: [Segment] = []
    for segment in segments.sorted(by: { ($0.number, $0.byteCount) < ($1.number, $1.byteCount) }) {
      if result.last?.number == segment.number { result.removeLast() }
      result.append(segment)
    }
    if !result.isEmpty { result[result.count - 1].mayEnd = true }
    return result
  }

  /// The size of segments that the first page of one says, if it is one that can be.
  static func size(saidBy page: [UInt8]) -> WALSegmentSize? {
    guard let header = WALPageHeader(page: page.span.bytes), PostgresVersion(pageMagic: header.magic) != nil,
      let segment = header.segment
    else { return nil }
    return WALSegmentSize(byteCount: UInt64(segment.segmentSize))
  }
}
