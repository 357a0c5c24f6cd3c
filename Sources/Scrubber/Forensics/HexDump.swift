/// Bytes as people read them: offset, sixteen bytes in hex, the same as text.
///
/// A run of equal lines is shown once, with a `*` in place of the others, and the last line is the length.
enum HexDump {
  private static let lineByteCount = 16

  static func lines(_ bytes: [UInt8]) -> [String] {
    var lines: [String] = []
    var last: ArraySlice<UInt8>?
    var isRepeating = false
    var offset = 0
    while offset < bytes.count {
      let end = min(offset + lineByteCount, bytes.count)
      let part = bytes[offset..<end]
      if let known = last, known.elementsEqual(part), end < bytes.count {
        if !isRepeating { lines.append("*") }
        isRepeating = true
      } else {
        lines.append(line(part, at: offset))
        isRepeating = false
      }
      last = part
      offset = end
    }
    return lines + [number(bytes.count)]
  }

  private static func line(_ bytes: ArraySlice<UInt8>, at offset: Int) -> String {
    var hex = ""
    for (position, byte) in bytes.enumerated() {
      hex += (position == 8 ? "  " : " ") + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    hex += String(repeating: " ", count: max(0, 49 - hex.utf8.count))
    let text = bytes.map { (0x20..<0x7f).contains($0) ? $0 : UInt8(ascii: ".") }
    return "\(number(offset)) \(hex)  |\(String(decoding: text, as: UTF8.self))|"
  }

  private static func number(_ offset: Int) -> String {
    let digits = String(offset, radix: 16)
    return String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits
  }
}
