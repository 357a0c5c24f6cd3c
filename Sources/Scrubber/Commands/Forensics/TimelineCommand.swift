import IndexFormat

/// `scrubber timeline list` and `timeline tree`: what timelines a tenant has, and how they branch.
struct TimelineCommand: Sendable, Equatable {
  var options: ForensicOptions
  var isTree: Bool

  static let list = CommandDeclaration(
    name: "timeline list",
    summary: "list the timelines of a tenant and their state",
    usage: [
      "[TENANT]", "[--bucket URL|FOLDER]", "[--tenant-id ID]", "[--timeline-id ID]", "[--at TIME]",
      "[--json]",
    ],
    discussion: [
      "A line for each timeline and shard that serves the tenant: what its newest index says, or why that "
        + "cannot be read.",
      "Layers and bytes are those that the index names, also in folders of shards that were split.",
    ],
    options: ForensicOptions.tenantOptions + [ForensicOptions.jsonOption, .help],
    maximumOperands: 1,
    tables: [states],
    examples: [
      .init(
        command: "scrubber timeline list --bucket /srv/copy",
        meaning: "The timelines of the only tenant there."
      )
    ]
  )

  static let tree = CommandDeclaration(
    name: "timeline tree",
    summary: "draw the timelines of a tenant with their branch points",
    usage: ["[TENANT]", "[--bucket URL|FOLDER]", "[--tenant-id ID]", "[--at TIME]", "[--json]"],
    discussion: [
      "Each timeline stands below the one that it branched off, with the LSN of the branch point in front. Of a tenant "
        + "with several shards it is what the first of them says."
    ],
    options: ForensicOptions.tenantOptions.filter { $0.name != "timeline-id" } + [
      ForensicOptions.jsonOption, .help,
    ],
    maximumOperands: 1,
    examples: [
      .init(
        command: "scrubber timeline tree --bucket s3://name --tenant-id ID --at 2026-11-23T02:10:30Z",
        meaning: "The branches as they were then; the bucket must keep versions."
      )
    ]
  )

  private static let states = CommandDeclaration.Table(
    title: "states",
    rows: [
      ["active", "nothing special"],
      ["deleting", "deletion has begun: layers may be gone"],
      ["archived", "not served, but kept"],
      ["offloaded", "archived, and only the manifest knows of it"],
      ["invisible", "hidden from computes"],
      ["importing", "data of a data directory is being taken in"],
      ["gc-blocked", "garbage collection must not run"],
      ["detached", "was detached from its ancestor"],
      ["no-index", "layers without an index: half made or half deleted"],
      ["damaged-index", "the index cannot be read"],
      ["unknown", "the store gave no answer"],
    ]
  )

  init(_ arguments: ParsedArguments, isTree: Bool, environment: Environment) throws(UsageError) {
    options = try ForensicOptions(arguments, operands: arguments.operands, environment: environment)
    self.isTree = isTree
  }

  func run(_ desk: CommandDesk) async throws(ScanFailure) -> ExitCode {
    let tenant = try await options.openTenant(desk.environment)
    if let timeline = options.timeline { _ = try tenant.timelineID(timeline) }
    let summaries = TimelineSummary.all(in: tenant, only: options.timeline)
    if options.isJSON {
      writeJSON(summaries, tenant, desk)
    } else if isTree {
      desk.writeLines(
        TimelineTree(summaries.filter { $0.shard == tenant.shards.first }, style: desk.style).lines
      )
    } else {
      writeTable(summaries, tenant, desk)
    }
    for summary in summaries { if let problem = summary.problem { desk.warn(problem) } }
    guard !summaries.isEmpty else {
      desk.warn("\(tenant.bucket.location): tenant \(tenant.tenant) has no timelines")
      return .nothingMatched
    }
    return summaries.reduce(.ok) { .worse($0, $1.exitCode) }
  }

  // MARK: Text

  private func writeTable(_ summaries: [TimelineSummary], _ tenant: TenantView, _ desk: CommandDesk) {
    let shards =
      tenant.isSharded ? ", shards \(tenant.shards.map(\.description).joined(separator: ", "))" : ""
    let stripes = tenant.isSharded ? ", stripes of \(tenant.stripeSize)" : ""
    desk.writeLine(
      TerminalText.escape("tenant \(tenant.tenant) in \(tenant.bucket.location)\(shards)\(stripes)")
    )
    var columns: [TextTable.Column] = [.init(title: "timeline")]
    if tenant.isSharded { columns.append(.init(title: "shard")) }
    columns += [
      .init(title: "branched off at"), .init(title: "ends at", isNumber: true),
      .init(title: "pg", isNumber: true),
      .init(title: "layers", isNumber: true), .init(title: "size", isNumber: true),
      .init(title: "generation"),
      .init(title: "state"),
    ]
    var table = TextTable(columns)
    for summary in summaries {
      table.add(cells(summary, isSharded: tenant.isSharded))
    }
    desk.writeLines(table.lines(desk.style))
  }

  private func cells(_ summary: TimelineSummary, isSharded: Bool) -> [String] {
    var cells = ["\(summary.id)"]
    if isSharded { cells.append("\(summary.shard)") }
    cells.append(summary.ancestor.map { "\($0.timeline)@\($0.lsn)" } ?? "-")
    if let view = summary.view {
      cells.append("\(view.index.diskConsistentLsn)")
      cells.append("\(view.index.metadata.pgVersion)")
      cells.append(DecimalText.grouped(view.layers.count))
      cells.append(DecimalText.bytes(view.layerByteCount))
    } else {
      cells += ["-", "-", "-", "-"]
    }
    cells.append(summary.generation?.description ?? "-")
    cells.append(summary.stateText)
    return cells
  }

  // MARK: JSON

  private func writeJSON(_ summaries: [TimelineSummary], _ tenant: TenantView, _ desk: CommandDesk) {
    var json = JSONWriter()
    json.object { json in
      json.member("tenant_id", tenant.tenant.description)
      json.member("location", tenant.bucket.store.location)
      json.member("as_of", ifPresent: tenant.bucket.moment?.rfc3339)
      json.member("shards") { json in
        json.array { json in for shard in tenant.shards { json.value(shard.description) } }
      }
      if tenant.isSharded { json.member("stripe_size", tenant.stripeSize.pages) }
      json.member("timelines") { json in
        json.array { json in for summary in summaries { write(summary, to: &json) } }
      }
    }
    desk.write(json.bytes)
    desk.writeLine("")
  }

  private func write(_ summary: TimelineSummary, to json: inout JSONWriter) {
    json.object { json in
      json.member("timeline_id", summary.id.description)
      json.member("shard", summary.shard.description)
      json.name("ancestor_timeline_id")
      if let ancestor = summary.ancestor { json.value(ancestor.timeline.description) } else { json.null() }
      json.name("ancestor_lsn")
      if let ancestor = summary.ancestor { json.value(ancestor.lsn.description) } else { json.null() }
      if let view = summary.view {
        let metadata = view.index.metadata
        json.member("disk_consistent_lsn", view.index.diskConsistentLsn.description)
        json.member("initdb_lsn", metadata.initdbLsn.description)
        json.member("latest_gc_cutoff_lsn", metadata.latestGcCutoffLsn.description)
        json.member("pg_version", metadata.pgVersion)
        json.member("index_version", view.index.version)
        json.member("layer_count", view.layers.count)
        json.member("layer_bytes", view.layerByteCount)
      }
      if case .valid(let number)? = summary.generation { json.member("generation", number) }
      json.member("states") { json in
        json.array { json in for state in summary.states { json.value(state.rawValue) } }
      }
      json.member("problem", ifPresent: summary.problem)
    }
  }
}
