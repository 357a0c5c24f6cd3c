/// What a command line asks for.
enum Invocation: Sendable, Equatable {
  /// Print this on standard output, and nothing else.
  case show(String)
  case scanMetadata(ScanMetadataCommand)
  case tenantSnapshot(TenantSnapshotCommand)
  case forensic(ForensicCommand)
  case walRedo(WALRedoCommand)

  static let commands =
    [ScanMetadataCommand.declaration, TenantSnapshotCommand.declaration] + ForensicCommand.declarations + [
      WALRedoCommand.declaration,
      ExplainCommand.declaration,
      CommandDeclaration(
        name: "help",
        summary: "tell the options of a command",
        usage: ["[COMMAND]"],
        options: [.help],
        maximumOperands: 2
      ),
    ]

  private static let list = CommandList(commands: commands, groups: ForensicCommand.groups)

  /// Reads the arguments behind the program's name.
  ///
  /// - Parameter program: that name, as it was written.
  init(_ arguments: [String], program: String = "scrubber", environment: Environment) throws(UsageError) {
    switch arguments.first {
    case "--help", "-h": self = .show(Self.programHelp)
    case "--version", "-V": self = .show(Version.text)
    case "--wal-redo":
      // So page servers start PostgreSQL.
      let declaration = WALRedoCommand.declaration
      try self.init(
        declaration,
        ArgumentParser.parse(arguments.dropFirst(), for: declaration),
        program,
        environment
      )
    default:
      let (match, wordCount) = try Self.list.find(arguments)
      let rest = arguments.dropFirst(wordCount)
      // Whoever asks for help has often not got the rest right yet.
      let asksForHelp = rest.prefix(while: { $0 != "--" }).contains { $0 == "--help" || $0 == "-h" }
      switch match {
      case .command(let declaration) where asksForHelp: self = .show(HelpText.command(declaration))
      case .command(let declaration):
        try self.init(declaration, ArgumentParser.parse(rest, for: declaration), program, environment)
      case .group(let group) where asksForHelp: self = .show(Self.help(of: group))
      case .group(let group):
        throw UsageError(
          "\(group.name): no command is given",
          hint: "Commands of this group: scrubber \(group.name) --help"
        )
      }
    }
  }

  private init(
    _ declaration: CommandDeclaration,
    _ arguments: ParsedArguments,
    _ program: String,
    _ environment: Environment
  ) throws(UsageError) {
    switch declaration.name {
    case ScanMetadataCommand.declaration.name:
      self = .scanMetadata(try ScanMetadataCommand(arguments, environment: environment))
    case TenantSnapshotCommand.declaration.name:
      self = .tenantSnapshot(try TenantSnapshotCommand(arguments, environment: environment))
    case WALRedoCommand.declaration.name:
      self = .walRedo(try WALRedoCommand(arguments, program: program, environment: environment))
    case ExplainCommand.declaration.name: self = .show(try ExplainCommand(arguments).text)
    case let name:
      if let command = try ForensicCommand(name, arguments, environment: environment) {
        self = .forensic(command)
      } else {
        self = .show(try Self.help(arguments.operands))
      }
    }
  }

  private static var programHelp: String {
    HelpText.program(commands, environment: Environment.documentation)
  }

  private static func help(_ words: [String]) throws(UsageError) -> String {
    guard !words.isEmpty else { return programHelp }
    let (match, wordCount) = try list.find(words)
    if words.count > wordCount { throw UsageError("help: unexpected argument \"\(words[wordCount])\"") }
    return switch match {
    case .command(let declaration): HelpText.command(declaration)
    case .group(let group): help(of: group)
    }
  }

  private static func help(of group: CommandList.Group) -> String {
    HelpText.group(group, list.members(of: group))
  }
}
