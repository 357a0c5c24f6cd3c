import IndexFormat

/// What came of a snapshot.
struct SnapshotOutcome: Sendable {
  enum Action: Sendable, Equatable {
    /// It was taken now.
    case taken
    /// It was there already.
    case found
  }

  var action: Action
  var path: String
  var document: SnapshotDocument
  var findings: [Finding] = []
  var fetchedCount = 0
  var fetchedBytes: UInt64 = 0
  /// Files of an earlier, unfinished run.
  var keptCount = 0
  /// How often the bucket was looked at.
  var looks = 0
  /// Files that were read again and compared.
  var verifiedCount: Int?
  var duration = Duration.zero

  var byteCount: UInt64 { document.files.reduce(0) { $0.saturatingSum($1.size) } }

  /// Damage if something is missing or wrong, also where that was found by an earlier run.
  var exitCode: ExitCode {
    findings.contains { $0.severity == .error } || !document.isComplete ? .damage : .ok
  }

  /// What was left out, by reason, in the order of the reasons.
  var leftOut: [(reason: SnapshotOmission.Reason, count: Int, bytes: UInt64)] {
    SnapshotOmission.Reason.allCases.compactMap { reason in
      let omissions = document.leftOut.filter { $0.reason == reason }
      let bytes = omissions.reduce(UInt64(0)) { $0.saturatingSum($1.size) }
      return omissions.isEmpty ? nil : (reason, omissions.count, bytes)
    }
  }
}
