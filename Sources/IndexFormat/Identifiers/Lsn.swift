/// A log sequence number: a byte position in the WAL. 0 means invalid or not set.
///
/// | form | where | written | read |
/// |---|---|---|---|
/// | `H/L` | JSON, logs | upper-case hex of the high and low 32 bits, no padding | one `/`; 1 or more digits of either case a half; surrounding spaces |
/// | 16 digits | layer and partial-segment names | `%016X` upper case | see `LayerName` |
/// | integer | binary structures | 8 bytes | |
///
/// Source: `libs/utils/src/lsn.rs`.
public struct Lsn: Hashable, Comparable, Sendable {
  public let value: UInt64

  public static let invalid = Lsn(0)

  @inlinable
  public init(_ value: UInt64) { self.value = value }

  /// WAL records begin at multiples of 8.
  public var isAligned: Bool { value % 8 == 0 }

  /// The byte behind this one; the last LSN stays where it is.
  @inlinable
  public var successor: Lsn { Lsn(value == .max ? value : value &+ 1) }

  /// Reads the `H/L` form.
  public init?(text bytes: RawSpan) {
    var low = 0
    var high = bytes.byteCount
    func byte(_ index: Int) -> UInt8 { bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) }
    while low < high, byte(low) == 0x20 { low += 1 }
    while high > low, byte(high - 1) == 0x20 { high -= 1 }
    guard let slash = (low..<high).first(where: { byte($0) == UInt8(ascii: "/") }),
      let upper = HexDigits.decodeNumber(bytes.extracting(low..<slash)), upper <= UInt32.max,
      let lower = HexDigits.decodeNumber(bytes.extracting(slash + 1..<high)), lower <= UInt32.max
    else { return nil }
    self.init(upper << 32 | lower)
  }

  /// The 16-digit form of file names.
  public var fileNameForm: String { HexDigits.string(value, count: 16, uppercase: true) }

  @inlinable
  public static func < (left: Lsn, right: Lsn) -> Bool { left.value < right.value }
}

extension Lsn: LosslessStringConvertible {
  public init?(_ text: String) { self.init(text: text.utf8Span.span.bytes) }

  public var description: String {
    String(value >> 32, radix: 16, uppercase: true) + "/"
      + String(value & 0xffff_ffff, radix: 16, uppercase: true)
  }
}
