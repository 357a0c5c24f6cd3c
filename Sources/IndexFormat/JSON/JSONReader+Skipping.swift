/// Passing over values that are not wanted, checking their grammar all the same.
extension JSONReader {
  /// Goes over one value of any kind, checking its grammar, and returns its bytes' range.
  mutating func skipValue(depth: Int = 0) throws(JSONFault) -> Range<Int> {
    skipWhitespace()
    guard depth < JSONReader.maxDepth else { throw fault("less nesting", kind: .limitExceeded) }
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
    guard byte(start) != UInt8(ascii: "0") || offset == start &+ 1 else {
      throw fault("no leading zero", at: start)
    }
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
    // It has no constant name; errors in it name what it is part of.
    subfield = ""
    guard unknownFieldCount < JSONReader.maxUnknownFieldCount else {
      throw fault("at most 100,000 unknown fields", kind: .limitExceeded, at: name.start)
    }
    unknownFieldCount &+= 1
    return UnknownField(name: text(name), json: bytes(try skipValue()))
  }
}
