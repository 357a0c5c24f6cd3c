/// What tenant and timeline identifiers have in common: 16 bytes, written as 32 hex digits.
///
/// | form | bytes | content |
/// |---|---|---|
/// | text | 32 | hex digits, lower case when written, either case when read; digit pair i is byte i |
/// | binary | 16 | the bytes |
///
/// Source: `libs/utils/src/id.rs`.
public protocol HexIdentifier: Hashable, Comparable, Sendable, LosslessStringConvertible {
  /// Bytes 0 to 7, big-endian.
  var high: UInt64 { get }
  /// Bytes 8 to 15, big-endian.
  var low: UInt64 { get }
  init(high: UInt64, low: UInt64)
}

extension HexIdentifier {
  /// Characters of the text form.
  public static var textLength: Int { 32 }

  /// Reads the text form from exactly 32 bytes; nil if there are more, fewer or other characters than hex
  /// digits.
  public init?(hex bytes: RawSpan) {
    guard bytes.byteCount == Self.textLength, let high = HexDigits.decode16(bytes, at: 0),
      let low = HexDigits.decode16(bytes, at: 16)
    else { return nil }
    self.init(high: high, low: low)
  }

  public init?(_ text: String) {
    self.init(hex: text.utf8Span.span.bytes)
  }

  public var description: String {
    HexDigits.string(high, count: 16, uppercase: false) + HexDigits.string(low, count: 16, uppercase: false)
  }

  /// Appends the text form.
  public func append(to bytes: inout [UInt8]) {
    HexDigits.append(high, count: 16, uppercase: false, to: &bytes)
    HexDigits.append(low, count: 16, uppercase: false, to: &bytes)
  }

  public static func < (left: Self, right: Self) -> Bool {
    left.high == right.high ? left.low < right.low : left.high < right.high
  }
}
