/// A mistake in the command line or the environment: nothing was done, and the program ends with
/// `ExitCode.usage`.
struct UsageError: Error, Sendable, Equatable {
  /// What is wrong, beginning with a lower-case letter, without a full stop.
  var message: String
  /// What to write instead, a full sentence.
  var hint: String?

  init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }

  /// A value that an option does not take: names the option, what was given and what is allowed.
  init(option: String, given: String, allowed: String, hint: String? = nil) {
    self.init("\(option): found \"\(given)\", expected \(allowed)", hint: hint)
  }
}

extension UsageError: CustomStringConvertible {
  /// One line, or two with the hint. What came from outside is safe for a terminal.
  var description: String {
    "scrubber: " + TerminalText.escape(message) + (hint.map { "\nHINT: " + TerminalText.escape($0) } ?? "")
  }
}
