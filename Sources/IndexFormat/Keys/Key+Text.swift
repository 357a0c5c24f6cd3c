extension Key {
  /// Reads the 36 digits at `offset`, which must lie within `bytes`; nil if one is no hex digit.
  @inline(__always)
  init?(hex bytes: RawSpan, at offset: Int) {
    guard let high = HexDigits.decode16(bytes, at: offset),
      let middle = HexDigits.decode16(bytes, at: offset &+ 16),
      let low = HexDigits.decode4(bytes, at: offset &+ 32)
    else { return nil }
    self.init(high: high, middle: middle, low: low)
  }

  /// Reads the text form from all of `bytes`.
  public init?(text bytes: RawSpan) {
    guard bytes.byteCount == Key.textLength else { return nil }
    self.init(hex: bytes, at: 0)
  }

  /// Appends the text form.
  public func append(to bytes: inout [UInt8]) {
    HexDigits.append(high, count: 16, uppercase: true, to: &bytes)
    HexDigits.append(middle, count: 16, uppercase: true, to: &bytes)
    HexDigits.append(UInt64(low), count: 4, uppercase: true, to: &bytes)
  }

  /// Reads the binary form: exactly 18 bytes.
  public init?(bytes: RawSpan) {
    guard bytes.byteCount == Key.byteCount else { return nil }
    high = bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self).bigEndian
    middle = bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian
    low = bytes.unsafeLoadUnaligned(fromByteOffset: 16, as: UInt16.self).bigEndian
  }

  /// The binary form.
  public var bytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(Key.byteCount)
    for shift in stride(from: UInt64(56), through: 0, by: -8) {
      result.append(UInt8(truncatingIfNeeded: high >> shift))
    }
    for shift in stride(from: UInt64(56), through: 0, by: -8) {
      result.append(UInt8(truncatingIfNeeded: middle >> shift))
    }
    result.append(UInt8(truncatingIfNeeded: low >> 8))
    result.append(UInt8(truncatingIfNeeded: low))
    return result
  }
}

extension Key: LosslessStringConvertible {
  public init?(_ text: String) { self.init(text: text.utf8Span.span.bytes) }

  public var description: String {
    HexDigits.string(high, count: 16, uppercase: true) + HexDigits.string(middle, count: 16, uppercase: true)
      + HexDigits.string(UInt64(low), count: 4, uppercase: true)
  }
}
