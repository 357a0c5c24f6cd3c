import Engine
import Glibc
import IndexFormat

/// `scrubber page get`: what a key was worth at an LSN.
struct PageGetCommand: Sendable, Equatable {
  enum Format: String, Sendable, CaseIterable {
    case text
    case hex
    case raw
    case json
  }

  var options: ForensicOptions
  var page: PageOptions
  /// Nil for the end of the timeline.
  var lsn: Lsn?
  var format: Format
  var explains: Bool
  var takesBase: Bool
  var validates: Bool
  /// A new file for the value, as it is.
  var output: String?

  static let declaration = CommandDeclaration(
    name: "page get",
    summary: "give the value of a key at an LSN, such as a page of a relation",
    usage: [
      "--key KEY|--rel SPC/DB/REL[_FORK] --block N", "[--lsn LSN]", "[--bucket URL|FOLDER]",
      "[--tenant-id ID]", "[--timeline-id ID]", "[--format text|hex|raw|json]", "[--output FILE]",
      "[--explain]", "[--base]", "[--validate]", "[--cache MIB]", "[--stripe-size PAGES]", "[--at TIME]",
      "[--json]",
    ],
    discussion: [
      "The value is read from layers, through the timeline and its ancestors, as a page server does. Of a tenant with "
        + "several shards it is read from the one that owns the key.",
      "--lsn says at which LSN of the timeline, --at from which moment of the bucket.",
      "WAL records are applied to pages as PostgreSQL's recovery does, byte for byte. A kind of record "
        + "whose replay is not supported ends it with exit code \(ExitCode.needsRedo.rawValue), a record that does "
        + "not fit its page with 2.",
    ],
    options: ForensicOptions.tenantOptions + PageOptions.keyOptions + [
      OptionDeclaration(
        "lsn",
        .value(name: "LSN"),
        help: "What is at this LSN counts. Default: the end of the timeline."
      ),
      OptionDeclaration(
        "format",
        .value(name: "FORMAT"),
        help: "text: what the value says (default); hex: a dump; raw: the bytes; json: all of it."
      ),
      OptionDeclaration(
        "output",
        .value(name: "FILE"),
        help: "Write the bytes to this file, which must not exist yet."
      ),
      OptionDeclaration(
        "explain",
        help:
          "Say which layers were read, by how many reads, and which values were taken. Goes to standard error "
          + "where the bytes go to standard output."
      ),
      OptionDeclaration("base", help: "Give the image below the WAL records, and do not apply them."),
      OptionDeclaration("validate", help: "Look at all layers once more, and compare."),
      PageOptions.cacheOption, ForensicOptions.stripeOption,
      OptionDeclaration("json", help: "Short for --format json."), .help,
    ],
    maximumOperands: 2,
    examples: [
      .init(
        command: "scrubber page get --timeline-id ID --rel 1663/5/1259 --block 0 --explain",
        meaning: "The first page of pg_class, and where it came from."
      ),
      .init(
        command: "scrubber page get --timeline-id ID --key KEY --lsn 0/147A958 --output page",
        meaning: "The bytes of a value in a file."
      ),
    ]
  )

  init(_ arguments: ParsedArguments, environment: Environment) throws(UsageError) {
    page = try PageOptions(arguments, Self.declaration)
    options = try ForensicOptions(arguments, operands: arguments.operands, environment: environment)
    lsn = try ForensicOptions.lsn(arguments)
    explains = arguments.has("explain")
    takesBase = arguments.has("base")
    validates = arguments.has("validate")
    output = arguments.first("output")
    let chosen: Format? = try ScanMetadataCommand.choice(arguments, "format")
    if options.isJSON, let chosen, chosen != .json {
      throw UsageError("--json and --format \(chosen.rawValue) are given together")
    }
    format = options.isJSON ? .json : chosen ?? (output == nil ? .text : .raw)
    if output != nil, format != .raw {
      throw UsageError(
        "--output is given with --format \(format.rawValue)",
        hint: "It takes the bytes alone."
      )
    }
    if output == "" { throw UsageError(option: "--output", given: "", allowed: "the name of a new file") }
  }

  func run(_ desk: CommandDesk) async throws(ScanFailure) -> ExitCode {
    let place = try await page.open(options, desk)
    let lsn = try place.lsn(lsn, desk)
    let reading = await PageReading.read(
      page.key,
      at: lsn,
      in: place,
      takesBase: takesBase,
      validates: validates
    )
    let bytes = reading.bytes
    var exitCode = ExitCode.ok
    switch format {
    case .json:
      var json = JSONWriter()
      reading.write(to: &json)
      desk.write(json.bytes)
      desk.writeLine("")
    case .raw:
      if explains { explain(reading, desk, isAside: output == nil) }
      if let bytes { try write(bytes, desk) }
    case .hex:
      if explains { explain(reading, desk, isAside: false) }
      if let bytes { desk.writeLines(HexDump.lines(bytes)) }
    case .text: exitCode = writeText(reading, bytes, desk)
    }
    if bytes == nil, let failure = reading.failure { throw failure }
    return exitCode
  }

  private func explain(_ reading: PageReading, _ desk: CommandDesk, isAside: Bool) {
    let lines = reading.headLines + reading.explanation(desk.style)
    if isAside { for line in lines { desk.note(line) } } else { desk.writeLines(lines) }
  }

  private func writeText(_ reading: PageReading, _ bytes: [UInt8]?, _ desk: CommandDesk) -> ExitCode {
    if explains { explain(reading, desk, isAside: false) } else { desk.writeLines(reading.headLines) }
    guard let bytes else { return .ok }
    if case .base = reading.outcome, let image = reading.found?.image,
      let records = reading.found?.records.count
    {
      desk.writeLine("base of \(image.lsn), below \(Count(records, "WAL record"))")
    }
    let text = ValueText(bytes, of: page.key, pgVersion: reading.place.view.index.metadata.pgVersion)
    var table = TextTable([.init(title: ""), .init(title: "")])
    table.add(["bytes", DecimalText.grouped(bytes.count)])
    for row in text.rows { table.add([row.name, row.text]) }
    desk.writeLines(table.lines(desk.style))
    guard let problem = text.problem else { return .ok }
    desk.warn("value of key \(page.key) at \(reading.lsn): \(problem)")
    return .damage
  }

  private func write(_ bytes: [UInt8], _ desk: CommandDesk) throws(ScanFailure) {
    guard let output else {
      desk.write(bytes)
      return
    }
    do throws(SystemCallError) {
      let file = FileDescriptor(
        number: try SystemCallError.check("create the file \(output)") {
          open(output, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
        }
      )
      try file.write(bytes)
    } catch {
      let hint = error.code == EEXIST ? "Files are never overwritten: choose another name." : nil
      throw ScanFailure(message: "\(error)", hint: hint)
    }
  }
}
