import IndexFormat

extension TOMLReader {
  /// A basic string (`"`, with escapes) or a literal one (`'`, as it is), on one line.
  mutating func string() throws(FormatError) -> String {
    let quote = bytes[offset]
    if bytes[offset...].starts(with: [quote, quote, quote]) {
      throw mistake(.syntax, found: "a multi-line string", expected: "a string on one line")
    }
    offset += 1
    var content: [UInt8] = []
    while let byte = peek() {
      if byte == quote {
        offset += 1
        return String(decoding: content, as: UTF8.self)
      }
      guard byte >= 0x20 && byte != 0x7f || byte == 0x09 else {
        throw mistake(.syntax, expected: "the end of the string, or an escape")
      }
      offset += 1
      if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
        try escape(into: &content)
      } else {
        content.append(byte)
      }
    }
    throw mistake(.truncated, expected: "the end of the string")
  }

  /// What stands behind a backslash.
  private mutating func escape(into content: inout [UInt8]) throws(FormatError) {
    let letter = peek()
    switch letter {
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "n"): content.append(0x0a)
    case UInt8(ascii: "f"): content.append(0x0c)
    case UInt8(ascii: "r"): content.append(0x0d)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): content.append(bytes[offset])
    case UInt8(ascii: "u"), UInt8(ascii: "U"):
      let count = letter == UInt8(ascii: "u") ? 4 : 8
      content += try scalar(digits: bytes[(offset + 1)...].prefix(count), count: count)
      offset += count
    default: throw mistake(.syntax, expected: "one of b t n f r u U \" \\ behind the backslash")
    }
    offset += 1
  }

  private func scalar(digits: ArraySlice<UInt8>, count: Int) throws(FormatError) -> [UInt8] {
    let text = String(decoding: digits, as: UTF8.self)
    guard digits.count == count, text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
      let value = UInt32(text, radix: 16), let scalar = Unicode.Scalar(value)
    else { throw mistake(.badValue, found: "\"\\\(text)\"", expected: "\(count) hex digits of a character") }
    return Array(String(scalar).utf8)
  }
}
