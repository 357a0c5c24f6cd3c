import IndexFormat

/// `scrubber index search`: which layers may have to be read for a key at an LSN.
struct IndexSearchCommand: Sendable, Equatable {
  var options: ForensicOptions
  var key: Key
  /// Nil for the end of the timeline.
  var lsn: Lsn?
  var goesOn: Bool

  static let declaration = CommandDeclaration(
    name: "index search",
    summary: "list the layers that a read of a key at an LSN may visit",
    usage: [
      "--key KEY", "[--lsn LSN]", "[--bucket URL|FOLDER]", "[--tenant-id ID]", "[--timeline-id ID]",
      "[--all]",
      "[--stripe-size PAGES]", "[--at TIME]", "[--json]",
    ],
    discussion: [
      "The newest first, as a reader comes to them, through the timeline and its ancestors. An image ends the read; a "
        + "delta may end it, too, which only the layer itself can tell.",
      "Of a tenant with several shards it is the shard that owns the key.",
    ],
    options: ForensicOptions.tenantOptions + [
      OptionDeclaration(
        "key",
        .value(name: "KEY"),
        help: "\(KeyText.allowed.capitalizedFirst). Must be given."
      ),
      OptionDeclaration(
        "lsn",
        .value(name: "LSN"),
        help: "What is at this LSN counts. Default: the end of the timeline."
      ),
      OptionDeclaration("all", help: "Go on behind the image at which a read ends."),
      ForensicOptions.stripeOption, ForensicOptions.jsonOption, .help,
    ],
    maximumOperands: 2,
    examples: [
      .init(
        command: "scrubber index search --timeline-id ID --key 'rel=1663/5/1259 blkno=0'",
        meaning: "Where a reader looks for the first page of pg_class."
      )
    ]
  )

  init(_ arguments: ParsedArguments, environment: Environment) throws(UsageError) {
    options = try ForensicOptions(arguments, operands: arguments.operands, environment: environment)
    guard let key = try ForensicOptions.key(arguments) else {
      throw UsageError("--key is missing", hint: "Write --key KEY: \(KeyText.allowed).")
    }
    self.key = key
    lsn = try ForensicOptions.lsn(arguments)
    goesOn = arguments.has("all")
  }

  func run(_ desk: CommandDesk) async throws(ScanFailure) -> ExitCode {
    let tenant = try await options.openTenant(desk.environment)
    let id = try tenant.timelineID(options.timeline)
    guard let shard = tenant.owner(of: key) else {
      throw ScanFailure(
        message: "key \(key) belongs to another shard",
        hint: "See scrubber key describe --shard-count.",
        exitCode: .nothingMatched
      )
    }
    let view = try tenant.timeline(id, on: shard)
    let lsn = lsn ?? view.index.diskConsistentLsn
    let search = LayerSearch(key, at: lsn, in: try tenant.ancestry(of: view), goesOn: goesOn)
    if options.isJSON { writeJSON(search, view, lsn, desk) } else { writeText(search, view, lsn, desk) }
    return search.steps.isEmpty ? .nothingMatched : .ok
  }

  private func writeText(_ search: LayerSearch, _ view: TimelineView, _ lsn: Lsn, _ desk: CommandDesk) {
    desk.writeLine("\(key.described)")
    desk.writeLine("at \(lsn) on timeline \(view.id) of \(view.tenantShard)")
    var table = TextTable([
      .init(title: "", isNumber: true), .init(title: "below"), .init(title: "kind"), .init(title: "LSN"),
      .init(title: "bytes", isNumber: true), .init(title: "object"), .init(title: "key of the object"),
    ])
    for (number, step) in search.steps.enumerated() {
      let layer = step.layer
      table.add([
        "[\(number)]", "\(step.limit)", layer.name.kindText, layer.name.lsnText, "\(layer.layer.fileSize)",
        layer.presence.text, layer.key,
      ])
    }
    if !search.steps.isEmpty { desk.writeLines(table.lines(desk.style)) }
    desk.writeLine(verdict(search))
  }

  private func verdict(_ search: LayerSearch) -> String {
    if search.steps.isEmpty { return "no layer covers the key at this LSN" }
    if let position = search.steps.firstIndex(where: { !$0.layer.name.isDelta }) {
      return "a read ends at layer [\(position)], an image, if none of the deltas before it ends it"
    }
    return "no image: the read ends at the first value that needs none before, or the key is missing"
  }

  private func writeJSON(_ search: LayerSearch, _ view: TimelineView, _ lsn: Lsn, _ desk: CommandDesk) {
    var json = JSONWriter()
    json.object { json in
      json.member("key", key.description)
      json.member("lsn", lsn.description)
      json.member("tenant_shard_id", view.tenantShard.description)
      json.member("timeline_id", view.id.description)
      json.member("layers") { json in
        json.array { json in
          for step in search.steps {
            json.object { json in
              json.member("below", step.limit.description)
              json.member("timeline_id", step.layer.timeline.description)
              step.layer.write(to: &json)
            }
          }
        }
      }
      json.member("ends_at", ifPresent: search.steps.firstIndex { !$0.layer.name.isDelta })
    }
    desk.write(json.bytes)
    desk.writeLine("")
  }
}
