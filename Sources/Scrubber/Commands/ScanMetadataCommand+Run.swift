import Synchronization

extension ScanMetadataCommand {
  /// Where reports and progress go.
  struct Terminals: Sendable {
    var output: any OutputSink
    var error: any OutputSink
    var isOutputTerminal = false
    var isErrorTerminal = false
  }

  /// Runs the scan and prints its report; the result is that of the summary.
  func run(_ source: any ScanSource, terminals: Terminals) async -> ExitCode {
    let desk = ReportDesk(
      reports: [progressBar(terminals), report(terminals.output)],
      isStrict: report.isStrict
    )
    do throws(ScanFailure) {
      try await source.run(scan) { desk.receive($0) }
    } catch {
      terminals.error.writeLine(error.description)
      return error.exitCode
    }
    guard let exitCode = desk.exitCode else {
      if Task.isCancelled { return .interrupted }
      terminals.error.writeLine("scrubber: the scan ended without a summary")
      return .couldNotFinish
    }
    return exitCode
  }

  private func report(_ sink: any OutputSink) -> any Report {
    switch format {
    case .text: TextReport(sink: sink, options: report)
    case .json: JSONReport(sink: sink, options: report)
    case .ndjson: NDJSONReport(sink: sink, options: report)
    }
  }

  private func progressBar(_ terminals: Terminals) -> ProgressBar {
    let mode: ProgressBar.Mode =
      if terminals.isErrorTerminal {
        .bar(othersPrint: format == .ndjson && terminals.isOutputTerminal)
      } else {
        report.isVerbose ? .lines : .silent
      }
    return ProgressBar(sink: terminals.error, mode: mode)
  }
}

/// Hands each event to every report, one at a time, and remembers what the end says. Who emits waits until it
/// is printed: a slow reader of the output slows the scan down instead of filling the memory.
private final class ReportDesk: Sendable {
  private struct State {
    var reports: [any Report]
    var exitCode: ExitCode?
  }

  private let state: Mutex<State>
  private let isStrict: Bool

  init(reports: [any Report], isStrict: Bool) {
    state = Mutex(State(reports: reports))
    self.isStrict = isStrict
  }

  var exitCode: ExitCode? { state.withLock(\.exitCode) }

  func receive(_ event: ScanEvent) {
    var event = event
    state.withLock { state in
      if case .summary(var summary) = event {
        // A signal that came at the very end: the exit code says so, and the report must not say otherwise.
        summary.isInterrupted = summary.isInterrupted || Task.isCancelled
        let dropped = state.reports.map(\.droppedFindingCount).max() ?? 0
        if dropped > 0, summary.limitReached == nil { summary.limitReached = "--max-findings" }
        state.exitCode = ExitCode(summary, isStrict: isStrict)
        event = .summary(summary)
      }
      for index in state.reports.indices { state.reports[index].receive(event) }
    }
  }
}
