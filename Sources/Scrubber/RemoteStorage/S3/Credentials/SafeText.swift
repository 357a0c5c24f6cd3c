/// Texts of others in our errors: one short line of printable characters.
enum SafeText {
  /// - Parameter secrets: What may be repeated in it and must not be shown.
  static func line(_ text: String, hiding secrets: [String?] = [], limit: Int = 200) -> String {
    var text = text
    for case let secret? in secrets where !secret.isEmpty { text = text.replacing(secret, with: "…") }
    let printable = text.unicodeScalars.map { (scalar) -> Character in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
        return " "
      default: return Character(scalar)
      }
    }
    let short = String(printable.prefix(limit))
    return printable.count > limit ? short + "…" : short
  }

  /// The first line of what a program said, with `…` for every run of 16 or more characters that could be a key or a
  /// token: letters, digits and `+/=_-.`, with a digit or a capital among them.
  static func lineWithoutKeys(_ text: String, limit: Int = 200) -> String {
    let first = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    var result = ""
    var run = ""
    for character in first.prefix(limit * 4) {
      if isOfKeys(character) {
        run.append(character)
        continue
      }
      result += hidden(run) + String(character)
      run = ""
    }
    return line(result + hidden(run), limit: limit)
  }

  private static func isOfKeys(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || "+/=_-.".contains(character))
  }

  private static func hidden(_ run: String) -> String {
    let looksLikeAKey = run.utf8.count >= 16 && run.contains { $0.isNumber || $0.isUppercase }
    return looksLikeAKey ? "…" : run
  }
}
