import IndexFormat

/// The one line at the end of a text report that says what to do, in the order of `ExitCode`.
enum NextStep {
  static func line(_ summary: ScanSummary, isStrict: Bool) -> String {
    "next: " + text(summary, ExitCode(summary, isStrict: isStrict))
  }

  private static func text(_ summary: ScanSummary, _ exitCode: ExitCode) -> String {
    switch exitCode {
    case .interrupted: "scan again, the run was interrupted and its numbers are not complete"
    case .damage: advice(summary, .error)
    case .couldNotFinish where summary.lookErrorCount > 0:
      "find out why the store gave no answer (see \"could not look\") and scan again; nothing is known of the rest"
    case .couldNotFinish: "report this as a fault of scrubber: the objects visited and skipped do not add up"
    case .nothingMatched where !summary.notFound.isEmpty:
      "check --bucket, the prefix and --tenant-id; there is no object of "
        + summary.notFound.map(\.description).joined(separator: ", ")
    case .nothingMatched: "check --bucket, the prefix and --tenant-id; no timeline was found"
    case .limitReached: "raise the limit (\(summary.limitReached ?? "unknown")) and scan again"
    // A scan never needs WAL records applied.
    case .strictWarnings, .ok, .usage, .needsRedo: mildAdvice(summary)
    }
  }

  private static func mildAdvice(_ summary: ScanSummary) -> String {
    guard let severity = [Severity.warning, .garbage].first(where: { summary.count(of: $0) > 0 }) else {
      return "nothing to do"
    }
    return advice(summary, severity)
  }

  /// The advice of the code that was found most often.
  private static func advice(_ summary: ScanSummary, _ severity: Severity) -> String {
    var most: (code: FindingCode, count: Int)?
    for code in FindingCode.allCases where code.entry.severity == severity {
      let count = summary.counts[code] ?? 0
      if count > (most?.count ?? 0) { most = (code, count) }
    }
    guard let most else { return "nothing to do" }
    let name = most.code.rawValue
    return "\(DecimalText.grouped(most.count)) x \(name): \(most.code.entry.nextStep) "
      + "(scrubber explain \(name))"
  }
}
