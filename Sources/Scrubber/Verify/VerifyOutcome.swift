import Engine
import IndexFormat

/// What a verification came to.
struct VerifyOutcome: Sendable {
  let plan: VerifyPlan
  /// Without the findings.
  var sum: VerificationResult
  var findings: KeptFindings
  var counts: [FindingCode: Int]
  /// Units that were done, those of an earlier run among them.
  var doneCount: Int
  /// Units that an earlier run had done.
  var keptCount: Int
  var isInterrupted: Bool
  var duration: Duration

  func count(of severity: Severity) -> Int {
    counts.reduce(0) { $1.key.entry.severity == severity ? $0 + $1.value : $0 }
  }

  /// The first of these that holds: interrupted, damage, something that could not be looked at or is not accounted for,
  /// records whose replay is not supported; else 0.
  var exitCode: ExitCode {
    if isInterrupted {
      .interrupted
    } else if count(of: .error) > 0 {
      .damage
    } else if !isAnswered || !sum.coverage.addsUp || doneCount < plan.units.count {
      .couldNotFinish
    } else if sum.coverage.skipped(.unsupported) > 0 {
      .needsRedo
    } else {
      .ok
    }
  }

  /// Whether all that was asked for could be looked at.
  var isAnswered: Bool {
    sum.isAnswered && !plan.omissions.contains { $0.kind == .unreadable }
      && !lacksReplays
  }

  /// Whether something was to be replayed and could not be.
  var lacksReplays: Bool { plan.unreplayed.contains { $0.kind != .nothingSince } }

  /// The code of the worst findings that there are most of.
  var worst: (code: FindingCode, count: Int)? {
    counts.max { left, right in
      (-left.key.entry.severity.rank, left.value, right.key.rawValue)
        < (-right.key.entry.severity.rank, right.value, left.key.rawValue)
    }
    .map { ($0.key, $0.value) }
  }
}

extension VerificationLevel {
  /// Those that were not run, with the reason; nil if all were.
  static func notRun(_ levels: Set<VerificationLevel>) -> String? {
    let missing = allCases.filter { !levels.contains($0) }
    guard !missing.isEmpty else { return nil }
    return missing.map { level in
      level == .replay ? "replay not run: it needs the WAL" : "\(level.rawValue) not asked for"
    }
    .joined(separator: ", ")
  }
}
