/// A key of the page server's key space: which page, size, directory or file of the cluster a value belongs
/// to.
///
/// | offset | hex digits | type | field | meaning for relation blocks |
/// |---|---|---|---|---|
/// | 0 | 0-1 | u8 | field1 | family |
/// | 1 | 2-9 | u32 BE | field2 | tablespace |
/// | 5 | 10-17 | u32 BE | field3 | database |
/// | 9 | 18-25 | u32 BE | field4 | relation file node |
/// | 13 | 26-27 | u8 | field5 | fork |
/// | 14 | 28-35 | u32 BE | field6 | block |
///
/// 18 bytes, compared like the bytes. Text: the same bytes as 36 hex digits, upper case when written, either
/// case when read. Source: `libs/pageserver_api/src/key.rs`.
public struct Key: Hashable, Sendable {
  /// Bytes 0 to 7.
  public let high: UInt64
  /// Bytes 8 to 15.
  public let middle: UInt64
  /// Bytes 16 and 17.
  public let low: UInt16

  public static let byteCount = 18
  /// Characters of the text form.
  public static let textLength = 36
  public static let min = Key(high: 0, middle: 0, low: 0)
  public static let max = Key(high: .max, middle: .max, low: .max)

  @inlinable
  public init(high: UInt64, middle: UInt64, low: UInt16) {
    self.high = high
    self.middle = middle
    self.low = low
  }

  public init(
    _ field1: UInt8,
    _ field2: UInt32,
    _ field3: UInt32,
    _ field4: UInt32,
    _ field5: UInt8,
    _ field6: UInt32
  ) {
    high = UInt64(field1) << 56 | UInt64(field2) << 24 | UInt64(field3) >> 8
    middle =
      UInt64(field3 & 0xff) << 56 | UInt64(field4) << 24 | UInt64(field5) << 16 | UInt64(field6) >> 16
    low = UInt16(truncatingIfNeeded: field6)
  }

  @inlinable public var field1: UInt8 { UInt8(truncatingIfNeeded: high >> 56) }
  @inlinable public var field2: UInt32 { UInt32(truncatingIfNeeded: high >> 24) }
  @inlinable public var field3: UInt32 { UInt32(truncatingIfNeeded: high << 8 | middle >> 56) }
  @inlinable public var field4: UInt32 { UInt32(truncatingIfNeeded: middle >> 24) }
  @inlinable public var field5: UInt8 { UInt8(truncatingIfNeeded: middle >> 16) }
  @inlinable public var field6: UInt32 { UInt32(truncatingIfNeeded: middle << 16) | UInt32(low) }

  /// The key behind this one in the 144-bit order, or nil behind the last.
  public var successor: Key? { advanced(by: 1) }

  /// The key `distance` places on, with the carry running through all fields; nil past the last key.
  public func advanced(by distance: UInt32) -> Key? {
    let sum = UInt64(low) + UInt64(distance)
    let (newMiddle, carry) = middle.addingReportingOverflow(sum >> 16)
    let (newHigh, overflow) = high.addingReportingOverflow(carry ? 1 : 0)
    guard !overflow else { return nil }
    return Key(high: newHigh, middle: newMiddle, low: UInt16(truncatingIfNeeded: sum))
  }
}

extension Key: Comparable {
  @inlinable
  public static func < (left: Key, right: Key) -> Bool {
    if left.high != right.high { return left.high < right.high }
    if left.middle != right.middle { return left.middle < right.middle }
    return left.low < right.low
  }
}
