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
      let program = CommandLine.arguments.first ?? ""
      switch try Invocation(arguments, program: program, environment: environment) {
      case .show(let text):
        Printer.output.write(text)
        return .ok
      case .scanMetadata(let command): return await scan(command, environment: environment)
      case .tenantSnapshot(let command): return await snapshot(command, environment: environment)
      case .forensic(let command): return await look(command, environment: environment)
      case .walRedo(let command): return command.run()
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
    command.report.isColoured = isColoured(environment)
    return await interruptible { [command] in await command.run(source, terminals: terminals) }
  }

  private static func snapshot(
    _ command: TenantSnapshotCommand,
    environment: Environment
  ) async -> ExitCode {
    let bucket = SnapshotSources.bucket(command.options.address, environment: environment)
    let isColoured = isColoured(environment)
    return await interruptible { await command.run(bucket, terminals: terminals, isColoured: isColoured) }
  }

  private static func look(_ command: ForensicCommand, environment: Environment) async -> ExitCode {
    let style = TextStyle(isColoured: isColoured(environment))
    return await interruptible {
      let desk = CommandDesk(
        environment: environment,
        output: Printer.output,
        error: Printer.error,
        style: style,
        width: CommandDesk.terminalWidth() ?? CommandDesk.defaultWidth,
        pipe: .init(descriptor: Printer.output.descriptor, isTerminal: Printer.output.isTerminal),
        isErrorTerminal: Printer.error.isTerminal
      )
      return await command.run(desk)
    }
  }

  private static func isColoured(_ environment: Environment) -> Bool {
    Printer.output.isTerminal && environment["NO_COLOR"] == nil && environment["TERM"] != "dumb"
  }

  private static var terminals: ScanMetadataCommand.Terminals {
    ScanMetadataCommand.Terminals(
      output: Printer.output,
      error: Printer.error,
      isOutputTerminal: Printer.output.isTerminal,
      isErrorTerminal: Printer.error.isTerminal
    )
  }

  /// Does the work until it is done; a signal asks it to stop.
  private static func interruptible(_ work: @escaping @Sendable () async -> ExitCode) async -> ExitCode {
    let task = Task { await work() }
    let listener = Signals.onInterrupt { task.cancel() }
    defer { listener?.cancel() }
    return await task.value
  }
}
