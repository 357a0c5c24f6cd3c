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
