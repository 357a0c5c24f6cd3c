/// A page server's or safekeeper's number, as in `sk1`; decimal in text.
public struct NodeID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let value: UInt64

  public init(_ value: UInt64) { self.value = value }

  public var description: String { String(value) }

  public static func < (left: NodeID, right: NodeID) -> Bool { left.value < right.value }
}
