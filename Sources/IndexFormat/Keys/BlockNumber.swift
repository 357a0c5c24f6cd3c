/// A page's place in a relation fork or SLRU segment, counted from 0 in pages of 8192 bytes.
public struct BlockNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let value: UInt32

  @inlinable
  public init(_ value: UInt32) { self.value = value }

  public var description: String { String(value) }

  @inlinable
  public static func < (left: BlockNumber, right: BlockNumber) -> Bool { left.value < right.value }
}
