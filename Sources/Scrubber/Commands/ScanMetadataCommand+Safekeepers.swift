import IndexFormat

/// What differs by whose objects are scanned.
extension ScanMetadataCommand {
  static func nodeKind(_ arguments: ParsedArguments) throws(UsageError) -> NodeKind {
    let hint = "Write --node-kind pageserver or --node-kind safekeeper."
    guard arguments.has("node-kind") else { throw UsageError("--node-kind is missing", hint: hint) }
    return try choice(arguments, "node-kind") ?? .pageserver
  }

  static func depth(_ arguments: ParsedArguments, _ kind: NodeKind) throws(UsageError) -> ScanDepth {
    let depth: ScanDepth? = try choice(arguments, "depth")
    switch (kind, depth) {
    case (.pageserver, nil): return .index
    case (.safekeeper, nil): return .list
    case (.pageserver, .wal):
      throw UsageError(
        option: "--depth",
        given: "wal",
        allowed: "list, index, layers or blobs",
        hint: "Page servers keep no WAL in the bucket; --depth wal goes with --node-kind safekeeper."
      )
    case (.safekeeper, .some(let depth)) where depth == .index || depth.opensLayers:
      throw UsageError(
        option: "--depth",
        given: depth.rawValue,
        allowed: "list or wal",
        hint: "Safekeepers have no \(depth == .index ? "index files" : "layers"); "
          + "--depth \(depth.rawValue) goes with --node-kind pageserver."
      )
    case (_, .some(let depth)): return depth
    }
  }

  /// Options that only a scan of safekeepers' objects has.
  static let safekeeperOptions = [
    "dump-db-connstr", "dump-db-table", "timeline-lsns", "dump-file", "wal-seg-size",
  ]

  static func safekeepers(
    _ arguments: ParsedArguments,
    _ kind: NodeKind
  ) throws(UsageError) -> SafekeeperOptions? {
    guard kind == .safekeeper else {
      if let name = safekeeperOptions.first(where: arguments.has) {
        throw UsageError(
          "--\(name) makes no sense for page servers",
          hint: "It goes with --node-kind safekeeper."
        )
      }
      return nil
    }
    var options = SafekeeperOptions(source: try source(arguments))
    guard let text = arguments.first("wal-seg-size") else { return options }
    guard let byteCount = UInt64(text), !text.hasPrefix("+"), let size = WALSegmentSize(byteCount: byteCount)
    else {
      throw UsageError(
        option: "--wal-seg-size",
        given: text,
        allowed: "bytes: a power of two from 1048576 to 1073741824"
      )
    }
    options.segmentSize = size
    return options
  }

  private static func source(_ arguments: ParsedArguments) throws(UsageError) -> SafekeeperOptions.Source {
    let hint = "Give --dump-db-connstr and --dump-db-table, or --dump-file, or --timeline-lsns."
    let hasDatabase = arguments.has("dump-db-connstr") || arguments.has("dump-db-table")
    let given = [hasDatabase, arguments.has("dump-file"), arguments.has("timeline-lsns")].filter { $0 }
    guard given.count == 1 else {
      throw UsageError(
        given.isEmpty
          ? "nothing says which timelines safekeepers have" : "more than one source of timelines is given",
        hint: hint
      )
    }
    if let text = arguments.first("timeline-lsns") { return .list(text) }
    if arguments.has("dump-file") { return .dumps(arguments.all("dump-file")) }
    guard let connection = arguments.first("dump-db-connstr"), let table = arguments.first("dump-db-table")
    else {
      let missing = arguments.has("dump-db-connstr") ? "table" : "connstr"
      throw UsageError("--dump-db-\(missing) is missing", hint: hint)
    }
    guard !connection.contains("\0"), !table.contains("\0"), !table.isEmpty else {
      throw UsageError("--dump-db-table: found \"\(table)\", expected the name of a table")
    }
    return .database(connection: Secret(connection), table: table)
  }
}
