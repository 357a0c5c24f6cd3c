import IndexFormat

/// `docs/findings.md`, made of the catalogue.
enum FindingsPage {
  static var markdown: String {
    """
    # Findings

    <!-- Made by: scrubber explain --markdown. Change the catalogue in the source, not this page. -->

    A finding is something wrong or noteworthy in the data. Its code never changes its meaning, and each code has one
    severity. That something could not be looked at is no finding: such requests are counted and listed apart, as
    errors.

    | severity | meaning |
    |---|---|
    \(Severity.allCases.map { "| \($0.rawValue) | \(meaning($0)) |" }.joined(separator: "\n"))

    ## Exit codes

    The first that holds counts: 130, 2, 1, 66, 75, 3, 0.

    | code | meaning |
    |---|---|
    \(ExitCode.allCases.map { "| \($0.rawValue) | \($0.meaning) |" }.joined(separator: "\n"))

    ## All codes

    | code | severity | what was found |
    |---|---|---|
    \(FindingCode.allCases.map(row).joined(separator: "\n"))

    \(FindingCode.allCases.map(section).joined(separator: "\n\n"))

    """
  }

  private static func row(_ code: FindingCode) -> String {
    "| [\(code.rawValue)](#\(anchor(code))) | \(code.entry.severity.rawValue) | \(code.entry.title) |"
  }

  private static func section(_ code: FindingCode) -> String {
    let entry = code.entry
    return """
      ## \(code.rawValue)

      **\(entry.severity.rawValue.capitalizedFirst)**: \(entry.title).

      \(entry.cause)

      What to do: \(entry.nextStep)
      """
  }

  /// The anchor that Markdown renderers make of a heading: points fall out.
  private static func anchor(_ code: FindingCode) -> String {
    code.rawValue.filter { $0 != "." }
  }

  private static func meaning(_ severity: Severity) -> String {
    switch severity {
    case .error: "Data is lost or cannot be read."
    case .warning: "Something is wrong, but nothing is lost."
    case .garbage: "Nobody needs it: it costs space only."
    case .info: "Worth knowing; nothing is wrong."
    }
  }
}
