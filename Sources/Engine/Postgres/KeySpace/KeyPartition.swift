import IndexFormat

/// A key space cut into parts of about the same number of pages: what an image layer covers each.
///
/// A part is closed when the next fragment would make it larger than the target, but not while none of its pages is the
/// shard's.
///
/// Source: `KeySpace::partition` in `libs/pageserver_api/src/keyspace.rs`.
public struct KeyPartition: Equatable, Sendable {
  public struct Part: Equatable, Sendable {
    public var ranges: [KeyRange]
    /// Pages of the shard. Ranges whose length cannot be told count as 2^32 - 1.
    public var pageCount: UInt64
  }

  public let parts: [Part]

  /// What page servers have unless told otherwise, in bytes: `compaction_target_size`.
  public static let defaultTargetByteCount: UInt64 = 128 << 20
  /// Stripes that are looked at; a fragment counts as eight. Enough for 256 TiB in stripes of 16 MiB and parts of
  /// 128 MiB. A damaged length may claim 32 TiB, and a damaged directory a million relations of that length.
  public static let budget = 1 << 24

  /// - targetByteCount: of a part, in bytes of pages.
  public init(
    _ list: KeyRangeList,
    shard: ShardIdentity,
    targetByteCount: UInt64 = KeyPartition.defaultTargetByteCount
  ) throws(FormatError) {
    let target = UInt32(clamping: max(targetByteCount / UInt64(PageHeader.pageByteCount), 1))
    var budget = KeyPartition.budget
    var parts: [Part] = []
    var current = Part(ranges: [], pageCount: 0)
    for range in list.ranges {
      for fragment in try ShardedRange(range, shard).fragments(target: target, budget: &budget) {
        let pages = UInt64(fragment.pageCount)
        if current.pageCount > 0, current.pageCount + pages > UInt64(target) {
          parts.append(current)
          current = Part(ranges: [], pageCount: 0)
        }
        current.ranges.append(fragment.range)
        current.pageCount += pages
      }
    }
    if !current.ranges.isEmpty { parts.append(current) }
    self.parts = parts
  }

  /// What image layers of the parts cover: without gaps, the first from the first key on, each to the end of its part.
  /// A part without pages of the shard has none, and the next one begins before it.
  public var layerRanges: [KeyRange] {
    var start = Key.min
    return parts.compactMap { part in
      guard part.pageCount > 0, let end = part.ranges.last?.end else { return nil }
      defer { start = end }
      return KeyRange(start: start, end: end)
    }
  }
}
