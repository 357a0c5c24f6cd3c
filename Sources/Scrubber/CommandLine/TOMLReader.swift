import IndexFormat

/// Reads the part of TOML 1.0 that `REMOTE_STORAGE_CONFIG` needs, strictly, with the place of the first
/// mistake.
///
/// | read | not read: an error |
/// |---|---|
/// | `key = value`, bare and quoted keys | dotted keys |
/// | `"basic"` and `'literal'` strings | multi-line strings |
/// | decimal integers with `_` and sign, `true`, `false` | floats, dates, other bases |
/// | `{ key = value, … }` on one line, nested | arrays |
/// | one `[table]` header | a second header, `[[…]]` |
/// | `# comment` | |
struct TOMLReader {
  static let maximumLength = 65_536
  static let maximumDepth = 8

  let bytes: [UInt8]
  var offset = 0
  private var line = 1

  static func read(_ text: String) throws(FormatError) -> [String: TOMLValue] {
    let bytes = Array(text.utf8)
    guard bytes.count <= maximumLength else {
      throw FormatError(
        .limitExceeded,
        offset: maximumLength,
        found: "\(bytes.count) bytes",
        expected: "at most \(maximumLength)"
      )
    }
    var reader = TOMLReader(bytes: bytes)
    return try reader.document()
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  // MARK: Structure

  private mutating func document() throws(FormatError) -> [String: TOMLValue] {
    var top: [String: TOMLValue] = [:]
    var header: (name: String, members: [String: TOMLValue])?
    try skipToContent()
    while let byte = peek() {
      if byte == UInt8(ascii: "[") {
        guard header == nil else { throw mistake(.syntax, expected: "no second table header") }
        header = (try tableHeader(), [:])
      } else if var open = header {
        try member(into: &open.members, depth: 0)
        header = open
      } else {
        try member(into: &top, depth: 0)
      }
      try endOfLine()
      try skipToContent()
    }
    guard let header else { return top }
    guard top.updateValue(.table(header.members), forKey: header.name) == nil else {
      throw mistake(.duplicateField, found: "a second \"\(header.name)\"", expected: "each key once")
    }
    return top
  }

  private mutating func tableHeader() throws(FormatError) -> String {
    try expect("[")
    skipBlanks()
    let name = try key()
    skipBlanks()
    try expect("]")
    return name
  }

  private mutating func member(into table: inout [String: TOMLValue], depth: Int) throws(FormatError) {
    let start = offset
    let name = try key()
    skipBlanks()
    try expect("=")
    skipBlanks()
    let value = try value(depth: depth)
    guard table.updateValue(value, forKey: name) == nil else {
      offset = start
      throw mistake(.duplicateField, found: "a second \"\(name)\"", expected: "each key once")
    }
  }

  private mutating func key() throws(FormatError) -> String {
    if let quote = peek(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") { return try string() }
    let start = offset
    while let byte = peek(), Self.isBareKey(byte) { offset += 1 }
    guard offset > start else { throw mistake(.syntax, expected: "a key") }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  private mutating func value(depth: Int) throws(FormatError) -> TOMLValue {
    guard depth < Self.maximumDepth else {
      throw mistake(.limitExceeded, expected: "at most \(Self.maximumDepth) tables in each other")
    }
    switch peek() {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try string())
    case UInt8(ascii: "{"): return .table(try inlineTable(depth: depth + 1))
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean(try boolean())
    default: return .integer(try integer())
    }
  }

  private mutating func inlineTable(depth: Int) throws(FormatError) -> [String: TOMLValue] {
    var table: [String: TOMLValue] = [:]
    try expect("{")
    skipBlanks()
    if skip("}") { return table }
    while true {
      try member(into: &table, depth: depth)
      skipBlanks()
      if skip("}") { return table }
      guard skip(",") else { throw mistake(.syntax, expected: "\",\" or \"}\"") }
      skipBlanks()
    }
  }

  // MARK: Values

  private mutating func boolean() throws(FormatError) -> Bool {
    for (word, value) in [("true", true), ("false", false)] where bytes[offset...].starts(with: word.utf8) {
      offset += word.utf8.count
      return value
    }
    throw mistake(.syntax, expected: "a value")
  }

  /// `[+-]digits`, single `_` between digits, no zero in front.
  private mutating func integer() throws(FormatError) -> Int64 {
    let start = offset
    while let byte = peek(), Self.isBareKey(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".") {
      offset += 1
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    let unsigned = text.first == "+" || text.first == "-" ? text.dropFirst() : text[...]
    let groups = unsigned.split(separator: "_", omittingEmptySubsequences: false)
    guard groups.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      unsigned == "0" || unsigned.first != "0", let value = Int64(text.filter { $0 != "_" })
    else {
      offset = start
      throw mistake(.syntax, expected: "a string, an integer, true, false or {")
    }
    return value
  }

  // MARK: Blanks

  private mutating func skipBlanks() {
    while let byte = peek(), byte == 0x20 || byte == 0x09 { offset += 1 }
  }

  /// Blanks, comments and line ends.
  private mutating func skipToContent() throws(FormatError) {
    while true {
      skipBlanks()
      try skipComment()
      guard try newline() else { return }
    }
  }

  private mutating func skipComment() throws(FormatError) {
    guard peek() == UInt8(ascii: "#") else { return }
    while let byte = peek(), byte != 0x0a, byte != 0x0d {
      guard byte >= 0x20 && byte != 0x7f || byte == 0x09 else {
        throw mistake(.syntax, expected: "no control characters in a comment")
      }
      offset += 1
    }
  }

  private mutating func endOfLine() throws(FormatError) {
    skipBlanks()
    try skipComment()
    if peek() == nil { return }
    guard try newline() else { throw mistake(.syntax, expected: "the end of the line") }
  }

  private mutating func newline() throws(FormatError) -> Bool {
    if peek() == 0x0d {
      guard offset + 1 < bytes.count, bytes[offset + 1] == 0x0a else {
        throw mistake(.syntax, expected: "a line feed behind the carriage return")
      }
      offset += 1
    }
    guard peek() == 0x0a else { return false }
    offset += 1
    line += 1
    return true
  }

  // MARK: Bytes

  func peek() -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(FormatError) {
    guard skip(character) else { throw mistake(.syntax, expected: "\"\(character)\"") }
  }

  private static func isBareKey(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "_"), UInt8(ascii: "-"): true
    default: false
    }
  }

  /// An error at the current byte.
  func mistake(_ kind: FormatError.Kind, found: String? = nil, expected: String) -> FormatError {
    let here = peek().map { $0 > 0x20 && $0 < 0x7f ? "\"\(Unicode.Scalar($0))\"" : "byte \($0)" }
    return FormatError(
      peek() == nil && found == nil ? .truncated : kind,
      offset: offset,
      line: line,
      found: found ?? here ?? "the end",
      expected: expected
    )
  }
}
