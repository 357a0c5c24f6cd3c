/// A segment's place in the WAL, counted from 0. What it means in bytes depends on the segment size.
public struct WALSegmentNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let value: UInt64

  public init(_ value: UInt64) { self.value = value }

  public var description: String { String(value) }

  public static func < (left: WALSegmentNumber, right: WALSegmentNumber) -> Bool { left.value < right.value }
}
