/// Looking at bytes as text, without making a string of them: names are classified a million at a time.
extension RawSpan {
  /// The byte at `offset`, which must lie within the span.
  @inline(__always)
  func byte(_ offset: Int) -> UInt8 { unsafeLoad(fromByteOffset: offset, as: UInt8.self) }

  /// Whether `text` stands at `offset`; false if it would reach out of the span.
  @inline(__always)
  func has(_ text: StaticString, at offset: Int) -> Bool {
    let length = text.utf8CodeUnitCount
    guard offset >= 0, byteCount - offset >= length else { return false }
    for index in 0..<length where byte(offset &+ index) != text.utf8Start[index] { return false }
    return true
  }

  func starts(with text: StaticString) -> Bool { has(text, at: 0) }

  func ends(with text: StaticString) -> Bool { has(text, at: byteCount - text.utf8CodeUnitCount) }

  func equals(_ text: StaticString) -> Bool { byteCount == text.utf8CodeUnitCount && has(text, at: 0) }

  /// Where `wanted` first stands at `start` or behind it. Looks at eight bytes at a time.
  @inline(__always)
  func firstOffset(of wanted: UInt8, from start: Int = 0) -> Int? {
    let pattern = UInt64(wanted) &* 0x0101_0101_0101_0101
    var offset = start
    while byteCount &- offset >= 8 {
      let difference = unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian ^ pattern
      // The lowest bit set tells the first byte without a difference; those above it may lie.
      let equal = (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
      if equal != 0 { return offset &+ equal.trailingZeroBitCount / 8 }
      offset &+= 8
    }
    while offset < byteCount {
      if byte(offset) == wanted { return offset }
      offset &+= 1
    }
    return nil
  }

  /// Whether one of the bytes is a lower-case letter (or one of `` ` { | } ~``). Looks at eight bytes at a
  /// time.
  @inline(__always)
  func hasLowerCase(upTo end: Int) -> Bool {
    // Bits 5 and 6 are both set only in the last quarter of ASCII, which is the lower-case one.
    var offset = 0
    while offset &+ 8 <= end {
      let word = unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
      if word & (word &<< 1) & 0x4040_4040_4040_4040 != 0 { return true }
      offset &+= 8
    }
    while offset < end {
      if byte(offset) & 0x60 == 0x60 { return true }
      offset &+= 1
    }
    return false
  }

  /// Whether one of the bytes is an upper-case letter (or one of `@ [ \ ] ^ _`). Looks at eight bytes at a
  /// time.
  @inline(__always)
  func hasUpperCase(upTo end: Int) -> Bool {
    // Bit 6 without bit 5 is the third quarter of ASCII, which is the upper-case one.
    var offset = 0
    while offset &+ 8 <= end {
      let word = unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
      if word & ~(word &<< 1) & 0x4040_4040_4040_4040 != 0 { return true }
      offset &+= 8
    }
    while offset < end {
      if byte(offset) & 0x60 == 0x40 { return true }
      offset &+= 1
    }
    return false
  }

  /// What stands behind the last slash.
  @inline(__always)
  var fileName: RawSpan {
    @_lifetime(copy self) get {
      var start = byteCount
      while start > 0, byte(start &- 1) != UInt8(ascii: "/") { start &-= 1 }
      return extracting(start..<byteCount)
    }
  }
}
