import IndexFormat

/// A range of keys as one shard sees it: only some of the stripes in it are its own.
///
/// Page servers plan layers by it. A stretch that the shard may drop costs nothing and goes to the fragment before it.
///
/// Source: `libs/pageserver_api/src/keyspace.rs`.
public struct ShardedRange: Sendable {
  public let range: KeyRange
  public let shard: ShardIdentity

  /// A part of the range.
  public struct Fragment: Equatable, Sendable {
    /// Pages of the shard; `KeyRange.unknownLength` if that cannot be told.
    public var pageCount: UInt32
    public var range: KeyRange

    public init(pageCount: UInt32, range: KeyRange) {
      self.pageCount = pageCount
      self.range = range
    }
  }

  public init(_ range: KeyRange, _ shard: ShardIdentity) {
    self.range = range
    self.shard = shard
  }

  /// How many pages of the range the shard has: `KeyRange.unknownLength` if that cannot be told, or is more.
  ///
  /// Takes a step for each stripe: 2^32 of them if a stripe is one page.
  public var pageCount: UInt32 {
    if range.isSingleKey { return shard.isDisposable(range.start) ? 0 : 1 }
    guard range.isContiguous else { return KeyRange.unknownLength }
    guard shard.index.count >= 2 else { return range.contiguousLength }
    var count: UInt32 = 0
    var cursor = range.start
    while cursor < range.end {
      let step = distanceToBoundary(from: cursor)
      if !shard.isDisposable(cursor) {
        count = count.addingReportingOverflow(step).overflow ? .max : count + step
      }
      guard step > 0, let next = cursor.advanced(by: step) else { break }
      cursor = next
    }
    return count
  }

  /// The range in parts of `target` pages of the shard, in order and without gaps. None for an empty range.
  ///
  /// A part is smaller only where the range ends, or where a stripe of the shard ends in it.
  ///
  /// - target: at least 1.
  /// - budget: what may be spent: 1 for each stripe, `fragmentCost` for each fragment. Counted down; at 0 it
  ///   is an error.
  public func fragments(target: UInt32, budget: inout Int) throws(FormatError) -> [Fragment] {
    if range.isSingleKey { return [Fragment(pageCount: pageCount, range: range)] }
    guard !range.isEmpty else { return [] }
    guard range.isContiguous else { return [Fragment(pageCount: KeyRange.unknownLength, range: range)] }
    var fragments: [Fragment] = []
    var cursor = range.start
    while cursor < range.end {
      guard budget > 0 else { throw ShardedRange.tooManySteps(at: cursor) }
      budget -= 1
      let isDisposable = shard.isDisposable(cursor)
      let unfinished = fragments.last.flatMap { $0.pageCount < max(target, 1) ? $0.pageCount : nil }
      var step = distanceToBoundary(from: cursor)
      if !isDisposable { step = min(step, max(target, 1) - (unfinished ?? 0)) }
      guard step > 0, let next = cursor.advanced(by: step) else { break }
      let pages = isDisposable ? 0 : step
      if let last = fragments.last, unfinished != nil || isDisposable {
        fragments[fragments.count - 1] = Fragment(
          pageCount: last.pageCount + pages,
          range: KeyRange(start: last.range.start, end: next)
        )
      } else {
        budget -= ShardedRange.fragmentCost
        fragments.append(Fragment(pageCount: pages, range: KeyRange(start: cursor, end: next)))
      }
      cursor = next
    }
    return fragments
  }

  /// What a fragment counts against a budget: it takes memory, a stripe takes only time.
  static let fragmentCost = 8

  /// Keys from `cursor` to where the owner may change, or to the end of the range.
  private func distanceToBoundary(from cursor: Key) -> UInt32 {
    let toEnd = KeyRange(start: cursor, end: range.end).contiguousLength
    guard shard.index.count >= 2 else { return toEnd }
    guard cursor.field6 != .max else { return 1 }
    let stripe = shard.stripeSize.pages
    return min(stripe - cursor.field6 % stripe, toEnd)
  }

  private static func tooManySteps(at key: Key) -> FormatError {
    FormatError(
      .limitExceeded,
      field: "key space",
      found: "more parts, at key \(key)",
      expected: "at most \(KeyPartition.budget) stripes, or \(KeyPartition.budget / fragmentCost) fragments"
    )
  }
}
