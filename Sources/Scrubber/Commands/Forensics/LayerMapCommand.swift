import IndexFormat

/// `scrubber layer-map`: a drawing of a timeline's layers.
struct LayerMapCommand: Sendable, Equatable {
  var options: ForensicOptions
  var width: Int?

  static let declaration = CommandDeclaration(
    name: "layer-map",
    summary: "draw the layers of a timeline: keys from left to right, LSNs from the bottom up",
    usage: [
      "[TENANT [TIMELINE]]", "[--bucket URL|FOLDER]", "[--tenant-id ID]", "[--timeline-id ID]", "[--width N]",
      "[--at TIME]", "[--json]",
    ],
    discussion: [
      "Only the order of keys and LSNs is drawn, not how far they are apart. If there are more than fit, "
        + "neighbours share "
        + "a column or a row; there are at most \(LayerDrawing.maximumRows) rows."
    ],
    options: ForensicOptions.tenantOptions + [
      OptionDeclaration(
        "width",
        .value(name: "N"),
        help: "Characters a line, 40 to 500. Default: those of the terminal, or \(CommandDesk.defaultWidth)."
      ),
      OptionDeclaration("json", help: "Print the counts and the layers as JSON."), .help,
    ],
    maximumOperands: 2,
    examples: [
      .init(
        command: "scrubber layer-map --bucket /srv/copy --timeline-id ID",
        meaning: "Of a timeline of the only tenant."
      )
    ]
  )

  init(_ arguments: ParsedArguments, environment: Environment) throws(UsageError) {
    options = try ForensicOptions(arguments, operands: arguments.operands, environment: environment)
    width = try ScanMetadataCommand.number(arguments, "width", in: 40...500)
  }

  private struct Counts {
    var images = 0
    var imageBytes: UInt64 = 0
    var deltas = 0
    var deltaBytes: UInt64 = 0
    var l0s = 0

    init(_ layers: [LayerReference]) {
      for layer in layers {
        if layer.name.isDelta {
          deltas += 1
          deltaBytes = deltaBytes.saturatingSum(layer.layer.fileSize)
          l0s += layer.name.isL0 ? 1 : 0
        } else {
          images += 1
          imageBytes = imageBytes.saturatingSum(layer.layer.fileSize)
        }
      }
    }
  }

  func run(_ desk: CommandDesk) async throws(ScanFailure) -> ExitCode {
    let tenant = try await options.openTenant(desk.environment)
    let views = try tenant.timelines(try tenant.timelineID(options.timeline))
    if options.isJSON {
      var json = JSONWriter()
      json.beginArray()
      for view in views { write(view, &json, desk) }
      json.endArray()
      desk.write(json.takeBytes())
      desk.writeLine("")
    } else {
      for view in views { write(view, desk) }
    }
    return .ok
  }

  private func write(_ view: TimelineView, _ desk: CommandDesk) {
    let counts = Counts(view.layers)
    desk.writeLine(desk.style.heading("timeline \(view.id) of \(view.tenantShard)"))
    desk.writeLine(
      "\(Count(counts.images, "image")), \(DecimalText.bytes(counts.imageBytes)); "
        + "\(Count(counts.deltas, "delta")), \(DecimalText.bytes(counts.deltaBytes)), of which \(counts.l0s) L0"
    )
    let drawing = LayerDrawing(view.layers.map(\.name), width: width ?? desk.width)
    guard !drawing.layers.isEmpty else { return }
    desk.writeLine(LayerDrawing.legend)
    desk.writeLines(drawing.lines)
    desk.writeLines(drawing.marks)
  }

  private func write(_ view: TimelineView, _ json: inout JSONWriter, _ desk: CommandDesk) {
    let counts = Counts(view.layers)
    json.object { json in
      json.member("tenant_shard_id", view.tenantShard.description)
      json.member("timeline_id", view.id.description)
      json.member("total_images", counts.images)
      json.member("total_image_bytes", counts.imageBytes)
      json.member("total_deltas", counts.deltas)
      json.member("total_delta_bytes", counts.deltaBytes)
      json.member("total_l0", counts.l0s)
      json.member("layers") { json in
        json.array { json in
          for layer in LayerSelection().select(view.layers) {
            json.object { layer.write(to: &$0) }
            if json.bytes.count > 1 << 16 { desk.write(json.takeBytes()) }
          }
        }
      }
    }
  }
}
