/// A key squeezed into a signed 128-bit number, as page servers keep keys in memory and as sparse keys are
/// defined.
///
/// | bits | 127 | 120-126 | 104-119 | 72-103 | 40-71 | 32-39 | 0-31 |
/// |---|---|---|---|---|---|---|---|
/// | content | 0 | field1, low 7 bits | field2, low 16 bits | field3 | field4 | field5 | field6 |
///
/// Written out: 16 bytes, big-endian. The way back is lossless only for field1 ≤ 0x7F and field2 ≤ 0xFFFF.
/// Before 2024-04-26 field1 kept 4 bits. Source: `libs/pageserver_api/src/key.rs`.
public struct CompactKey: Hashable, Sendable {
  public let value: Int128

  public static let byteCount = 16

  public init(_ value: Int128) { self.value = value }

  /// Nil if page servers could not represent `key`: see `Key.isCompactRepresentable`.
  public init?(_ key: Key) {
    guard key.isCompactRepresentable else { return nil }
    let upper =
      UInt64(key.field1 & 0x7f) << 56 | UInt64(key.field2 & 0xffff) << 40 | UInt64(key.field3) << 8
      | UInt64(key.field4) >> 24
    let lower = UInt64(key.field4) << 40 | UInt64(key.field5) << 32 | UInt64(key.field6)
    value = Int128(truncatingIfNeeded: UInt128(upper) << 64 | UInt128(lower))
  }

  /// Reads the binary form: exactly 16 bytes.
  public init?(bytes: RawSpan) {
    guard bytes.byteCount == CompactKey.byteCount else { return nil }
    let upper = bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self).bigEndian
    let lower = bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian
    value = Int128(truncatingIfNeeded: UInt128(upper) << 64 | UInt128(lower))
  }

  private var upper: UInt64 { UInt64(truncatingIfNeeded: value >> 64) }
  private var lower: UInt64 { UInt64(truncatingIfNeeded: value) }

  /// The key with field2 widened by zeros.
  public var key: Key {
    Key(
      UInt8(truncatingIfNeeded: upper >> 56) & 0x7f,
      UInt32(truncatingIfNeeded: upper >> 40) & 0xffff,
      UInt32(truncatingIfNeeded: upper >> 8),
      UInt32(truncatingIfNeeded: upper << 24 | lower >> 40),
      UInt8(truncatingIfNeeded: lower >> 32),
      UInt32(truncatingIfNeeded: lower)
    )
  }

  /// Appends the binary form.
  public func append(to bytes: inout [UInt8]) {
    for shift in stride(from: 120, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> Int128(shift)))
    }
  }
}

extension CompactKey: Comparable {
  public static func < (left: CompactKey, right: CompactKey) -> Bool { left.value < right.value }
}

extension CompactKey: CustomStringConvertible {
  /// 32 lower-case hex digits.
  public var description: String {
    HexDigits.string(upper, count: 16, uppercase: false)
      + HexDigits.string(lower, count: 16, uppercase: false)
  }
}

extension Key {
  /// Whether page servers can hold the key: field2 of at most 16 bits, or one of two values that tests use.
  ///
  /// Exactly these keys are accepted on writing since 2024-09-10, so a tablespace up to 65535 can be stored
  /// and a larger one is refused. Before 2024-05-30 field2 had to be below 0xFFFF.
  public var isCompactRepresentable: Bool {
    field2 <= 0xffff || field2 == 0xffff_ffff || field2 == 0x2222_2222
  }

  /// Whether the compact form gives back the same key.
  public var isCompactLossless: Bool { field1 <= 0x7f && field2 <= 0xffff }
}
