/// Reads JSON once, from front to back, straight into the values that are wanted: no tree, no copies.
///
/// The caller says what it expects next; the reader checks the grammar on the way, also of values that are
/// passed over, so that what is kept as raw JSON is known to be valid. Strings are tokens (ranges of the
/// input) until somebody wants their characters. Strict as serde_json is: UTF-8, no comments, no trailing
/// commas, no control characters in strings, no leading zeros.
struct JSONReader: ~Escapable {
  let bytes: RawSpan
  var offset = 0
  /// Where in the document we are, for errors: outer field, element of it, fields between, inner field.
  var field: StaticString = ""
  var element = -1
  var middle: StaticString = ""
  var subfield: StaticString = ""

  /// How many unknown fields have been kept.
  var unknownFieldCount = 0

  /// Nesting that is read at the most; serde_json has the same limit for values that it keeps.
  static let maxDepth = 128
  /// Unknown fields that are kept of a document at the most: each costs about 100 bytes, and `"":0,` is five.
  static let maxUnknownFieldCount = 100_000

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { self.bytes = bytes }

  // MARK: Bytes

  /// The byte at the cursor; 0, which is no JSON, at the end.
  @inline(__always)
  var current: UInt8 { offset < bytes.byteCount ? byte(offset) : 0 }

  @inline(__always)
  func byte(_ index: Int) -> UInt8 { bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) }

  @inline(__always)
  mutating func skipWhitespace() {
    while offset < bytes.byteCount {
      switch byte(offset) {
      case 0x20, 0x09, 0x0a, 0x0d: offset &+= 1
      default: return
      }
    }
  }

  /// Goes over `expected`, with white space before it.
  @inline(__always)
  mutating func take(_ expected: Unicode.Scalar, _ what: StaticString) throws(JSONFault) {
    skipWhitespace()
    guard current == UInt8(ascii: expected) else { throw fault(what) }
    offset &+= 1
  }

  /// Goes over `expected`, with white space before it, if it is there.
  @inline(__always)
  mutating func takeIfPresent(_ expected: Unicode.Scalar) -> Bool {
    skipWhitespace()
    guard current == UInt8(ascii: expected) else { return false }
    offset &+= 1
    return true
  }

  func fault(_ expected: StaticString, kind: FormatError.Kind = .syntax, at position: Int? = nil) -> JSONFault
  {
    let position = min(position ?? offset, bytes.byteCount)
    let isTruncated = (kind == .syntax || kind == .badValue) && isCutOff(at: position)
    return JSONFault(kind: isTruncated ? .truncated : kind, offset: position, expected: expected)
  }

  /// Whether the input ends at `position`, or in the middle of a word or character that begins there.
  private func isCutOff(at position: Int) -> Bool {
    let rest = bytes.byteCount &- position
    if rest == 0 { return true }
    switch byte(position) {
    case UInt8(ascii: "t"): return rest < 4 && matches("true", at: position, count: rest)
    case UInt8(ascii: "f"): return rest < 5 && matches("false", at: position, count: rest)
    case UInt8(ascii: "n"): return rest < 4 && matches("null", at: position, count: rest)
    case UInt8(ascii: "-"), 0xc2...0xdf: return rest < 2
    case 0xe0...0xef: return rest < 3
    case 0xf0...0xf4: return rest < 4
    default: return false
    }
  }

  // MARK: Structure

  /// Reads an object: `body` is called with each name and must read its value.
  mutating func object(
    _ body: (inout JSONReader, JSONToken) throws(JSONFault) -> Void
  ) throws(JSONFault) {
    try take("{", "an object")
    if takeIfPresent("}") { return }
    repeat {
      skipWhitespace()
      let name = try string("a field name")
      try take(":", "':'")
      try body(&self, name)
      subfield = ""
    } while takeIfPresent(",")
    try take("}", "',' or '}'")
  }

  /// Reads an array: `body` must read one element.
  mutating func array(_ body: (inout JSONReader) throws(JSONFault) -> Void) throws(JSONFault) {
    try take("[", "an array")
    if takeIfPresent("]") { return }
    repeat { try body(&self) } while takeIfPresent(",")
    try take("]", "',' or ']'")
  }

  /// Checks that nothing but white space follows.
  mutating func end() throws(JSONFault) {
    skipWhitespace()
    guard offset == bytes.byteCount else { throw fault("the end of the document", kind: .trailingBytes) }
  }

  // MARK: Values

  mutating func string(_ what: StaticString = "a string") throws(JSONFault) -> JSONToken {
    try take("\"", what)
    let start = offset
    var hasEscapes = false
    while offset < bytes.byteCount {
      skipPlainCharacters()
      guard offset < bytes.byteCount else { break }
      let byte = byte(offset)
      switch byte {
      case UInt8(ascii: "\""):
        offset &+= 1
        return JSONToken(start: start, end: offset &- 1, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        try escape()
      case 0..<0x20: throw fault("no control character in a string")
      case 0x20..<0x80: offset &+= 1
      default: try multibyteCharacter()
      }
    }
    throw fault("the end of the string")
  }

  /// Goes over characters that are neither a quote, a backslash, a control character nor beyond ASCII, eight at a time.
  @inline(__always)
  private mutating func skipPlainCharacters() {
    while bytes.byteCount &- offset >= 8 {
      let word = bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
      let ones = 0x0101_0101_0101_0101 as UInt64
      let quotes = word ^ (ones &* 0x22)
      let backslashes = word ^ (ones &* 0x5c)
      // A byte that is 0, or below 0x20, borrows from its top bit. Behind such a byte a bit may be set too many, never
      // one too few, and the first one set is exact.
      let special = (quotes &- ones) | (backslashes &- ones) | (word &- (ones &* 0x20)) | word
      let stops = special & 0x8080_8080_8080_8080
      offset &+= stops == 0 ? 8 : stops.trailingZeroBitCount / 8
      if stops != 0 { return }
    }
  }

  private mutating func escape() throws(JSONFault) {
    offset &+= 1
    switch current {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      offset &+= 1
    case UInt8(ascii: "u"):
      let unit = try codeUnit()
      if unit & 0xfc00 == 0xd800 {
        try secondHalf()
      } else if unit & 0xfc00 == 0xdc00 {
        throw fault("no lone surrogate", at: offset &- 6)
      }
    default: throw fault("an escape character")
    }
  }

  /// Goes over the escape of the second half of a surrogate pair.
  private mutating func secondHalf() throws(JSONFault) {
    let start = offset
    guard current == UInt8(ascii: "\\") else { throw fault("the second half of a surrogate pair") }
    offset &+= 1
    guard current == UInt8(ascii: "u") else { throw fault("the second half of a surrogate pair") }
    guard try codeUnit() & 0xfc00 == 0xdc00 else {
      throw fault("the second half of a surrogate pair", at: start)
    }
  }

  /// Reads `uXXXX` at the cursor.
  private mutating func codeUnit() throws(JSONFault) -> UInt16 {
    guard offset &+ 5 <= bytes.byteCount else { throw fault("four hex digits", kind: .truncated) }
    guard let unit = HexDigits.decode4(bytes, at: offset &+ 1) else { throw fault("four hex digits") }
    offset &+= 5
    return unit
  }

  /// Goes over one character of two to four bytes, refusing overlong forms, surrogates and values above
  /// U+10FFFF.
  private mutating func multibyteCharacter() throws(JSONFault) {
    let first = byte(offset)
    let (length, secondRange): (Int, ClosedRange<UInt8>) =
      switch first {
      case 0xc2...0xdf: (2, 0x80...0xbf)
      case 0xe0: (3, 0xa0...0xbf)
      case 0xed: (3, 0x80...0x9f)
      case 0xe1...0xef: (3, 0x80...0xbf)
      case 0xf0: (4, 0x90...0xbf)
      case 0xf1...0xf3: (4, 0x80...0xbf)
      case 0xf4: (4, 0x80...0x8f)
      default: throw fault("UTF-8")
      }
    guard offset &+ length <= bytes.byteCount, secondRange.contains(byte(offset &+ 1)) else {
      throw fault("UTF-8")
    }
    for index in 2..<max(2, length) where byte(offset &+ index) & 0xc0 != 0x80 { throw fault("UTF-8") }
    offset &+= length
  }

  /// Reads an integer from 0 to `maximum`.
  mutating func unsigned(_ maximum: UInt64 = .max, _ what: StaticString) throws(JSONFault) -> UInt64 {
    skipWhitespace()
    let start = offset
    var value: UInt64 = 0
    while offset < bytes.byteCount, byte(offset) &- 0x30 < 10 {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = product.addingReportingOverflow(UInt64(byte(offset) &- 0x30))
      guard !overflow, !sumOverflow else { throw fault(what, kind: .badValue, at: start) }
      value = sum
      offset &+= 1
    }
    let length = offset &- start
    guard length > 0 else { throw fault(what, kind: current == 0 ? .syntax : .badValue, at: start) }
    guard length == 1 || byte(start) != UInt8(ascii: "0") else { throw fault("no leading zero", at: start) }
    switch current {
    case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
      throw fault(what, kind: .badValue, at: start)
    default: break
    }
    guard value <= maximum else { throw fault(what, kind: .badValue, at: start) }
    return value
  }

  /// Reads an integer of 64 bits with a sign.
  ///
  /// Not `-0`, which is a floating-point number to Neon's reader, nor white space behind the sign.
  mutating func signed(_ what: StaticString) throws(JSONFault) -> Int64 {
    skipWhitespace()
    let start = offset
    if takeIfPresent("-") {
      guard offset >= bytes.byteCount || 0x31...0x39 ~= current else {
        throw fault(what, kind: .badValue, at: start)
      }
      let magnitude = try unsigned(UInt64(Int64.max) + 1, what)
      return magnitude == UInt64(Int64.max) + 1 ? .min : -Int64(magnitude)
    }
    let value = try unsigned(.max, what)
    guard let value = Int64(exactly: value) else { throw fault(what, kind: .badValue, at: start) }
    return value
  }

  /// Reads an array of numbers from 0 to 255, of exactly `count` elements.
  ///
  /// A loop of its own because such arrays are most of a small index of 2024.
  mutating func byteArray(count: Int, _ what: StaticString) throws(JSONFault) -> [UInt8] {
    try take("[", what)
    var result: [UInt8] = []
    result.reserveCapacity(count)
    repeat {
      // The padding of an array written by Neon: four zeros at a time.
      while count &- result.count > 4, bytes.byteCount &- offset >= 8,
        bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
          == 0x2c30_2c30_2c30_2c30
      {
        result.append(contentsOf: repeatElement(0, count: 4))
        offset &+= 8
      }
      guard result.count < count else { throw fault(what, kind: .limitExceeded) }
      result.append(UInt8(truncatingIfNeeded: try unsigned(255, what)))
    } while takeIfPresent(",")
    try take("]", "',' or ']'")
    guard result.count == count else { throw fault(what, kind: .badValue, at: offset &- 1) }
    return result
  }

  mutating func bool(_ what: StaticString) throws(JSONFault) -> Bool {
    skipWhitespace()
    if takeLiteral("true") { return true }
    if takeLiteral("false") { return false }
    throw fault(what, kind: .badValue)
  }

  /// Goes over `null` if it is there.
  mutating func null() -> Bool {
    skipWhitespace()
    return takeLiteral("null")
  }

  mutating func takeLiteral(_ literal: StaticString) -> Bool {
    let length = literal.utf8CodeUnitCount
    guard offset &+ length <= bytes.byteCount, matches(literal, at: offset, count: length) else {
      return false
    }
    offset &+= length
    return true
  }

  /// Whether the first `count` bytes of `text` stand at `position`, which must leave room for them.
  func matches(_ text: StaticString, at position: Int, count: Int) -> Bool {
    bytes.extracting(position..<position &+ count).withUnsafeBytes { memoryEqual($0, text.utf8Start, count) }
  }
}

/// Whether `count` bytes are equal, eight at a time.
private func memoryEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafePointer<UInt8>, _ count: Int) -> Bool
{
  let right = UnsafeRawPointer(right)
  guard count >= 8 else {
    for index in 0..<count where left[index] != right.load(fromByteOffset: index, as: UInt8.self) {
      return false
    }
    return true
  }
  func differ(at offset: Int) -> Bool {
    left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      != right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }
  for offset in stride(from: 0, to: count &- 8, by: 8) where differ(at: offset) { return false }
  return !differ(at: count &- 8)
}

/// A string of the input: the range between its quotes.
struct JSONToken {
  var start: Int
  var end: Int
  var hasEscapes: Bool
}

/// A mistake seen while reading: small, so that throwing it costs nothing where it is not thrown. Becomes a
/// `FormatError`, which says where and what was found, at the border of the module.
struct JSONFault: Error {
  var kind: FormatError.Kind
  var offset: Int
  var expected: StaticString
}
