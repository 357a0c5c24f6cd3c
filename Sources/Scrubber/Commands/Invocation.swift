/// What a command line asks for.
enum Invocation: Sendable, Equatable {
  /// Print this on standard output, and nothing else.
  case show(String)
  case scanMetadata(ScanMetadataCommand)
  case tenantSnapshot(TenantSnapshotCommand)

  static let commands = [
    ScanMetadataCommand.declaration,
    TenantSnapshotCommand.declaration,
    ExplainCommand.declaration,
    CommandDeclaration(
      name: "help",
      summary: "tell the options of a command",
      usage: ["[COMMAND]"],
      options: [.help],
      maximumOperands: 1
    ),
  ]

  /// Reads the arguments behind the program's name.
  init(_ arguments: [String], environment: Environment) throws(UsageError) {
    switch arguments.first {
    case nil: throw UsageError("no command is given", hint: "See scrubber --help.")
    case "--help", "-h": self = .show(Self.programHelp)
    case "--version", "-V": self = .show(Version.text)
    case .some(let name):
      guard let declaration = Self.commands.first(where: { $0.name == name }) else {
        throw Self.unknown(name)
      }
      let rest = arguments.dropFirst()
      // Whoever asks for help has often not got the rest right yet.
      if rest.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
        self = .show(HelpText.command(declaration))
      } else {
        try self.init(declaration, ArgumentParser.parse(rest, for: declaration), environment)
      }
    }
  }

  private init(
    _ declaration: CommandDeclaration,
    _ arguments: ParsedArguments,
    _ environment: Environment
  ) throws(UsageError) {
    switch declaration.name {
    case ScanMetadataCommand.declaration.name:
      self = .scanMetadata(try ScanMetadataCommand(arguments, environment: environment))
    case TenantSnapshotCommand.declaration.name:
      self = .tenantSnapshot(try TenantSnapshotCommand(arguments, environment: environment))
    case ExplainCommand.declaration.name: self = .show(try ExplainCommand(arguments).text)
    default: self = .show(try Self.help(arguments.operands.first))
    }
  }

  private static var programHelp: String {
    HelpText.program(commands, environment: Environment.documentation)
  }

  private static func help(_ name: String?) throws(UsageError) -> String {
    guard let name else { return programHelp }
    guard let declaration = commands.first(where: { $0.name == name }) else { throw unknown(name) }
    return HelpText.command(declaration)
  }

  private static func unknown(_ name: String) -> UsageError {
    let isOption = name.hasPrefix("-")
    let names = isOption ? HelpText.programOptions.map { "--\($0.name)" } : commands.map(\.name)
    let nearest = NearestName.find(name, among: names)
    let hint = nearest.map { "Did you mean \($0)? " } ?? ""
    return UsageError(
      "unknown \(isOption ? "option" : "command") \(isOption ? name : "\"\(name)\"")",
      hint: hint + (isOption ? "Options of a command stand behind its name: " : "All commands: ")
        + "scrubber --help"
    )
  }
}
