import IndexFormat
import Synchronization
import Testing
@testable import Scrubber

@Suite struct ScanMetadataOptionsTests {
  private static let base = ["scan-metadata", "--bucket", "/srv", "-n", "pageserver"]

  private func command(_ more: String...) throws(UsageError) -> ScanMetadataCommand? {
    let invocation = try Invocation(Self.base + more, environment: Environment([:]))
    guard case .scanMetadata(let command) = invocation else { return nil }
    return command
  }

  private func refusal(_ arguments: [String], environment: [String: String] = [:]) -> String? {
    do throws(UsageError) {
      _ = try Invocation(arguments, environment: Environment(environment))
      return nil
    } catch {
      return error.description
    }
  }

  @Test func defaultsAreAsDocumented() throws {
    let command = try #require(try command())
    #expect(
      command.scan
        == ScanOptions(address: .folder(path: "/srv"), depth: .index, tenants: [], jobs: 32, moment: nil)
    )
    #expect(command.report == ReportOptions())
    #expect(command.format == .text)
  }

  @Test func everyOptionArrives() throws {
    let tenant = "1f359dd625e519a1a4e8d7509690f6fc"
    let command = try #require(
      try command(
        "--tenant-id",
        tenant,
        "--tenant-id",
        "\(tenant)-0102",
        tenant,
        "--depth",
        "list",
        "--format",
        "ndjson",
        "--strict",
        "-j",
        "256",
        "--at",
        "2026-11-23T02:10:30Z",
        "--min-severity",
        "warning",
        "--max-findings",
        "0",
        "-v"
      )
    )
    #expect(
      command.scan.tenants == [
        .tenant(SampleScan.tenant), .shard(TenantShardID(tenant: SampleScan.tenant, shard: SampleScan.shard)),
      ]
    )
    #expect(command.scan.tenants.map(\.tenant) == [SampleScan.tenant, SampleScan.tenant])
    #expect(command.scan.depth == .list)
    #expect(command.scan.jobs == 256)
    #expect(command.scan.moment == Timestamp(seconds: 1_795_399_830))
    #expect(command.format == .ndjson)
    #expect(
      command.report
        == ReportOptions(minimumSeverity: .warning, maximumFindings: 0, isStrict: true, isVerbose: true)
    )
  }

  @Test func jsonIsShortForItsFormat() throws {
    #expect(try command("--json")?.format == .json)
    #expect(try command("--format", "json")?.format == .json)
  }

  @Test func environmentMaySayWhereTheDataIs() throws {
    let invocation = try Invocation(
      ["scan-metadata", "-n", "pageserver"],
      environment: Environment(["REMOTE_STORAGE_CONFIG": "local_path = \"/srv/copy\""])
    )
    guard case .scanMetadata(let command) = invocation else {
      Issue.record("expected a scan")
      return
    }
    #expect(command.scan.address == .folder(path: "/srv/copy"))
  }

  @Test(arguments: [
    (
      ["--json", "--format", "text"],
      "--json and --format are given together\nHINT: --json is short for --format json."
    ),
    (["--format", "jsn"], "--format: found \"jsn\", expected text, json, ndjson\nHINT: Did you mean json?"),
    (["--depth", "deep"], "--depth: found \"deep\", expected list, index, layers, blobs, wal"),
    (
      ["--depth", "wal"],
      "--depth: found \"wal\", expected list, index, layers or blobs\nHINT: Page servers keep no WAL in the bucket; --depth wal goes with --node-kind safekeeper."
    ),
    (
      ["--timeline-lsns", "[]"],
      "--timeline-lsns makes no sense for page servers\nHINT: It goes with --node-kind safekeeper."
    ),
    (
      ["--jobs", "0"],
      "--jobs: found \"0\", expected a number from 1 to 256\nHINT: -j is short for --jobs; for JSON write --json."
    ),
    (
      ["--jobs=257"],
      "--jobs: found \"257\", expected a number from 1 to 256\nHINT: -j is short for --jobs; for JSON write --json."
    ),
    (["--max-findings=-1"], "--max-findings: found \"-1\", expected a number from 0 to 10000000"),
    (
      ["--max-findings=99999999999999999999"],
      "--max-findings: found \"99999999999999999999\", expected a number from 0 to 10000000"
    ),
    (["--max-findings="], "--max-findings: found \"\", expected a number from 0 to 10000000"),
    (
      ["--min-severity", "warn"],
      "--min-severity: found \"warn\", expected error, warning, garbage, info\nHINT: Did you mean warning?"
    ),
    (
      ["--at", "yesterday"],
      "--at: found \"yesterday\", expected a UTC time like 2026-11-23T02:10:30Z, a fraction of a second allowed"
    ),
    (
      ["--tenant-id", "xyz"],
      "--tenant-id: found \"xyz\", expected a tenant (32 hex digits) or one of its shards (32 hex digits, a dash, 4 hex digits)"
    ),
    (
      ["--delete"], "unknown option --delete of scan-metadata\nHINT: All options: scrubber help scan-metadata"
    ),
    (
      ["extra"],
      "scan-metadata: unexpected argument \"extra\"\nHINT: All options: scrubber help scan-metadata"
    ),
  ])
  func wrongValueIsNamed(more: [String], expected: String) {
    #expect(refusal(Self.base + more) == "scrubber: " + expected)
  }

  @Test func nodeKindIsChecked() {
    let hint = "HINT: Write --node-kind pageserver or --node-kind safekeeper."
    #expect(refusal(["scan-metadata"]) == "scrubber: --node-kind is missing\n\(hint)")
    #expect(
      refusal(["scan-metadata", "-n", "proxy"])
        == "scrubber: --node-kind: found \"proxy\", expected pageserver, safekeeper"
    )
  }

  private static let safekeeper = ["scan-metadata", "--bucket", "/srv", "-n", "safekeeper"]

  @Test func optionsOfSafekeepersArrive() throws {
    func options(_ more: [String]) throws -> ScanOptions {
      let invocation = try Invocation(Self.safekeeper + more, environment: Environment([:]))
      guard case .scanMetadata(let command) = invocation else { throw UsageError("not a scan") }
      return command.scan
    }
    let list = try options(["--timeline-lsns", "@list.json", "--wal-seg-size", "67108864"])
    #expect(list.depth == .list)
    #expect(list.safekeepers?.source == .list("@list.json"))
    #expect(list.safekeepers?.segmentSize?.byteCount == 64 << 20)
    let dumps = try options(["--dump-file", "a", "b", "--dump-file", "c", "--depth", "wal"])
    #expect(dumps.safekeepers?.source == .dumps(["a", "b", "c"]))
    #expect(dumps.depth == .wal)
    let connection = "host=db password=hush"
    let database = try options(["--dump-db-connstr", connection, "--dump-db-table", "d"])
    #expect(database.safekeepers?.source == .database(connection: Secret(connection), table: "d"))
    // However it is printed.
    #expect(!"\(database)".contains("hush"))
    #expect(!String(reflecting: database).contains("hush"))
    var dumped = ""
    dump(database, to: &dumped)
    #expect(!dumped.contains("hush"))
  }

  @Test(arguments: [
    ([], "nothing says which timelines safekeepers have"),
    (["--timeline-lsns", "[]", "--dump-file", "x"], "more than one source of timelines is given"),
    (["--dump-db-connstr", "password=hush"], "--dump-db-table is missing"),
    (["--dump-db-table", "x"], "--dump-db-connstr is missing"),
    (["--timeline-lsns", "[]", "--depth", "index"], "--depth: found \"index\", expected list or wal"),
    (["--timeline-lsns", "[]", "--depth", "blobs"], "--depth: found \"blobs\", expected list or wal"),
    (
      ["--timeline-lsns", "[]", "--wal-seg-size", "3"],
      "--wal-seg-size: found \"3\", expected bytes: a power of two from 1048576 to 1073741824"
    ),
  ])
  func wrongOptionsOfSafekeepersAreNamed(more: [String], expected: String) throws {
    let text = try #require(refusal(Self.safekeeper + more))
    #expect(text.hasPrefix("scrubber: " + expected))
    #expect(!text.contains("hush"))
  }

  @Test func wrongCommandsAreNamed() {
    #expect(refusal([]) == "scrubber: no command is given\nHINT: See scrubber --help.")
    #expect(
      refusal(["scan-metdata"])
        == "scrubber: unknown command \"scan-metdata\"\nHINT: Did you mean scan-metadata? All commands: scrubber --help"
    )
    #expect(
      refusal(["--verison"])
        == "scrubber: unknown option --verison\nHINT: Did you mean --version? Options of a command stand behind its name: scrubber --help"
    )
    #expect(
      refusal(["help", "nonsense"])
        == "scrubber: unknown command \"nonsense\"\nHINT: All commands: scrubber --help"
    )
  }
}

/// A scan that emits given events and then does what a test wants.
private struct ScriptedScan: ScanSource {
  var events: [ScanEvent] = []
  var failure: ScanFailure?
  /// Waits for the cancellation before the last event.
  var waits = false

  func run(_ options: ScanOptions, emit: @escaping @Sendable (ScanEvent) -> Void) async throws(ScanFailure) {
    for event in events.dropLast() { emit(event) }
    while waits, !Task.isCancelled { await Task.yield() }
    if let failure { throw failure }
    if let last = events.last { emit(last) }
  }
}

@Suite struct ScanMetadataRunTests {
  private func run(
    _ source: ScriptedScan,
    format: String = "json",
    further: [String] = [],
    cancel: Bool = false
  ) async throws -> (exitCode: ExitCode, output: String, error: String) {
    let arguments = ["scan-metadata", "--bucket", "/srv", "-n", "pageserver", "--format", format] + further
    guard case .scanMetadata(let command) = try Invocation(arguments, environment: Environment([:])) else {
      throw UsageError("not a scan")
    }
    let (output, error) = (CapturedOutput(), CapturedOutput())
    let task = Task {
      await command.run(source, terminals: .init(output: output, error: error))
    }
    if cancel { task.cancel() }
    return (await task.value, output.text, error.text)
  }

  @Test(arguments: ["text", "json", "ndjson"])
  func everyFormatIsRendered(format: String) async throws {
    let result = try await run(ScriptedScan(events: SampleScan.events), format: format)
    #expect(result.exitCode == .damage)
    #expect(result.error == "")
    let expected = SampleScan.render(SampleScan.events) { sink -> any Report in
      switch format {
      case "text": TextReport(sink: sink, options: ReportOptions())
      case "json": JSONReport(sink: sink, options: ReportOptions())
      default: NDJSONReport(sink: sink, options: ReportOptions())
      }
    }
    #expect(result.output == expected)
  }

  @Test func findingsBeyondTheLimitMakeTheReportIncomplete() async throws {
    var summary = SampleScan.cleanSummary
    summary.counts = [.timelineArchived: 2]
    let finding = ScanEvent.finding(Finding(.timelineArchived, message: "archived"))
    let events: [ScanEvent] = [.begin(SampleScan.begin), finding, finding, .summary(summary)]
    for (limit, expected) in [(1, ExitCode.limitReached), (2, .ok)] {
      let result = try await run(
        ScriptedScan(events: events),
        format: "text",
        further: ["--max-findings", "\(limit)"]
      )
      #expect(result.exitCode == expected)
    }
  }

  @Test func cancelledScanReportsAndSaysInterrupted() async throws {
    let events: [ScanEvent] = [.begin(SampleScan.begin), .summary(SampleScan.cleanSummary)]
    let result = try await run(ScriptedScan(events: events, waits: true), cancel: true)
    #expect(result.exitCode == .interrupted)
    #expect(result.output.contains("\"interrupted\":true"))
    #expect(result.output.contains("\"exit_code\":130"))
  }

  @Test func scanThatCannotBeginTellsWhy() async throws {
    let failure = ScanFailure(
      message: "cannot open folder /s\u{1b}rv",
      hint: "Check the path.",
      exitCode: .nothingMatched
    )
    let result = try await run(ScriptedScan(failure: failure))
    #expect(result.exitCode == .nothingMatched)
    #expect(result.output == "")
    #expect(result.error == "scrubber: cannot open folder /s\\x1brv\nHINT: Check the path.\n")
  }

  @Test func scanWithoutSummaryIsNoSuccess() async throws {
    let result = try await run(ScriptedScan(events: [.begin(SampleScan.begin)]))
    #expect(result.exitCode == .couldNotFinish)
    #expect(result.error == "scrubber: the scan ended without a summary\n")
  }
}
