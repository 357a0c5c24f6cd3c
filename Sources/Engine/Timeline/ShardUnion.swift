import IndexFormat

/// The values of a tenant's shards as one source: each page comes from the shard that owns it, all else from shard 0.
///
/// A range of keys either lies within one relation fork, or holds no pages of relations.
public final class ShardUnion: ValueSource {
  private let shards: [any ValueSource]
  private let stripeSize: StripeSize

  /// Nil for none, and for more than there can be.
  ///
  /// - Parameter shards: all of them, in the order of their numbers.
  public init?(_ shards: [any ValueSource], stripeSize: StripeSize) {
    guard (1...Int(UInt8.max)).contains(shards.count) else { return nil }
    self.shards = shards
    self.stripeSize = stripeSize
  }

  public func values(of keys: KeySpace, at lsn: Lsn) async throws(ReadError) -> [KeyedValue] {
    var values: [KeyedValue] = []
    for (number, part) in parts(of: keys).enumerated() where !part.isEmpty {
      values += try await shards[number].values(of: part, at: lsn)
    }
    values.sort { $0.key < $1.key }
    return values
  }

  public func value(of key: Key, at lsn: Lsn) async throws(ReadError) -> [UInt8] {
    try await shards[Int(owner(of: key))].value(of: key, at: lsn)
  }

  private func owner(of key: Key) -> UInt8 {
    let count = UInt8(clamping: shards.count)
    guard count > 1 else { return 0 }
    return min(ShardIdentity.owner(of: key, count: count, stripeSize: stripeSize), count - 1)
  }

  /// Which shard is asked for what.
  private func parts(of keys: KeySpace) -> [KeySpace] {
    var parts = [KeySpace](repeating: KeySpace(), count: shards.count)
    for range in keys.ranges {
      guard range.start.isRelationBlock, let blocks = Self.blocks(of: range) else {
        parts[Int(owner(of: range.start))].append(range)
        continue
      }
      var start = blocks.lowerBound
      while start < blocks.upperBound {
        let stripe = UInt64(stripeSize.pages)
        let end = min((UInt64(start) / stripe + 1) * stripe, UInt64(blocks.upperBound))
        let first = Self.key(range.start, block: start)
        let last = Self.key(range.start, block: UInt32(truncatingIfNeeded: end))
        parts[Int(owner(of: first))].append(KeyRange(start: first, end: last))
        start = UInt32(truncatingIfNeeded: end)
      }
    }
    return parts
  }

  /// The blocks of a range within one fork; nil for another range.
  private static func blocks(of range: KeyRange) -> Range<UInt32>? {
    let (start, end) = (range.start.field6, range.end.field6)
    guard start <= end, key(range.start, block: end) == range.end else { return nil }
    return start..<end
  }

  private static func key(_ key: Key, block: UInt32) -> Key {
    Key(
      high: key.high,
      middle: key.middle & ~0xffff | UInt64(block >> 16),
      low: UInt16(truncatingIfNeeded: block)
    )
  }
}
