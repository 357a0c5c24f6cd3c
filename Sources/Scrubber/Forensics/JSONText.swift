/// JSON as text: indented for people, or taken apart into members. Works on any bytes; of what is no JSON the result is
/// merely as odd as the input.
enum JSONText {
  /// Arrays up to this length stay in one line if nothing is nested in them.
  private static let lineByteCount = 4096

  /// Indented by two spaces. Characters that a terminal obeys are written as escapes, which mean the same.
  static func pretty(_ json: [UInt8]) -> [UInt8] {
    var printer = Printer()
    var index = 0
    while index < json.count {
      let byte = json[index]
      if byte == UInt8(ascii: "\"") {
        let end = endOfString(json[...], from: index)
        printer.string(json[index..<end])
        index = end
      } else if byte == UInt8(ascii: "["), let end = endOfPlainArray(json[...], from: index) {
        printer.plain(json[index..<end])
        index = end
      } else {
        printer.structure(byte)
        index += 1
      }
    }
    return printer.bytes
  }

  /// The members of an object, each value as it stands; empty if it is none.
  static func members(_ json: ArraySlice<UInt8>) -> [(name: String, value: ArraySlice<UInt8>)] {
    var members: [(name: String, value: ArraySlice<UInt8>)] = []
    var depth = 0
    var name: String?
    var start = json.startIndex
    var index = json.startIndex
    while index < json.endIndex {
      switch json[index] {
      case UInt8(ascii: "\""):
        let end = endOfString(json, from: index)
        if depth == 1, name == nil {
          name = String(decoding: json[index + 1..<max(index + 1, end - 1)], as: UTF8.self)
        }
        index = end
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        if depth == 1, json[index] != UInt8(ascii: "{") { return [] }
      case UInt8(ascii: ":") where depth == 1: start = index + 1
      case UInt8(ascii: ",") where depth == 1:
        if let found = name { members.append((found, json[start..<index])) }
        name = nil
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 1, let found = name { members.append((found, json[start..<index])) }
        depth -= 1
      default: break
      }
      index += 1
    }
    return members
  }

  /// Behind the closing quote of the string at `start`, or the end of all.
  private static func endOfString(_ json: ArraySlice<UInt8>, from start: Int) -> Int {
    var index = start + 1
    while index < json.endIndex {
      if json[index] == UInt8(ascii: "\"") { return index + 1 }
      index += json[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return json.endIndex
  }

  /// Behind an array at `start` that is short and holds neither strings, objects nor arrays.
  private static func endOfPlainArray(_ json: ArraySlice<UInt8>, from start: Int) -> Int? {
    var index = start + 1
    while index < min(json.endIndex, start + lineByteCount) {
      switch json[index] {
      case UInt8(ascii: "]"): return index + 1
      case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "\""): return nil
      default: index += 1
      }
    }
    return nil
  }

  private struct Printer {
    private(set) var bytes: [UInt8] = []
    private var depth = 0
    /// Behind an opening bracket: whether anything follows is not known.
    private var isOpen = false

    /// Deeper levels are not indented further.
    private static let deepest = 64

    private mutating func begin() {
      if isOpen { newLine() }
      isOpen = false
    }

    private mutating func newLine() {
      bytes.append(UInt8(ascii: "\n"))
      bytes += [UInt8](repeating: UInt8(ascii: " "), count: 2 * min(max(0, depth), Self.deepest))
    }

    mutating func string(_ text: ArraySlice<UInt8>) {
      begin()
      var plain = text.startIndex
      var index = text.startIndex
      while index < text.endIndex {
        guard text[index] < 0x20 || text[index] >= 0x7f else {
          index += 1
          continue
        }
        bytes += text[plain..<index]
        let start = index
        while index < text.endIndex, text[index] < 0x20 || text[index] >= 0x7f { index += 1 }
        unusual(text[start..<index])
        plain = index
      }
      bytes += text[plain...]
    }

    private mutating func unusual(_ text: ArraySlice<UInt8>) {
      for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
        guard TerminalText.isUnsafe(scalar) else {
          bytes += Array(String(Character(scalar)).utf8)
          continue
        }
        for unit in String(Character(scalar)).utf16 {
          let digits = String(unit, radix: 16)
          bytes += Array(("\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits).utf8)
        }
      }
    }

    mutating func plain(_ text: ArraySlice<UInt8>) {
      begin()
      for byte in text { plain(byte) }
    }

    private mutating func plain(_ byte: UInt8) {
      switch byte {
      case 0x09, 0x0a, 0x0d, 0x20: break
      case 0x21..<0x7f: bytes.append(byte)
      default: unusual([byte])
      }
    }

    mutating func structure(_ byte: UInt8) {
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        begin()
        bytes.append(byte)
        depth += 1
        isOpen = true
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if !isOpen { newLine() }
        isOpen = false
        bytes.append(byte)
      case UInt8(ascii: ","):
        bytes.append(byte)
        newLine()
      case UInt8(ascii: ":"): bytes += Array(": ".utf8)
      case 0x09, 0x0a, 0x0d, 0x20: break
      default:
        begin()
        plain(byte)
      }
    }
  }
}
