extension FormatError {
  /// Characters that the bytes shown as what was found may take, between the quotes.
  private static let shownLength = 36

  /// What a fault means to the user: the place with its line, the field's path, and the bytes that stand
  /// there.
  init(_ fault: JSONFault, in reader: borrowing JSONReader) {
    self.init(
      fault.kind,
      offset: fault.offset,
      line: FormatError.line(of: fault.offset, in: reader.bytes),
      field: FormatError.path(of: reader),
      found: fault.kind == .missingField
        ? "nothing" : FormatError.excerpt(of: reader.bytes, at: fault.offset),
      expected: String(describing: fault.expected)
    )
  }

  static func line(of offset: Int, in bytes: RawSpan) -> Int {
    var line = 1
    for index in 0..<min(offset, bytes.byteCount)
    where bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) == 0x0a { line += 1 }
    return line
  }

  private static func path(of reader: borrowing JSONReader) -> String {
    var path = String(describing: reader.field)
    if reader.element >= 0 { path += "[\(reader.element)]" }
    for part in [String(describing: reader.middle), String(describing: reader.subfield)] where !part.isEmpty {
      path += path.isEmpty ? part : ".\(part)"
    }
    return path
  }

  /// What stands at `offset`, in quotes, cut, with everything but printable ASCII escaped: 40 characters at
  /// the most.
  static func excerpt(of bytes: RawSpan, at offset: Int) -> String {
    guard offset < bytes.byteCount else { return "the end of the data" }
    var text: [UInt8] = []
    var end = offset
    while end < bytes.byteCount {
      let byte = bytes.byte(end)
      let isPrintable = 0x20..<0x7f ~= byte
      guard text.count + (isPrintable ? 1 : 4) <= shownLength else { break }
      if isPrintable {
        text.append(byte)
      } else {
        text += "\\x".utf8
        HexDigits.append(UInt64(byte), count: 2, uppercase: false, to: &text)
      }
      end += 1
    }
    return "'\(String(decoding: text, as: UTF8.self))'" + (end < bytes.byteCount ? "…" : "")
  }
}

/// Runs `body` over a document and turns its fault into a `FormatError`.
func parseJSON<Result>(
  _ bytes: RawSpan,
  _ body: (inout JSONReader) throws(JSONFault) -> Result
) throws(FormatError) -> Result {
  var reader = JSONReader(bytes)
  do throws(JSONFault) {
    let result = try body(&reader)
    reader.field = ""
    reader.element = -1
    reader.subfield = ""
    try reader.end()
    return result
  } catch {
    throw FormatError(error, in: reader)
  }
}
