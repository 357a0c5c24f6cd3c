/// Hexadecimal digits to integers and back, eight digits at a time, without tables or branches per digit.
///
/// Names of layers are nine tenths of an `index_part.json`, and nine tenths of a name are hex digits; this is
/// the inner loop of reading both.
@usableFromInline
enum HexDigits {
  /// The value of eight ASCII hex digits of either case. Sets bits of `invalid` if one of them is none; then the value
  /// means nothing. Long names are decoded whole and tested once.
  ///
  /// - Parameter word: the digits as loaded from memory in little-endian order: the first digit is the lowest byte.
  @inlinable
  @inline(__always)
  static func decode8(_ word: UInt64, invalid: inout UInt64) -> UInt32 {
    let lowered = word | 0x2020_2020_2020_2020
    // With the top bits clear, adding (0x80 - c) to a byte sets its top bit exactly if the byte is at least c.
    let digit = (word &+ 0x5050_5050_5050_5050) & ~(word &+ 0x4646_4646_4646_4646)
    let letter = (lowered &+ 0x1f1f_1f1f_1f1f_1f1f) & ~(lowered &+ 0x1919_1919_1919_1919)
    invalid |= (~(digit | letter) | word) & 0x8080_8080_8080_8080
    var nibbles = (word & 0x0f0f_0f0f_0f0f_0f0f) &+ 9 &* ((word &>> 6) & 0x0101_0101_0101_0101)
    nibbles = ((nibbles &<< 4) | (nibbles &>> 8)) & 0x00ff_00ff_00ff_00ff
    nibbles = (nibbles | nibbles &>> 8) & 0x0000_ffff_0000_ffff
    return UInt32(truncatingIfNeeded: nibbles | nibbles &>> 16).byteSwapped
  }

  /// The value of eight ASCII hex digits of either case, or nil if one of them is none.
  @inlinable
  @inline(__always)
  static func decode8(_ word: UInt64) -> UInt32? {
    var invalid: UInt64 = 0
    let value = decode8(word, invalid: &invalid)
    return invalid == 0 ? value : nil
  }

  /// The value of the sixteen digits at `offset`, without a check that they lie within `bytes`: the caller has made it.
  @inlinable
  @inline(__always)
  static func decode16(unchecked bytes: RawSpan, at offset: Int, invalid: inout UInt64) -> UInt64 {
    let first = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self).littleEndian
    let second = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset &+ 8, as: UInt64.self).littleEndian
    let high = decode8(first, invalid: &invalid)
    return UInt64(high) &<< 32 | UInt64(decode8(second, invalid: &invalid))
  }

  /// The value of the eight digits at `offset`, which must lie within `bytes`.
  @inlinable
  @inline(__always)
  static func decode8(_ bytes: RawSpan, at offset: Int) -> UInt32? {
    decode8(bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian)
  }

  /// The value of the sixteen digits at `offset`, which must lie within `bytes`.
  @inlinable
  @inline(__always)
  static func decode16(_ bytes: RawSpan, at offset: Int) -> UInt64? {
    guard let high = decode8(bytes, at: offset), let low = decode8(bytes, at: offset &+ 8) else { return nil }
    return UInt64(high) &<< 32 | UInt64(low)
  }

  /// The value of the four digits at `offset`, which must lie within `bytes`.
  @inlinable
  @inline(__always)
  static func decode4(_ bytes: RawSpan, at offset: Int) -> UInt16? {
    let word = bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian
    guard let value = decode8(UInt64(word) &<< 32 | 0x3030_3030) else { return nil }
    return UInt16(truncatingIfNeeded: value)
  }

  /// The value of all of `bytes` read as a number of 1 or more hex digits; nil if it does not fit 64 bits.
  ///
  /// Leading zeros do not count, as in the number parser of the original.
  static func decodeNumber(_ bytes: RawSpan) -> UInt64? {
    guard bytes.byteCount > 0 else { return nil }
    var value: UInt64 = 0
    for index in 0..<bytes.byteCount {
      guard let digit = digitValue(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)),
        value >> 60 == 0
      else { return nil }
      value = value << 4 | UInt64(digit)
    }
    return value
  }

  static func digitValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }

  /// Appends `value` as exactly `count` digits.
  static func append(_ value: UInt64, count: Int, uppercase: Bool, to bytes: inout [UInt8]) {
    let letter: UInt8 = uppercase ? 0x37 : 0x57
    for index in stride(from: count - 1, through: 0, by: -1) {
      let digit = UInt8(truncatingIfNeeded: value >> (4 * UInt64(index))) & 0xf
      bytes.append(digit < 10 ? digit + 0x30 : digit + letter)
    }
  }

  static func string(_ value: UInt64, count: Int, uppercase: Bool) -> String {
    String(unsafeUninitializedCapacity: count) { buffer in
      let letter: UInt8 = uppercase ? 0x37 : 0x57
      for index in 0..<count {
        let digit = UInt8(truncatingIfNeeded: value >> (4 * UInt64(count - 1 - index))) & 0xf
        buffer[index] = digit < 10 ? digit + 0x30 : digit + letter
      }
      return count
    }
  }
}
