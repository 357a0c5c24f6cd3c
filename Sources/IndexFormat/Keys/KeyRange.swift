/// A half-open range of keys. Unlike Swift's `Range` it may be empty or reversed, because names of layers may
/// be.
public struct KeyRange: Hashable, Sendable {
  public let start: Key
  public let end: Key

  /// The range that L0 layers have.
  public static let all = KeyRange(start: .min, end: .max)

  @inlinable
  public init(start: Key, end: Key) {
    self.start = start
    self.end = end
  }

  /// The range of one key. Empty for the last key there is, which no layer's range holds.
  public init(_ key: Key) { self.init(start: key, end: key.successor ?? key) }

  public var isEmpty: Bool { start >= end }

  public func contains(_ key: Key) -> Bool { start <= key && key < end }

  @inlinable
  public func overlaps(_ other: KeyRange) -> Bool { start < other.end && other.start < end }

  /// Whether it holds exactly one key.
  public var isSingleKey: Bool { start.successor == end }
}

extension KeyRange: CustomStringConvertible {
  public var description: String { "\(start)-\(end)" }
}
