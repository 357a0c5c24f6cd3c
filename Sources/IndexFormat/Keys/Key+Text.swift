extension Key {
  /// Reads the 36 digits at `offset`, without a check that they lie within `bytes`: the caller has made it. Sets
  /// bits of `invalid` if one is no hex digit.
  @inline(__always)
  init(unchecked bytes: RawSpan, at offset: Int, invalid: inout UInt64) {
    // The last four digits are read as the lower half of the last eight.
    let tail = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset &+ 28, as: UInt64.self).littleEndian
    self.init(
      high: HexDigits.decode16(unchecked: bytes, at: offset, invalid: &invalid),
      middle: HexDigits.decode16(unchecked: bytes, at: offset &+ 16, invalid: &invalid),
      low: UInt16(truncatingIfNeeded: HexDigits.decode8(tail, invalid: &invalid))
    )
  }

  /// Reads the 36 digits at `offset`, which must lie within `bytes`; nil if one is no hex digit.
  @inline(__always)
  init?(hex bytes: RawSpan, at offset: Int) {
    precondition(offset >= 0 && bytes.byteCount &- offset >= Key.textLength)
    var invalid: UInt64 = 0
    self.init(unchecked: bytes, at: offset, invalid: &invalid)
    guard invalid == 0 else { return nil }
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
