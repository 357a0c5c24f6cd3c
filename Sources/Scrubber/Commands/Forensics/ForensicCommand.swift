/// The commands that look into a tenant, a layer, an index or a key.
enum ForensicCommand: Sendable, Equatable {
  case timeline(TimelineCommand)
  case layerList(LayerListCommand)
  case layerFile(LayerFileCommand)

  static let declarations = [
    TimelineCommand.list, TimelineCommand.tree, LayerListCommand.declaration,
    LayerFileCommand.dumpDeclaration, LayerFileCommand.showDeclaration,
  ]

  static let groups: [CommandList.Group] = [
    .init(name: "timeline", summary: "what timelines a tenant has"),
    .init(name: "layer", summary: "look at layers: which there are, and what is in them"),
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
    }
  }
}
