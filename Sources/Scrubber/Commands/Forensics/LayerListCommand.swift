import IndexFormat

/// `scrubber layer list`: the layers of a timeline by its index.
struct LayerListCommand: Sendable, Equatable {
  var options: ForensicOptions
  var selection: LayerSelection

  static let declaration = CommandDeclaration(
    name: "layer list",
    summary: "list the layers that an index names",
    usage: [
      "[TENANT [TIMELINE]]", "[--bucket URL|FOLDER]", "[--tenant-id ID]", "[--timeline-id ID]", "[--key KEY]",
      "[--lsn LSN]", "[--at TIME]", "[--json]",
    ],
    discussion: [
      "A line for each layer, by LSN; with --key only those that cover the key, the newest first. What "
        + "stands at the end "
        + "is the name that layer dump and layer show take.",
      "A layer whose object the listing lacks is marked as missing, one of another size with that size.",
    ],
    options: ForensicOptions.tenantOptions + [
      OptionDeclaration(
        "key",
        .value(name: "KEY"),
        help: "Only layers that cover this key: \(KeyText.allowed)."
      ),
      OptionDeclaration("lsn", .value(name: "LSN"), help: "Only layers that begin at this LSN or before."),
      ForensicOptions.jsonOption, .help,
    ],
    maximumOperands: 2,
    examples: [
      .init(
        command: "scrubber layer list --bucket /srv/copy --timeline-id ID --key 'rel=1663/5/1259 blkno=0'",
        meaning: "Where a page of pg_class may be."
      )
    ]
  )

  init(_ arguments: ParsedArguments, environment: Environment) throws(UsageError) {
    options = try ForensicOptions(arguments, operands: arguments.operands, environment: environment)
    selection = LayerSelection(
      key: try ForensicOptions.key(arguments),
      lsn: try ForensicOptions.lsn(arguments)
    )
  }

  func run(_ desk: CommandDesk) async throws(ScanFailure) -> ExitCode {
    let tenant = try await options.openTenant(desk.environment)
    let views = try tenant.timelines(try tenant.timelineID(options.timeline))
    var count = 0
    var json = JSONWriter()
    json.beginArray()
    for view in views {
      let layers = selection.select(view.layers)
      count += layers.count
      if options.isJSON {
        writeJSON(view, layers, &json, desk)
      } else {
        writeText(view, layers, desk)
      }
    }
    if options.isJSON {
      json.endArray()
      desk.write(json.takeBytes())
      desk.writeLine("")
    }
    guard count > 0 || selection == LayerSelection() else {
      desk.warn("no layer of the timeline covers what was asked for")
      return .nothingMatched
    }
    return .ok
  }

  private func writeText(_ view: TimelineView, _ layers: [LayerReference], _ desk: CommandDesk) {
    let bytes = layers.reduce(UInt64(0)) { $0.saturatingSum($1.layer.fileSize) }
    let shown = layers.count == view.layers.count ? "" : "\(DecimalText.grouped(layers.count)) of "
    desk.writeLine(
      desk.style.heading("timeline \(view.id) of \(view.tenantShard)")
        + ", index of generation \(view.object.generation): \(shown)\(Count(view.layers.count, "layer")), "
        + DecimalText.bytes(bytes)
    )
    var table = TextTable([
      .init(title: "", isNumber: true), .init(title: "kind"), .init(title: "LSN"),
      .init(title: "bytes", isNumber: true),
      .init(title: "generation"), .init(title: "shard"), .init(title: "object"), .init(title: "layer"),
    ])
    for (number, layer) in layers.enumerated() {
      table.add([
        "[\(number)]", layer.name.kindText, layer.name.lsnText, "\(layer.layer.fileSize)",
        "\(layer.layer.generation)", "\(layer.layer.shard)", layer.presence.text, "\(layer.name)",
      ])
    }
    desk.writeLines(table.lines(desk.style))
  }

  private func writeJSON(
    _ view: TimelineView,
    _ layers: [LayerReference],
    _ json: inout JSONWriter,
    _ desk: CommandDesk
  ) {
    json.object { json in
      json.member("tenant_shard_id", view.tenantShard.description)
      json.member("timeline_id", view.id.description)
      json.member("index_key", view.object.object.key)
      json.member("layers") { json in
        json.array { json in
          for layer in layers {
            json.object { layer.write(to: &$0) }
            if json.bytes.count > 1 << 16 { desk.write(json.takeBytes()) }
          }
        }
      }
    }
  }
}

extension LayerReference.Presence {
  var text: String {
    switch self {
    case .present: "present"
    case .missing: "MISSING"
    case .otherSize(let size): "SIZE \(size)"
    }
  }
}

extension LayerReference {
  /// The members of a layer in JSON.
  func write(to json: inout JSONWriter) {
    json.member("name", name.description)
    json.member("kind", name.isDelta ? "delta" : "image")
    json.member("is_l0", name.isL0)
    json.member("lsn_start", name.startLsn.description)
    json.member("lsn_end", name.endLsn.description)
    json.member("key_start", name.keys.start.description)
    json.member("key_end", name.keys.end.description)
    json.member("file_size", layer.fileSize)
    if case .valid(let number) = layer.generation { json.member("generation", number) }
    json.member("shard", layer.shard.description)
    json.member("object_key", key)
    switch presence {
    case .present: json.member("object", "present")
    case .missing: json.member("object", "missing")
    case .otherSize(let size):
      json.member("object", "other-size")
      json.member("object_size", size)
    }
  }
}
