extension FormatError {
  /// Bytes of the input that are shown as what was found.
  private static let shownByteCount = 32

  /// What a fault means to the user: the place with its line, the field's path, and the bytes that stand there.
  init(_ fault: JSONFault, in reader: borrowing JSONReader) {
    self.init(
      fault.kind,
      offset: fault.offset,
      line: FormatError.line(of: fault.offset, in: reader.bytes),
      field: FormatError.path(of: reader),
      found: fault.kind == .missingField ? "nothing" : FormatError.excerpt(of: reader.bytes, at: fault.offset),
      expected: String(describing: fault.expected))
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
    let inner = String(describing: reader.subfield)
    if !inner.isEmpty { path += path.isEmpty ? inner : ".\(inner)" }
    return path
  }

  /// What stands at `offset`, in quotes, cut, with everything but printable ASCII escaped.
  static func excerpt(of bytes: RawSpan, at offset: Int) -> String {
    guard offset < bytes.byteCount else { return "the end of the data" }
    let end = offset + min(shownByteCount, bytes.byteCount - offset)
    var text = "'"
    for index in offset..<end {
      let byte = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      switch byte {
      case 0x20..<0x7f: text.unicodeScalars.append(Unicode.Scalar(byte))
      default: text += "\\x" + HexDigits.string(UInt64(byte), count: 2, uppercase: false)
      }
    }
    return text + (end < bytes.byteCount ? "'…" : "'")
  }
}

/// Runs `body` over a document and turns its fault into a `FormatError`.
func parseJSON<Result>(
  _ bytes: RawSpan, _ body: (inout JSONReader) throws(JSONFault) -> Result
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
