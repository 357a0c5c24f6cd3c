/// Decimal numbers in names.
enum DecimalDigits {
  /// The value of all of `bytes` read as one or more digits, nothing else; nil if it does not fit 64 bits.
  static func decode(_ bytes: RawSpan) -> UInt64? {
    guard bytes.byteCount > 0 else { return nil }
    var value: UInt64 = 0
    for offset in 0..<bytes.byteCount {
      let byte = bytes.byte(offset)
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(UInt64(byte &- 0x30))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    return value
  }

  /// As `decode`, but only what a program prints: no leading zeros.
  static func decodeCanonical(_ bytes: RawSpan) -> UInt64? {
    guard bytes.byteCount == 1 || bytes.byteCount > 1 && bytes.byte(0) != 0x30 else { return nil }
    return decode(bytes)
  }

  /// Appends `value` with zeros in front up to `width` digits.
  static func append(_ value: UInt64, width: Int, to bytes: inout [UInt8]) {
    var divisor: UInt64 = 1
    var digits = 1
    while digits < 20, digits < width || value / divisor >= 10 {
      divisor *= 10
      digits += 1
    }
    while divisor > 0 {
      bytes.append(0x30 + UInt8(truncatingIfNeeded: value / divisor % 10))
      divisor /= 10
    }
  }
}
