/// The text form of the two files that the AWS tools share: sections of settings.
///
/// | line | meaning |
/// |---|---|
/// | `[NAME]` | a section begins; the same name again goes on with it, and later settings win |
/// | `KEY = VALUE`, `KEY: VALUE` | a setting; the key in any case |
/// | `KEY =` and indented `SUB = VALUE` below | settings of their own, here `KEY.SUB` |
/// | any other indented line below a setting | goes on with its value |
/// | `#…`, `;…` | a comment; also behind white space in a value, except that of `credential_process` |
///
/// Values are trimmed; an empty one counts as not set. Lines end with LF or CR LF; a byte order mark is passed over.
/// What is none of these is an error, which names the line but does not repeat it: it may hold a secret.
struct INIFile: Sendable {
  private(set) var sections: [String: [String: String]] = [:]

  init() {}

  /// - Parameter path: What errors call the file.
  init(parsing bytes: [UInt8], path: String) throws(S3ConfigurationError) {
    guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      throw S3ConfigurationError(message: "\(path): the file is not text in UTF-8")
    }
    var parser = Parser()
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (number, line) in zip(1..., lines) {
      // What is split at bytes of ASCII is UTF-8 still.
      var line = Substring(line)
      if number == 1, line.unicodeScalars.first == "\u{feff}" { line.unicodeScalars.removeFirst() }
      if let problem = parser.read(line) {
        throw S3ConfigurationError(message: "\(path): line \(number): \(problem)")
      }
    }
    sections = parser.sections.mapValues { section in section.filter { !$0.value.isEmpty } }
  }

  private struct Parser {
    var sections: [String: [String: String]] = [:]
    private var section: String?
    /// The setting that indented lines below belong to.
    private var key: String?
    private var keyIndentation = 0

    /// Returns what is wrong with the line.
    mutating func read(_ line: Substring) -> String? {
      let indentation = line.utf8.prefix { $0 == 0x20 || $0 == 0x09 }.count
      let text = INIFile.trim(line)
      guard let first = text.utf8.first, first != UInt8(ascii: "#"), first != UInt8(ascii: ";") else {
        return nil
      }
      if let key, indentation > keyIndentation { return goOn(key, text) }
      if first == UInt8(ascii: "[") { return begin(text) }
      guard let section else { return "a setting stands before the first section" }
      guard let (key, value) = INIFile.setting(text) else {
        return "there is neither a section nor a setting"
      }
      self.key = key
      keyIndentation = indentation
      sections[section, default: [:]][key] = value
      return nil
    }

    private mutating func begin(_ text: Substring) -> String? {
      guard let end = text.firstIndex(of: "]") else { return "the name of a section has no end" }
      let name = INIFile.trim(text[text.index(after: text.startIndex)..<end])
      guard !name.isEmpty else { return "a section has no name" }
      section = String(name)
      key = nil
      sections[String(name), default: [:]].merge([:]) { old, _ in old }
      return nil
    }

    private mutating func goOn(_ key: String, _ text: Substring) -> String? {
      guard let section, let hasNone = sections[section]?[key]?.isEmpty else { return nil }
      if !hasNone {
        sections[section]?[key]?.append("\n" + text)
        return nil
      }
      guard let (name, value) = INIFile.setting(text) else { return "there is no setting below \(key)" }
      sections[section]?["\(key).\(name)"] = value
      return nil
    }
  }

  private static func setting(_ text: Substring) -> (key: String, value: String)? {
    guard let separator = text.firstIndex(where: { $0 == "=" || $0 == ":" }) else { return nil }
    let key = trim(text[..<separator]).lowercased()
    guard !key.isEmpty else { return nil }
    let value = trim(text[text.index(after: separator)...])
    // A command may hold such characters in quotes.
    return (key, String(key == "credential_process" ? value : withoutComment(value)))
  }

  private static func withoutComment(_ value: Substring) -> Substring {
    var isBehindSpace = true
    for index in value.indices {
      let character = value[index]
      if isBehindSpace, character == "#" || character == ";" { return trim(value[..<index]) }
      isBehindSpace = character == " " || character == "\t"
    }
    return value
  }

  private static func trim(_ text: Substring) -> Substring {
    var text = text.drop(while: \.isWhitespace)
    while text.last?.isWhitespace ?? false { text.removeLast() }
    return text
  }
}

/// What is in it may be secret.
extension INIFile: CustomStringConvertible, CustomReflectable {
  var description: String { "INIFile(\(sections.count) sections)" }
  var customMirror: Mirror { Mirror(self, children: ["sections": sections.keys.sorted()]) }
}
