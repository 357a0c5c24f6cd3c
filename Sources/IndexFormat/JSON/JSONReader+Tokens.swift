/// From tokens, which are ranges of the input, to their characters.
extension JSONReader {
  /// Whether the token's characters are `text`.
  func equals(_ token: JSONToken, _ text: StaticString) -> Bool {
    let length = token.end &- token.start
    if token.hasEscapes {
      // An escape has at most six characters for one; what is longer need not be looked at.
      guard length <= 6 * text.utf8CodeUnitCount else { return false }
      return self.text(token).utf8.elementsEqual(String(describing: text).utf8)
    }
    return length == text.utf8CodeUnitCount && matches(text, at: token.start, count: length)
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
      result.append(
        contentsOf: UTF8.encode(Unicode.Scalar(scalar) ?? "\u{fffd}") ?? UTF8.encodedReplacementCharacter
      )
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
