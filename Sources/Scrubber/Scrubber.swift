import Glibc
import IndexFormat

@main
struct Scrubber {
  static func main() async {
    Signals.ignoreBrokenPipes()
    let exitCode = await run(Array(CommandLine.arguments.dropFirst()), environment: .process)
    exit(exitCode.rawValue)
  }

  private static func run(_ arguments: [String], environment: Environment) async -> ExitCode {
    do throws(UsageError) {
      switch try Invocation(arguments, environment: environment) {
      case .show(let text):
        Printer.output.write(text)
        return .ok
      case .scanMetadata(let command): return await scan(command, environment: environment)
      }
    } catch {
      Printer.error.writeLine(error.description)
      return .usage
    }
  }

  private static func scan(
    _ command: ScanMetadataCommand,
    environment: Environment
  ) async -> ExitCode {
    let source = ScanSources.source(for: command.scan, environment: environment)
    var command = command
    command.report.isColoured =
      Printer.output.isTerminal && environment["NO_COLOR"] == nil && environment["TERM"] != "dumb"
    let terminals = ScanMetadataCommand.Terminals(
      output: Printer.output,
      error: Printer.error,
      isOutputTerminal: Printer.output.isTerminal,
      isErrorTerminal: Printer.error.isTerminal
    )
    let task = Task { [command] in await command.run(source, terminals: terminals) }
    let listener = Signals.onInterrupt { task.cancel() }
    defer { listener?.cancel() }
    return await task.value
  }
}
