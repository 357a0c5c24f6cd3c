/// Where a data directory goes.
enum BackupTarget: Sendable, Equatable {
  /// An archive, to whoever reads standard output.
  case standardOutput
  /// An archive in a new file.
  case archive(String)
  /// A new folder, or one that is empty.
  case folder(String)

  /// What is written; nil for standard output.
  var path: String? {
    switch self {
    case .standardOutput: nil
    case .archive(let path), .folder(let path): path
    }
  }

  init(_ arguments: ParsedArguments) throws(UsageError) {
    switch (
      try Self.path(arguments, "output", "a new file"), try Self.path(arguments, "output-path", "a folder")
    ) {
    case (nil, nil), ("-", nil): self = .standardOutput
    case (let file?, nil): self = .archive(file)
    case (nil, var folder?):
      while folder.utf8.count > 1, folder.hasSuffix("/") { folder.removeLast() }
      self = .folder(folder)
    case (_?, _?):
      throw UsageError(
        "--output and --output-path are given together",
        hint: "--output FILE makes an archive, --output-path DIR a folder."
      )
    }
  }

  private static func path(
    _ arguments: ParsedArguments,
    _ option: String,
    _ kind: String
  ) throws(UsageError) -> String? {
    guard let path = arguments.first(option) else { return nil }
    guard !path.isEmpty, !path.contains("\0"), !path.contains("://") else {
      throw UsageError(option: "--\(option)", given: path, allowed: "\(kind) on this machine")
    }
    return path
  }
}
