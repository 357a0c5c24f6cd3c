import IndexFormat

/// What the user wants of a report, whatever its format.
struct ReportOptions: Sendable, Equatable {
  /// Findings milder than this are counted but not shown.
  var minimumSeverity = Severity.info
  /// How many findings are kept at most.
  var maximumFindings = 100_000
  /// Warnings change the exit code.
  var isStrict = false
  var isVerbose = false
  /// Whether text may have colours.
  var isColoured = false
}
