/// What a finding code means: the one table from which `scrubber explain` and `docs/findings.md` are made.
public struct FindingEntry: Sendable {
  public let severity: Severity
  /// What was found, in a few words.
  public let title: String
  /// How it comes about.
  public let cause: String
  /// What to do.
  public let nextStep: String

  init(_ severity: Severity, _ title: String, cause: String, nextStep: String) {
    self.severity = severity
    self.title = title
    self.cause = cause
    self.nextStep = nextStep
  }
}

extension FindingCode {
  public var entry: FindingEntry {
    switch self {
    default: FindingEntry(.info, "", cause: "", nextStep: "")
    }
  }
}
