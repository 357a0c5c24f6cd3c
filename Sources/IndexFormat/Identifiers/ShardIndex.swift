/// Which shard of how many: number and count, as layer entries and object keys write it.
///
/// | form | bytes | content |
/// |---|---|---|
/// | text | 4 | two hex digits number, two hex digits count, lower case when written: `0102` is shard 1 of 2 |
/// | key suffix | 0 or 5 | empty when unsharded, else `-` and the text |
/// | binary | 2 | number, count |
///
/// Count 0 is the legacy form of a tenant that was never split ("unsharded"): one shard, no suffix. It is
/// another tenant, as far as keys are concerned, than count 1. Source: `libs/utils/src/shard.rs`.
public struct ShardIndex: Hashable, Comparable, Sendable {
  public let number: UInt8
  public let count: UInt8

  public static let unsharded = ShardIndex(number: 0, count: 0)

  public init(number: UInt8, count: UInt8) {
    self.number = number
    self.count = count
  }

  public var isUnsharded: Bool { number == 0 && count == 0 }

  /// How many shards there really are: 1 when unsharded.
  public var effectiveCount: Int { max(1, Int(count)) }

  /// Reads the text form from exactly four bytes. The number is not compared with the count: names may lie.
  public init?(text bytes: RawSpan) {
    guard bytes.byteCount == 4, let value = HexDigits.decode4(bytes, at: 0) else { return nil }
    self.init(number: UInt8(truncatingIfNeeded: value >> 8), count: UInt8(truncatingIfNeeded: value))
  }

  /// What stands behind the tenant's identifier in object keys.
  public var keySuffix: String { isUnsharded ? "" : "-\(self)" }

  /// The shard this one was split from, when the tenant had `oldCount` shards (0: unsharded) before.
  public func parent(count oldCount: UInt8) -> ShardIndex {
    oldCount == 0 ? .unsharded : ShardIndex(number: number % oldCount, count: oldCount)
  }

  /// The shards that this one becomes when its tenant is split to `newCount` shards.
  public func children(count newCount: UInt8) -> [ShardIndex] {
    let step = UInt8(effectiveCount)
    return (0..<newCount).filter { $0 % step == number }.map { ShardIndex(number: $0, count: newCount) }
  }

  /// By count, then by number: older splits first.
  public static func < (left: ShardIndex, right: ShardIndex) -> Bool {
    left.count == right.count ? left.number < right.number : left.count < right.count
  }
}

extension ShardIndex: LosslessStringConvertible {
  public init?(_ text: String) { self.init(text: text.utf8Span.span.bytes) }

  public var description: String {
    HexDigits.string(UInt64(number) << 8 | UInt64(count), count: 4, uppercase: false)
  }
}
