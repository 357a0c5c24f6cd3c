import Engine
import Glibc
import IndexFormat

/// `scrubber wal-redo`: replays records for a page server, in place of PostgreSQL's process.
struct WALRedoCommand: Sendable, Equatable {
  var rules: RedoRules

  /// Whose heap records the WAL of PostgreSQL 14 and 15 has.
  enum Dialect: String, Sendable, CaseIterable {
    case neon, postgres
  }

  static let declaration = CommandDeclaration(
    name: "wal-redo",
    summary: "replay records for a page server, in place of PostgreSQL",
    usage: ["[--pg-version N] [--dialect neon|postgres]"],
    discussion: [
      "Speaks the protocol of postgres --wal-redo: requests come on standard input, pages go to standard output, and "
        + "what goes wrong is told on standard error and ends the program.",
      "A page server starts it if it stands as bin/postgres in the folder of a version (v14 to v17) of its pg_distrib_dir: "
        + "scrubber --wal-redo is the same as scrubber wal-redo.",
      "A record that changes a page which was neither sent nor is made by it is an error; PostgreSQL leaves it out.",
    ],
    options: [
      OptionDeclaration(
        "pg-version",
        .value(name: "N"),
        help:
          "The version of PostgreSQL whose records come: 14 to 17. Default: that of the folder (v14 to v17) which "
          + "the program was started from, or which LD_LIBRARY_PATH names."
      ),
      OptionDeclaration(
        "dialect",
        .value(name: "NAME"),
        help: "neon (records of heaps in 14 and 15 keep command ids) or postgres. Default: neon."
      ),
      OptionDeclaration(
        "tenant-shard-id",
        .value(name: "ID"),
        help: "For lists of processes; page servers set it."
      ),
      OptionDeclaration("disable-seccomp", help: "Taken, as page servers may set it; changes nothing."),
      .help,
    ],
    examples: [
      .init(
        command: "ln -s /usr/bin/scrubber pg_install/v16/bin/postgres",
        meaning: "Let a page server replay records of PostgreSQL 16 with it."
      )
    ]
  )

  /// - Parameter program: the name that the program was started by.
  init(_ arguments: ParsedArguments, program: String, environment: Environment) throws(UsageError) {
    let dialect: Dialect = try ScanMetadataCommand.choice(arguments, "dialect") ?? .neon
    let version = try Self.version(
      arguments.first("pg-version"),
      program,
      environment["LD_LIBRARY_PATH"] ?? ""
    )
    rules = RedoRules(version: version, hasNeonHeapRecords: dialect == .neon && version <= .v15)
  }

  private static func version(
    _ text: String?,
    _ program: String,
    _ libraryPath: String
  ) throws(UsageError) -> PostgresVersion {
    if let text {
      guard let version = UInt32(text).flatMap(PostgresVersion.init(major:)) else {
        throw UsageError(option: "--pg-version", given: text, allowed: "14 to 17")
      }
      return version
    }
    guard let version = version(in: program) ?? version(in: libraryPath) else {
      throw UsageError(
        "wal-redo: the version of PostgreSQL is not known",
        hint: "Write --pg-version N, or start it from a folder v14 to v17."
      )
    }
    return version
  }

  /// By a folder on the way that is named for a version: `/opt/pg_install/v16/bin/postgres`.
  private static func version(in path: String) -> PostgresVersion? {
    for folder in path.split(separator: "/").reversed() where folder.hasPrefix("v") {
      if let version = UInt32(folder.dropFirst()).flatMap(PostgresVersion.init(major:)) { return version }
    }
    return nil
  }

  /// Answers until the input ends.
  func run() -> ExitCode {
    var server = RedoServer(rules, input: STDIN_FILENO, output: STDOUT_FILENO)
    do throws(RedoServer.Failure) {
      try server.run()
      return .ok
    } catch {
      Printer.error.writeLine("scrubber: wal-redo: \(error)")
      return error.exitCode
    }
  }
}

extension RedoServer.Failure {
  var exitCode: ExitCode {
    switch self {
    case .request, .endOfInput: .damage
    case .system, .noMemory: .couldNotFinish
    }
  }
}
