import IndexFormat

/// `scrubber layer dump` and `layer show`: what is in one layer.
struct LayerFileCommand: Sendable, Equatable {
  enum Place: Sendable, Equatable {
    case file(String)
    /// A name or a key in a bucket.
    case bucket(ForensicOptions, String)
  }

  struct DumpOptions: Sendable, Equatable {
    var showsBytes = false
    var isIndexOnly = false
    var hidesTree = false
    var key: Key?
  }

  var place: Place
  /// Nil for `layer show`.
  var dump: DumpOptions?
  var isJSON: Bool

  private static let whichLayer =
    "LAYER is a name as layer list shows it, with or without its generation, the key of an object, or a file on this "
    + "machine (without --bucket)."

  static let dumpDeclaration = CommandDeclaration(
    name: "layer dump",
    summary: "print what is in a layer: header, index, every value",
    usage: [
      "LAYER", "[--bucket URL|FOLDER]", "[--tenant-id ID]", "[--timeline-id ID]", "[--index]", "[--no-tree]",
      "[--blobs]", "[--key KEY]", "[--at TIME]", "[--json]",
    ],
    discussion: [
      whichLayer,
      "Values that cannot be read are marked with ERROR where they would stand, and the dump goes on behind "
        + "them. Memory "
        + "does not grow with the layer.",
    ],
    options: ForensicOptions.tenantOptions + [
      OptionDeclaration("index", help: "Only the header and the index; values are not read."),
      OptionDeclaration("no-tree", help: "Without the blocks of the index."),
      OptionDeclaration("blobs", help: "The bytes of each value in hex, too."),
      OptionDeclaration("key", .value(name: "KEY"), help: "Only values of this key: \(KeyText.allowed)."),
      OptionDeclaration(
        "json",
        help: "Print one JSON object, a value after the other; without the blocks of the index."
      ),
      .help,
    ],
    maximumOperands: 1,
    examples: [
      .init(command: "scrubber layer dump FILE --no-tree", meaning: "The values of a layer in a file."),
      .init(command: "scrubber layer dump LAYER --bucket s3://name", meaning: "Of a layer in a bucket."),
    ]
  )

  static let showDeclaration = CommandDeclaration(
    name: "layer show",
    summary: "say what a layer is, what kinds of values it has, and whether it is whole",
    usage: [
      "LAYER", "[--bucket URL|FOLDER]", "[--tenant-id ID]", "[--timeline-id ID]", "[--at TIME]", "[--json]",
    ],
    discussion: [
      whichLayer,
      "All of the layer is read and checked: summary against name, index, and that each value can be read.",
    ],
    options: ForensicOptions.tenantOptions + [ForensicOptions.jsonOption, .help],
    maximumOperands: 1,
    examples: [
      .init(
        command: "scrubber layer show LAYER --bucket /srv/copy",
        meaning: "Of a layer in a copy of a bucket."
      )
    ]
  )

  init(_ arguments: ParsedArguments, isDump: Bool, environment: Environment) throws(UsageError) {
    let name = isDump ? Self.dumpDeclaration.name : Self.showDeclaration.name
    guard let layer = arguments.operands.first, !layer.isEmpty else {
      throw UsageError(
        "\(name): no layer is given",
        hint: "LAYER is a name, a key or a file: scrubber help \(name)"
      )
    }
    if !arguments.has("bucket"), LayerTarget.isFile(layer) {
      for option in ["tenant-id", "timeline-id", "at"] where arguments.has(option) {
        throw UsageError("--\(option) is given with a file", hint: "To look in a bucket, write --bucket.")
      }
      place = .file(layer)
    } else {
      do throws(UsageError) {
        place = .bucket(try ForensicOptions(arguments, environment: environment), layer)
      } catch {
        guard error.message == "no bucket is given" else { throw error }
        throw UsageError("there is no file \"\(layer)\", and no bucket is given", hint: error.hint)
      }
    }
    isJSON = arguments.has("json")
    guard isDump else { return }
    dump = DumpOptions(
      showsBytes: arguments.has("blobs"),
      isIndexOnly: arguments.has("index"),
      hidesTree: arguments.has("no-tree"),
      key: try ForensicOptions.key(arguments)
    )
    try checkTogether(arguments)
  }

  private func checkTogether(_ arguments: ParsedArguments) throws(UsageError) {
    guard arguments.has("index") else { return }
    for option in ["blobs", "no-tree", "key", "json"] where arguments.has(option) {
      throw UsageError(
        "--index and --\(option) are given together",
        hint: "--index prints the index and no values."
      )
    }
  }

  func run(_ desk: CommandDesk) async throws(ScanFailure) -> ExitCode {
    let target = try await target(desk)
    guard let dump else { return try await LayerPortrait(target: target, desk: desk).run(isJSON: isJSON) }
    if isJSON {
      let json = LayerJSONDump(showsBytes: dump.showsBytes, key: dump.key, target: target, desk: desk)
      return try await json.run()
    }
    let text = LayerDump(
      showsTree: !dump.hidesTree,
      showsValues: !dump.isIndexOnly,
      showsBytes: dump.showsBytes,
      key: dump.key,
      target: target,
      desk: desk
    )
    return try await text.run()
  }

  private func target(_ desk: CommandDesk) async throws(ScanFailure) -> LayerTarget {
    switch place {
    case .file(let path): return try await LayerTarget.file(path)
    case .bucket(let options, let text):
      let bucket = try await options.openBucket(desk.environment)
      guard !text.contains("/") else { return try await LayerTarget.object(text, in: bucket) }
      guard let name = LayerFileName(text) else {
        throw ScanFailure(
          message: "\"\(text)\" is neither a file nor the name of a layer",
          hint: "Names are as scrubber layer list shows them.",
          exitCode: .usage
        )
      }
      let tenant = try await TenantView.open(options.tenant, in: bucket)
      if let timeline = options.timeline { _ = try tenant.timelineID(timeline) }
      return try await LayerTarget.named(name, timeline: options.timeline, in: tenant)
    }
  }
}
