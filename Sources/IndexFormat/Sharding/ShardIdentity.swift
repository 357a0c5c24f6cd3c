/// One shard's place in its tenant, and with it which keys are its own.
///
/// Valid: a count of at least 1, a number below the count, a stripe of at least one page. A tenant without
/// shards ("unsharded", count 0) is valid only as the constant it is made from. Source:
/// `libs/pageserver_api/src/shard.rs`.
public struct ShardIdentity: Hashable, Sendable {
  public let index: ShardIndex
  public let stripeSize: StripeSize

  /// Why numbers are no shard.
  public enum Invalid: Error, Equatable, Sendable {
    case count
    /// The number is not below the count.
    case number
    case stripeSize
  }

  /// A tenant that was never split: it owns every key.
  public static func unsharded(stripeSize: StripeSize = .defaultSince2025) -> ShardIdentity {
    ShardIdentity(unchecked: .unsharded, stripeSize)
  }

  public init(number: UInt8, count: UInt8, stripeSizePages: UInt32) throws(Invalid) {
    guard count != 0 else { throw .count }
    guard number < count else { throw .number }
    guard let stripeSize = StripeSize(pages: stripeSizePages) else { throw .stripeSize }
    self.init(unchecked: ShardIndex(number: number, count: count), stripeSize)
  }

  /// Takes a shard as keys of objects name it, unsharded included.
  public init(_ index: ShardIndex, stripeSize: StripeSize) throws(Invalid) {
    guard index.isUnsharded || index.count != 0 else { throw .count }
    guard index.isUnsharded || index.number < index.count else { throw .number }
    self.init(unchecked: index, stripeSize)
  }

  private init(unchecked index: ShardIndex, _ stripeSize: StripeSize) {
    self.index = index
    self.stripeSize = stripeSize
  }
}

extension ShardIdentity.Invalid: CustomStringConvertible {
  public var description: String {
    switch self {
    case .count: "shard count 0, expected at least 1"
    case .number: "shard number not below the shard count"
    case .stripeSize: "stripe size of 0 pages, expected at least 1"
    }
  }
}
