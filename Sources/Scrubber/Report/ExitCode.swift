/// What the program's end says. "We could not look" and "the data is bad" never share a number.
///
/// | code | meaning |
/// |---|---|
/// | 0 | everything asked for was checked, no finding is an error |
/// | 1 | not everything could be checked: a request gave no answer, or the program failed |
/// | 2 | at least one finding is an error: data is damaged |
/// | 3 | as 0, but with warnings, and `--strict` was given |
/// | 64 | the command line or the environment is wrong; nothing was done (EX_USAGE) |
/// | 66 | nothing to check: no timeline matched, or not all that was asked for is there (EX_NOINPUT) |
/// | 69 | WAL records whose replay is not supported would have to be applied (EX_UNAVAILABLE) |
/// | 75 | a limit was reached before the end (EX_TEMPFAIL) |
/// | 130 | interrupted by a signal |
enum ExitCode: Int32, Sendable, CaseIterable {
  case ok = 0
  case couldNotFinish = 1
  case damage = 2
  case strictWarnings = 3
  case usage = 64
  case nothingMatched = 66
  case needsRedo = 69
  case limitReached = 75
  case interrupted = 130

  var meaning: String {
    switch self {
    case .ok: "everything asked for was checked, and no finding is an error"
    case .couldNotFinish: "not everything could be checked, or the program failed"
    case .damage: "at least one finding is an error: data is damaged"
    case .strictWarnings: "there are warnings, and --strict was given"
    case .usage: "the command line or the environment is wrong; nothing was done"
    case .nothingMatched: "nothing to check: no timeline matched, or not all that was asked for is there"
    case .needsRedo: "WAL records whose replay this version does not support would have to be applied"
    case .limitReached: "a limit was reached before the end"
    case .interrupted: "interrupted by a signal"
    }
  }

  /// The first of these that holds: interrupted (130), damage (2), unanswered requests or objects that are
  /// not accounted for (1), nothing matched (66), limit reached (75), warnings when strict (3); else 0.
  init(_ summary: ScanSummary, isStrict: Bool) {
    self =
      if summary.isInterrupted {
        .interrupted
      } else if summary.count(of: .error) > 0 {
        .damage
      } else if summary.lookErrorCount > 0 || !summary.coverage.isComplete {
        .couldNotFinish
      } else if summary.timelineShardCount == 0 || !summary.notFound.isEmpty {
        .nothingMatched
      } else if summary.limitReached != nil {
        .limitReached
      } else if isStrict, summary.count(of: .warning) > 0 {
        .strictWarnings
      } else {
        .ok
      }
  }
}
