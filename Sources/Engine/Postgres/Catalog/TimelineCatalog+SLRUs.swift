import IndexFormat

/// A segment of an SLRU and its length.
public struct SLRUSegmentSize: Equatable, Sendable {
  public var segment: SLRUSegment
  /// 32 at the most in what PostgreSQL writes.
  public var blockCount: UInt32

  public init(_ segment: SLRUSegment, blockCount: UInt32) {
    self.segment = segment
    self.blockCount = blockCount
  }
}

/// SLRUs. Since 2024-12-03 only shard 0 has them.
extension TimelineCatalog {
  /// The segments of an SLRU in ascending order, with their lengths.
  public func slruSegments(_ kind: SLRUKind, at lsn: Lsn) async throws(ReadError) -> [SLRUSegmentSize] {
    let directory: SLRUSegmentDirectory = try await read(.slruDirectory(kind), at: lsn)
    let segments = directory.segments.map { SLRUSegment(kind, number: $0) }
    let counts = try await blockCounts(segments.map(Key.slruSegmentSize), at: lsn)
    return zip(segments, counts).map { SLRUSegmentSize($0, blockCount: $1) }
  }

  /// The pages of a segment in ascending order, as they are stored: those of pg_xact perhaps with a commit time.
  ///
  /// A segment of more than 32 pages is damaged: so many do not belong into memory at once.
  public func slruPages(_ size: SLRUSegmentSize, at lsn: Lsn) async throws(ReadError) -> [[UInt8]] {
    guard size.blockCount <= SLRUKind.pagesPerSegment else {
      throw .damagedValue(
        .slruSegmentSize(size.segment),
        lsn,
        FormatError(
          .limitExceeded,
          field: "block count",
          found: "\(size.blockCount)",
          expected: "at most \(SLRUKind.pagesPerSegment)"
        )
      )
    }
    let keys = (0..<size.blockCount).map { Key.slruBlock(size.segment, BlockNumber($0)) }
    var pages: [[UInt8]] = []
    try await read(keys, at: lsn) { (_, bytes) throws(ReadError) in pages.append(bytes) }
    return pages
  }
}
