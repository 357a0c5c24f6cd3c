import IndexFormat

/// `scrubber tenant-snapshot`: copies one tenant out of a bucket, as it was at one moment.
struct TenantSnapshotCommand: Sendable, Equatable {
  enum Format: String, Sendable, CaseIterable {
    case text, json
  }

  var options: SnapshotOptions
  var format: Format

  init(_ arguments: ParsedArguments, environment: Environment) throws(UsageError) {
    let tenant = try Self.tenant(arguments)
    var path = try Self.path(arguments)
    while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
    options = SnapshotOptions(
      address: try BucketAddress.resolve(option: arguments.first("bucket"), environment: environment),
      selection: SnapshotSelection(tenant: tenant, timelines: try Self.timelines(arguments)),
      path: path
    )
    options.selection.isAll = arguments.has("all")
    options.moment = try ScanMetadataCommand.moment(arguments)
    options.jobs =
      try ScanMetadataCommand.number(arguments, "jobs", in: SnapshotOptions.allowedJobs) ?? options.jobs
    options.resumes = arguments.has("resume")
    options.verifies = arguments.has("verify")
    format = try ScanMetadataCommand.choice(arguments, "format") ?? .text
    if options.selection.isAll, !options.selection.timelines.isEmpty {
      throw UsageError(
        "--all and --timeline-id are given together",
        hint: "--all takes everything of the tenant, --timeline-id some of it."
      )
    }
  }

  // MARK: Values

  private static func tenant(_ arguments: ParsedArguments) throws(UsageError) -> TenantID {
    guard let text = arguments.first("tenant-id") else {
      throw UsageError("--tenant-id is missing", hint: "Write --tenant-id ID.")
    }
    guard let tenant = TenantID(text) else {
      let hint = TenantShardID(text).map {
        "A snapshot has all shards of a tenant: write --tenant-id \($0.tenant)."
      }
      throw UsageError(option: "--tenant-id", given: text, allowed: "a tenant (32 hex digits)", hint: hint)
    }
    return tenant
  }

  private static func timelines(_ arguments: ParsedArguments) throws(UsageError) -> Set<TimelineID> {
    var timelines = Set<TimelineID>()
    for text in arguments.all("timeline-id") {
      guard let timeline = TimelineID(text) else {
        throw UsageError(option: "--timeline-id", given: text, allowed: "a timeline (32 hex digits)")
      }
      timelines.insert(timeline)
    }
    return timelines
  }

  private static func path(_ arguments: ParsedArguments) throws(UsageError) -> String {
    guard let path = arguments.first("output-path") else {
      throw UsageError("--output-path is missing", hint: "Write --output-path DIR.")
    }
    guard !path.isEmpty, !path.contains("\0"), !path.contains("://") else {
      throw UsageError(option: "--output-path", given: path, allowed: "a folder on this machine")
    }
    return path
  }
}
