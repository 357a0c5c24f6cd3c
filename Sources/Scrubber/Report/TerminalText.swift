/// Text from a bucket made safe for a terminal.
///
/// Whoever can write an object chooses its key, and a key may hold what a terminal obeys: escape sequences,
/// carriage returns, marks that turn the writing direction. All of these are shown instead:
///
/// | character | shown as |
/// |---|---|
/// | U+0000 to U+001F, U+007F | `\x1b` |
/// | U+0080 to U+009F, direction marks and overrides | `\u{202e}` |
/// | line and paragraph separators, zero-width characters, tags | the same |
/// | `\` | `\\` |
enum TerminalText {
  static func escape(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    var escaped = ""
    for scalar in text.unicodeScalars {
      if !isUnsafe(scalar) {
        escaped.unicodeScalars.append(scalar)
      } else if scalar == "\\" {
        escaped += "\\\\"
      } else if scalar.value < 0x80 {
        let digits = String(scalar.value, radix: 16)
        escaped += "\\x" + (digits.count < 2 ? "0" : "") + digits
      } else {
        escaped += "\\u{" + String(scalar.value, radix: 16) + "}"
      }
    }
    return escaped
  }

  static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x00..<0x20, 0x5c, 0x7f..<0xa0: true
    case 0x061c, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff, 0xfff9...0xfffb: true
    case 0xe0000...0xe007f: true
    default: false
    }
  }
}
