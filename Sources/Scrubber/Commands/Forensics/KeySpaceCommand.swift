import Engine
import IndexFormat

/// `scrubber keyspace`: which keys a timeline has at an LSN, and what they make up.
struct KeySpaceCommand: Sendable, Equatable {
  enum Show: String, Sendable, CaseIterable {
    case ranges
    case databases
    case relations
    case slrus
    case auxFiles = "aux-files"
    case summary
  }

  var options: ForensicOptions
  /// Nil for the end of the timeline.
  var lsn: Lsn?
  var show: Show
  var cacheByteCount: Int

  static let declaration = CommandDeclaration(
    name: "keyspace",
    summary: "list the keys of a timeline at an LSN: databases, relations, SLRUs and their sizes",
    usage: [
      "[TENANT [TIMELINE]]", "[--lsn LSN]", "[--show WHAT]", "[--bucket URL|FOLDER]", "[--tenant-id ID]",
      "[--timeline-id ID]", "[--cache MIB]", "[--stripe-size PAGES]", "[--at TIME]", "[--json]",
    ],
    discussion: [
      "What there is follows from directories that are values themselves: they are read from layers at the LSN. "
        + "Keys of dropped relations are still in layers, but not in the key space.",
      "Of a tenant with several shards it is that of shard 0, which knows all sizes; name another "
        + "one with --tenant-id.",
    ],
    options: ForensicOptions.tenantOptions + [
      OptionDeclaration(
        "lsn",
        .value(name: "LSN"),
        help: "What is at this LSN counts. Default: the end of the timeline."
      ),
      OptionDeclaration(
        "show",
        .value(name: "WHAT"),
        help: "ranges of keys (default), databases, relations, slrus, aux-files, or summary alone."
      ),
      PageOptions.cacheOption, ForensicOptions.stripeOption,
      OptionDeclaration(
        "json",
        help: "Print JSON instead of text; ranges as page servers give them: keys, sparse_keys, at_lsn."
      ),
      .help,
    ],
    maximumOperands: 2,
    examples: [
      .init(command: "scrubber keyspace --show databases", meaning: "Databases and their sizes."),
      .init(command: "scrubber keyspace --lsn 0/147A958 --json", meaning: "All keys at an LSN."),
    ]
  )

  init(_ arguments: ParsedArguments, environment: Environment) throws(UsageError) {
    options = try ForensicOptions(arguments, operands: arguments.operands, environment: environment)
    lsn = try ForensicOptions.lsn(arguments)
    show = try ScanMetadataCommand.choice(arguments, "show") ?? .ranges
    cacheByteCount = try PageOptions.cacheByteCount(arguments)
  }

  func run(_ desk: CommandDesk) async throws(ScanFailure) -> ExitCode {
    let tenant = try await options.openTenant(desk.environment)
    let id = try tenant.timelineID(options.timeline)
    guard let shard = tenant.owner(of: .databaseDirectory) ?? tenant.shards.first else {
      throw ScanFailure(message: "tenant \(tenant.tenant) has no shards", exitCode: .nothingMatched)
    }
    let view = try tenant.timeline(id, on: shard)
    let place = try OpenTimeline(view, in: tenant, cacheByteCount: cacheByteCount)
    let lsn = try place.lsn(lsn, desk)
    let report = KeySpaceReport(catalog: try place.catalog(), view: view, lsn: lsn, desk: desk)
    do throws(ReadError) {
      if options.isJSON { try await report.writeJSON(show) } else { try await report.writeText(show) }
    } catch {
      throw ScanFailure(error)
    }
    return .ok
  }
}
