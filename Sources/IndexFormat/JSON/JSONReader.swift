/// Reads JSON once, from front to back, straight into the values that are wanted: no tree, no copies.
///
/// The caller says what it expects next; the reader checks the grammar on the way, also of values that are passed
/// over, so that what is kept as raw JSON is known to be valid. Strings are tokens (ranges of the input) until somebody
/// wants their characters. Strict as serde_json is: UTF-8, no comments, no trailing commas, no control characters in
/// strings, no leading zeros.
struct JSONReader: ~Escapable {
  let bytes: RawSpan
  var offset = 0
  /// Where in the document we are, for errors: outer field, element of it, inner field.
  var field: StaticString = ""
  var element = -1
  var subfield: StaticString = ""

  /// Nesting that is read at the most; serde_json has the same limit.
  static let maxDepth = 128

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

  func fault(_ expected: StaticString, kind: FormatError.Kind = .syntax, at position: Int? = nil) -> JSONFault {
    let position = position ?? offset
    let isAtEnd = position >= bytes.byteCount && kind == .syntax
    return JSONFault(kind: isAtEnd ? .truncated : kind, offset: min(position, bytes.byteCount), expected: expected)
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

  private mutating func escape() throws(JSONFault) {
    offset &+= 1
    switch current {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      offset &+= 1
    case UInt8(ascii: "u"):
      let unit = try codeUnit()
      if unit & 0xfc00 == 0xd800 {
        guard current == UInt8(ascii: "\\"), offset &+ 1 < bytes.byteCount, byte(offset &+ 1) == UInt8(ascii: "u")
        else { throw fault("the second half of a surrogate pair") }
        offset &+= 1
        guard try codeUnit() & 0xfc00 == 0xdc00 else { throw fault("the second half of a surrogate pair") }
      } else if unit & 0xfc00 == 0xdc00 {
        throw fault("no lone surrogate")
      }
    default: throw fault("an escape character")
    }
  }

  /// Reads `uXXXX` at the cursor.
  private mutating func codeUnit() throws(JSONFault) -> UInt16 {
    guard offset &+ 5 <= bytes.byteCount else { throw fault("four hex digits", kind: .truncated) }
    guard let unit = HexDigits.decode4(bytes, at: offset &+ 1) else { throw fault("four hex digits") }
    offset &+= 5
    return unit
  }

  /// Goes over one character of two to four bytes, refusing overlong forms, surrogates and values above U+10FFFF.
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
    guard offset &+ length <= bytes.byteCount, secondRange.contains(byte(offset &+ 1)) else { throw fault("UTF-8") }
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
    case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): throw fault(what, kind: .badValue, at: start)
    default: break
    }
    guard value <= maximum else { throw fault(what, kind: .badValue, at: start) }
    return value
  }

  /// Reads an integer of 64 bits with a sign.
  mutating func signed(_ what: StaticString) throws(JSONFault) -> Int64 {
    let start = offset
    if takeIfPresent("-") {
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
        bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian == 0x2c30_2c30_2c30_2c30
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

  private mutating func takeLiteral(_ literal: StaticString) -> Bool {
    let length = literal.utf8CodeUnitCount
    guard offset &+ length <= bytes.byteCount, matches(literal, at: offset) else { return false }
    offset &+= length
    return true
  }

  /// Whether `text` stands at `position`, which must leave room for it.
  private func matches(_ text: StaticString, at position: Int) -> Bool {
    for index in 0..<text.utf8CodeUnitCount where text.utf8Start[index] != byte(position &+ index) { return false }
    return true
  }

  // MARK: Passing over

  /// Goes over one value of any kind, checking its grammar, and returns its bytes' range.
  mutating func skipValue(depth: Int = 0) throws(JSONFault) -> Range<Int> {
    guard depth < JSONReader.maxDepth else { throw fault("less nesting", kind: .limitExceeded) }
    skipWhitespace()
    let start = offset
    switch current {
    case UInt8(ascii: "{"):
      try object { reader, _ throws(JSONFault) in _ = try reader.skipValue(depth: depth + 1) }
    case UInt8(ascii: "["):
      try array { reader throws(JSONFault) in _ = try reader.skipValue(depth: depth + 1) }
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "-"), 0x30...0x39: try skipNumber()
    default:
      guard takeLiteral("true") || takeLiteral("false") || takeLiteral("null") else { throw fault("a value") }
    }
    return start..<offset
  }

  private mutating func skipNumber() throws(JSONFault) {
    if current == UInt8(ascii: "-") { offset &+= 1 }
    let start = offset
    try skipDigits()
    guard byte(start) != UInt8(ascii: "0") || offset == start &+ 1 else { throw fault("no leading zero", at: start) }
    if current == UInt8(ascii: ".") {
      offset &+= 1
      try skipDigits()
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      offset &+= 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { offset &+= 1 }
      try skipDigits()
    }
  }

  private mutating func skipDigits() throws(JSONFault) {
    let start = offset
    while offset < bytes.byteCount, byte(offset) &- 0x30 < 10 { offset &+= 1 }
    guard offset > start else { throw fault("a digit") }
  }

  /// Reads the value of a field that this reader does not know, to be kept as it is.
  mutating func unknownField(_ name: JSONToken) throws(JSONFault) -> UnknownField {
    UnknownField(name: text(name), json: bytes(try skipValue()))
  }

  // MARK: Tokens

  /// Whether the token's characters are `text`.
  func equals(_ token: JSONToken, _ text: StaticString) -> Bool {
    if token.hasEscapes { return self.text(token).utf8.elementsEqual(String(describing: text).utf8) }
    return token.end &- token.start == text.utf8CodeUnitCount && matches(text, at: token.start)
  }

  /// The token's characters.
  func text(_ token: JSONToken) -> String {
    String(decoding: token.hasEscapes ? unescaped(token) : bytes(token.start..<token.end), as: UTF8.self)
  }

  func bytes(_ range: Range<Int>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      for index in range { buffer.initializeElement(at: index &- range.lowerBound, to: byte(index)) }
      count = range.count
    }
  }

  /// The token's characters as bytes, for `body`: the input itself unless there are escapes.
  func withBytes<Result>(of token: JSONToken, _ body: (RawSpan) -> Result) -> Result {
    guard token.hasEscapes else { return body(bytes.extracting(token.start..<token.end)) }
    let copy = unescaped(token)
    return body(copy.span.bytes)
  }

  /// The characters of a token that `string` has checked.
  private func unescaped(_ token: JSONToken) -> [UInt8] {
    var result: [UInt8] = []
    var index = token.start
    while index < token.end {
      guard byte(index) == UInt8(ascii: "\\") else {
        result.append(byte(index))
        index &+= 1
        continue
      }
      let kind = byte(index &+ 1)
      index &+= 2
      guard kind == UInt8(ascii: "u") else {
        result.append(JSONReader.character(ofEscape: kind))
        continue
      }
      var scalar = UInt32(HexDigits.decode4(bytes, at: index) ?? 0xfffd)
      index &+= 4
      if scalar & 0xfc00 == 0xd800 {
        let low = UInt32(HexDigits.decode4(bytes, at: index &+ 2) ?? 0xdc00)
        scalar = 0x10000 &+ (scalar & 0x3ff) << 10 &+ (low & 0x3ff)
        index &+= 6
      }
      result.append(contentsOf: UTF8.encode(Unicode.Scalar(scalar) ?? "\u{fffd}") ?? UTF8.encodedReplacementCharacter)
    }
    return result
  }

  private static func character(ofEscape kind: UInt8) -> UInt8 {
    switch kind {
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0c
    case UInt8(ascii: "n"): 0x0a
    case UInt8(ascii: "r"): 0x0d
    case UInt8(ascii: "t"): 0x09
    default: kind
    }
  }
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
