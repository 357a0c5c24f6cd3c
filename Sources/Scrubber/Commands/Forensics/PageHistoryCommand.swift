import Engine
import IndexFormat

/// `scrubber page history`: every version of a key.
struct PageHistoryCommand: Sendable, Equatable {
  var options: ForensicOptions
  var page: PageOptions
  /// Both included.
  var since: Lsn?
  var until: Lsn?

  static let declaration = CommandDeclaration(
    name: "page history",
    summary: "list every version of a key that layers have, the newest first",
    usage: [
      "--key KEY|--rel SPC/DB/REL[_FORK] --block N", "[--since LSN]", "[--until LSN]",
      "[--bucket URL|FOLDER]",
      "[--tenant-id ID]", "[--timeline-id ID]", "[--cache MIB]", "[--stripe-size PAGES]", "[--at TIME]",
      "[--json]",
    ],
    discussion: [
      "Images and WAL records of the timeline, then those of its ancestors up to the branch points, also those that no "
        + "read would take any more. What two layers have is listed twice.",
      "A version that cannot be read is listed with the reason, and the exit code is 2.",
    ],
    options: ForensicOptions.tenantOptions + PageOptions.keyOptions + [
      OptionDeclaration("since", .value(name: "LSN"), help: "The first LSN to list. Default: the beginning."),
      OptionDeclaration("until", .value(name: "LSN"), help: "The last LSN to list. Default: the end."),
      PageOptions.cacheOption, ForensicOptions.stripeOption, ForensicOptions.jsonOption, .help,
    ],
    maximumOperands: 2,
    examples: [
      .init(
        command: "scrubber page history --timeline-id ID --rel 1663/5/1259 --block 0",
        meaning: "What happened to the first page of pg_class."
      )
    ]
  )

  init(_ arguments: ParsedArguments, environment: Environment) throws(UsageError) {
    page = try PageOptions(arguments, Self.declaration)
    options = try ForensicOptions(arguments, operands: arguments.operands, environment: environment)
    since = try ForensicOptions.lsn(arguments, "since")
    until = try ForensicOptions.lsn(arguments, "until")
    if let since, let until, since > until {
      throw UsageError("--since \(since) is behind --until \(until)", hint: "There are no LSNs in between.")
    }
  }

  /// What is counted while versions come.
  private final class Tally {
    var count = 0
    var exitCode = ExitCode.ok
    var json = JSONWriter()
  }

  func run(_ desk: CommandDesk) async throws(ScanFailure) -> ExitCode {
    let place = try await page.open(options, desk)
    let first = since ?? .invalid
    let history = KeyHistory(key: page.key, place: place, lsns: first...max(first, until ?? Lsn(.max)))
    let tally = Tally()
    begin(place, tally, desk)
    for link in history.links { try await write(link, history, tally, desk) }
    end(tally, desk)
    return tally.exitCode == .ok && tally.count == 0 ? .nothingMatched : tally.exitCode
  }

  private func begin(_ place: OpenTimeline, _ tally: Tally, _ desk: CommandDesk) {
    guard options.isJSON else {
      desk.writeLine("\(page.key.described)")
      return
    }
    tally.json.beginObject()
    tally.json.member("key", page.key.description)
    tally.json.member("kind", KeyClass(page.key).description)
    tally.json.member("tenant_shard_id", place.view.tenantShard.description)
    tally.json.member("timeline_id", place.view.id.description)
    tally.json.name("versions")
    tally.json.beginArray()
  }

  private func end(_ tally: Tally, _ desk: CommandDesk) {
    guard options.isJSON else {
      desk.writeLine("\(Count(tally.count, "version"))")
      return
    }
    tally.json.endArray()
    tally.json.member("version_count", tally.count)
    tally.json.endObject()
    desk.write(tally.json.takeBytes())
    desk.writeLine("")
  }

  private func write(
    _ link: KeyHistory.Link,
    _ history: KeyHistory,
    _ tally: Tally,
    _ desk: CommandDesk
  ) async throws(ScanFailure) {
    if !options.isJSON {
      let limit = link.limit.map { " up to \($0)" } ?? ""
      desk.writeLine(desk.style.heading("timeline \(link.timeline.id)\(limit)"))
      for (position, layer) in link.layers.enumerated() { desk.writeLine("[\(position)] \(layer.name)") }
    }
    try await history.forEach(of: link) { layer, error in
      tally.exitCode = ExitCode.worse(ExitCode(error), tally.exitCode)
      desk.warn("\(error)")
    } _: { version in
      tally.count += 1
      if let problem = version.problem {
        tally.exitCode = ExitCode.worse(ScanFailure(problem).exitCode, tally.exitCode)
      }
      if options.isJSON {
        write(version, link, history.place.version, &tally.json)
        desk.write(tally.json.takeBytes())
      } else {
        let text =
          version.value.map { $0.text(history.place.version) } ?? version.problem.map { "ERROR: \($0)" } ?? ""
        desk.writeLine("\(version.lsn)  [\(version.layer)]  \(TerminalText.escape(text))")
      }
    }
  }

  private func write(
    _ version: KeyHistory.Version,
    _ link: KeyHistory.Link,
    _ postgres: PostgresVersion?,
    _ json: inout JSONWriter
  ) {
    json.object { json in
      json.member("lsn", version.lsn.description)
      json.member("timeline_id", link.timeline.id.description)
      json.member("object_key", link.layers[version.layer].key)
      version.value?.write(to: &json, postgres)
      json.member("error", ifPresent: version.problem.map { "\($0)" })
    }
  }
}
