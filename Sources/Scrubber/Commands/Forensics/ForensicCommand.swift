/// The commands that look into a tenant, a layer, an index, a key or the WAL.
enum ForensicCommand: Sendable, Equatable {
  case timeline(TimelineCommand)
  case layerList(LayerListCommand)
  case layerFile(LayerFileCommand)
  case layerMap(LayerMapCommand)
  case indexDump(IndexDumpCommand)
  case indexDiff(IndexDiffCommand)
  case indexSearch(IndexSearchCommand)
  case keyDescribe(KeyDescribeCommand)
  case pageGet(PageGetCommand)
  case pageHistory(PageHistoryCommand)
  case keySpace(KeySpaceCommand)
  case backup(BackupCommand)
  case verify(VerifyCommand)
  case walDump(WALDumpCommand)
  case walStats(WALStatsCommand)
  case walVerify(WALVerifyCommand)

  static let declarations = [
    TimelineCommand.list, TimelineCommand.tree, LayerListCommand.declaration,
    LayerFileCommand.dumpDeclaration, LayerFileCommand.showDeclaration,
    LayerMapCommand.declaration, IndexDumpCommand.declaration, IndexDiffCommand.declaration,
    IndexSearchCommand.declaration, KeyDescribeCommand.declaration, PageGetCommand.declaration,
    PageHistoryCommand.declaration, KeySpaceCommand.declaration, BackupCommand.computeDeclaration,
    BackupCommand.fullDeclaration, VerifyCommand.declaration, WALDumpCommand.declaration,
    WALStatsCommand.declaration,
    WALVerifyCommand.declaration,
  ]

  static let groups: [CommandList.Group] = [
    .init(name: "timeline", summary: "what timelines a tenant has"),
    .init(name: "layer", summary: "look at layers: which there are, and what is in them"),
    .init(name: "index", summary: "look at indices: what they say, and how they differ"),
    .init(name: "key", summary: "what keys stand for"),
    .init(name: "page", summary: "read values: what a key was worth, and how it came to that"),
    .init(name: "wal", summary: "read the WAL: its records, counts of them, whether it is whole"),
  ]

  /// Nil if the name is none of these.
  init?(_ name: String, _ arguments: ParsedArguments, environment: Environment) throws(UsageError) {
    switch name {
    case TimelineCommand.list.name, TimelineCommand.tree.name:
      let isTree = name == TimelineCommand.tree.name
      self = .timeline(try TimelineCommand(arguments, isTree: isTree, environment: environment))
    case LayerListCommand.declaration.name:
      self = .layerList(try LayerListCommand(arguments, environment: environment))
    case LayerFileCommand.dumpDeclaration.name:
      self = .layerFile(try LayerFileCommand(arguments, isDump: true, environment: environment))
    case LayerFileCommand.showDeclaration.name:
      self = .layerFile(try LayerFileCommand(arguments, isDump: false, environment: environment))
    case LayerMapCommand.declaration.name:
      self = .layerMap(try LayerMapCommand(arguments, environment: environment))
    case IndexDumpCommand.declaration.name:
      self = .indexDump(try IndexDumpCommand(arguments, environment: environment))
    case IndexDiffCommand.declaration.name:
      self = .indexDiff(try IndexDiffCommand(arguments, environment: environment))
    case IndexSearchCommand.declaration.name:
      self = .indexSearch(try IndexSearchCommand(arguments, environment: environment))
    case KeyDescribeCommand.declaration.name: self = .keyDescribe(try KeyDescribeCommand(arguments))
    case PageGetCommand.declaration.name:
      self = .pageGet(try PageGetCommand(arguments, environment: environment))
    case PageHistoryCommand.declaration.name:
      self = .pageHistory(try PageHistoryCommand(arguments, environment: environment))
    case KeySpaceCommand.declaration.name:
      self = .keySpace(try KeySpaceCommand(arguments, environment: environment))
    case BackupCommand.computeDeclaration.name:
      self = .backup(try BackupCommand(arguments, kind: .compute, environment: environment))
    case BackupCommand.fullDeclaration.name:
      self = .backup(try BackupCommand(arguments, kind: .full, environment: environment))
    case VerifyCommand.declaration.name:
      self = .verify(try VerifyCommand(arguments, environment: environment))
    case WALDumpCommand.declaration.name:
      self = .walDump(try WALDumpCommand(arguments, environment: environment))
    case WALStatsCommand.declaration.name:
      self = .walStats(try WALStatsCommand(arguments, environment: environment))
    case WALVerifyCommand.declaration.name:
      self = .walVerify(try WALVerifyCommand(arguments, environment: environment))
    default: return nil
    }
  }

  /// Does the work; what went wrong is told on standard error.
  func run(_ desk: CommandDesk) async -> ExitCode {
    defer { desk.flush() }
    do throws(ScanFailure) {
      return try await result(desk)
    } catch {
      // A signal that came while something else went wrong counts more.
      desk.fail(Task.isCancelled ? .interrupted : error)
      return Task.isCancelled ? .interrupted : error.exitCode
    }
  }

  private func result(_ desk: CommandDesk) async throws(ScanFailure) -> ExitCode {
    switch self {
    case .timeline(let command): try await command.run(desk)
    case .layerList(let command): try await command.run(desk)
    case .layerFile(let command): try await command.run(desk)
    case .layerMap(let command): try await command.run(desk)
    case .indexDump(let command): try await command.run(desk)
    case .indexDiff(let command): try await command.run(desk)
    case .indexSearch(let command): try await command.run(desk)
    case .keyDescribe(let command): command.run(desk)
    case .pageGet(let command): try await command.run(desk)
    case .pageHistory(let command): try await command.run(desk)
    case .keySpace(let command): try await command.run(desk)
    case .backup(let command): try await command.run(desk)
    case .verify(let command): try await command.run(desk)
    case .walDump(let command): try await command.run(desk)
    case .walStats(let command): try await command.run(desk)
    case .walVerify(let command): try await command.run(desk)
    }
  }
}
