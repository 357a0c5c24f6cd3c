/// What produces the events of a scan.
protocol ScanSource: Sendable {
  /// Scans and calls `emit` with `begin` first and `summary` last, one event at a time. When its task is
  /// cancelled it stops soon and still ends with a summary, whose `isInterrupted` is set.
  ///
  /// It throws only when it cannot begin: a folder that does not exist, a bucket that cannot be reached at
  /// all. Whatever goes wrong later is an event.
  func run(_ options: ScanOptions, emit: @escaping @Sendable (ScanEvent) -> Void) async throws(ScanFailure)
}

/// Why a scan could not begin.
struct ScanFailure: Error, Sendable, Equatable {
  /// What was tried and what came of it, beginning with a lower-case letter, without a full stop.
  var message: String
  /// What to do, a full sentence.
  var hint: String? = nil
  var exitCode = ExitCode.couldNotFinish
}

extension ScanFailure: CustomStringConvertible {
  /// One line, or two with the hint. What came from outside is safe for a terminal.
  var description: String {
    "scrubber: " + TerminalText.escape(message) + (hint.map { "\nHINT: " + TerminalText.escape($0) } ?? "")
  }
}

/// The single place that decides which implementation scans what.
enum ScanSources {
  static func source(
    for options: ScanOptions,
    environment: Environment
  ) -> any ScanSource {
    if options.safekeepers != nil {
      return SafekeeperScan(address: options.address, environment: environment)
    }
    return switch options.address {
    case .folder(let path): FolderScan(path: path)
    case .s3(let bucket): S3Scan(address: bucket, environment: environment)
    }
  }
}
