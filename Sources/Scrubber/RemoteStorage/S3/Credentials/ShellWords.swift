/// A command line split into words as a POSIX shell does, but for everything that begins with `$`, a backquote or a
/// wildcard: those stand for themselves, since no shell is run.
///
/// | in | meaning |
/// |---|---|
/// | `'…'` | as it stands |
/// | `"…"` | `\"` and `\\` are the second character; any other backslash stays |
/// | elsewhere | `\x` is x; white space ends the word |
///
/// The same as Python's `shlex.split`, by which the AWS command line reads `credential_process`.
enum ShellWords {
  /// Nil if a quote is not closed, or a backslash is the last character.
  static func split(_ text: String) -> [String]? {
    var words: [String] = []
    // Nil between words; a pair of quotes makes an empty word.
    var word: String.UnicodeScalarView?
    var quote: Unicode.Scalar?
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      switch (scalar, quote) {
      case (let end, let begin?) where end == begin: quote = nil
      case ("\\", "\""):
        guard let next = rest.popFirst() else { return nil }
        if next != "\"" && next != "\\" { word?.append("\\") }
        word?.append(next)
      case (_, .some): word?.append(scalar)
      case ("\\", nil):
        guard let next = rest.popFirst() else { return nil }
        if word == nil { word = String.UnicodeScalarView() }
        word?.append(next)
      case ("'", nil), ("\"", nil):
        quote = scalar
        word = word ?? String.UnicodeScalarView()
      case (" ", nil), ("\t", nil), ("\r", nil), ("\n", nil):
        if let word { words.append(String(word)) }
        word = nil
      case (_, nil):
        if word == nil { word = String.UnicodeScalarView() }
        word?.append(scalar)
      }
    }
    guard quote == nil else { return nil }
    if let word { words.append(String(word)) }
    return words
  }
}
