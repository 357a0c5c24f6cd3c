import Engine
import IndexFormat

/// `scrubber wal dump`: records, as `pg_waldump` prints them.
struct WALDumpCommand: Sendable, Equatable {
  var options: WALOptions
  /// Records to show; nil for all.
  var limit: Int?
  var hasDetails: Bool
  /// Counts instead of records.
  var statistics: WALStatisticsText.Grouping?

  static let declaration = CommandDeclaration(
    name: "wal dump",
    summary: "print records of the WAL, like pg_waldump",
    usage: WALOptions.sourceUsage + WALOptions.filterUsage + [
      "[--limit N]", "[--bkp-details]", "[--stats[=record]]", "[--wal-seg-size BYTES]", "[--json]",
    ],
    discussion: [
      "Reads segments of PostgreSQL 14 to 17, also in the form of Neon's computes: files, all of a folder, or those "
        + "that safekeepers put into a bucket, the newest partial one included.",
      "The lines are those of pg_waldump of the version that wrote the WAL, with times in UTC. What is wrong is told "
        + "on standard error with its LSN, reading goes on behind it, and the exit code is 2.",
    ],
    options: WALOptions.sourceOptions + WALOptions.filterOptions + [
      OptionDeclaration("limit", short: "n", .value(name: "N"), help: "Stop behind so many records."),
      OptionDeclaration("bkp-details", short: "b", help: "Tell of images of pages what they are like."),
      OptionDeclaration(
        "stats",
        short: "z",
        .optional(name: "record"),
        help: "Count instead, by resource managers; with =record by kinds of records. See scrubber wal stats."
      ),
      OptionDeclaration("json", help: "Print JSON instead of text: one object a line for each record."),
      .help,
    ],
    maximumOperands: 100_000,
    examples: [
      .init(
        command: "scrubber wal dump 000000010000000000000001 --rmgr Heap --limit 10",
        meaning: "Ten records."
      ),
      .init(
        command: "scrubber wal dump --bucket s3://NAME --timeline-id ID --relation 1663/5/1259 --block 0",
        meaning: "What safekeepers have of the first page of pg_class."
      ),
    ]
  )

  init(_ arguments: ParsedArguments, environment: Environment) throws(UsageError) {
    options = try WALOptions(arguments, environment: environment)
    limit = try ScanMetadataCommand.number(arguments, "limit", in: 1...Int.max)
    hasDetails = arguments.has("bkp-details")
    guard arguments.has("stats") else { return }
    guard let text = arguments.first("stats") else {
      statistics = .managers
      return
    }
    guard text == "record" else {
      throw UsageError(option: "--stats", given: text, allowed: "record, or no value")
    }
    statistics = .operations
  }

  func run(_ desk: CommandDesk) async throws(ScanFailure) -> ExitCode {
    if let statistics {
      return try await WALStatsCommand(options: options, grouping: statistics, limit: limit).run(desk)
    }
    let input = try await options.open(desk)
    let printer = Printer(self, desk)
    let walk = WALWalk(input: input, start: options.filter.start, end: options.filter.end)
    let outcome = try await walk.run(printer)
    return try printer.problems.exitCode(outcome, options, input)
  }

  private final class Printer: WALVisitor {
    private let filter: WALFilter
    private let hasDetails: Bool
    private let isJSON: Bool
    private var left: Int
    private let desk: CommandDesk
    let problems: WALProblems

    init(_ command: WALDumpCommand, _ desk: CommandDesk) {
      filter = command.options.filter
      hasDetails = command.hasDetails
      isJSON = command.options.isJSON
      left = command.limit ?? .max
      self.desk = desk
      problems = WALProblems(desk)
    }

    func visit(_ record: borrowing WALRecord, at place: WALReader.Place) -> WALReader.Flow {
      guard filter.accepts(record, at: place) else { return .goOn }
      if isJSON {
        var json = JSONWriter()
        WALRecordJSON.write(record, at: place, to: &json)
        desk.write(json.bytes)
        desk.writeLine("")
      } else {
        desk.write(Self.safe(WALRecordLine.text(record, at: place, hasDetails: hasDetails)).utf8)
      }
      left -= 1
      return left > 0 ? .goOn : .pause
    }

    /// Names in records may hold anything; line ends and tabs are ours.
    private static func safe(_ text: String) -> String {
      if text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) || $0 == 0x0a || $0 == 0x09 }) { return text }
      return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        line.hasPrefix("\t")
          ? "\t" + TerminalText.escape(String(line.dropFirst())) : TerminalText.escape(String(line))
      }
      .joined(separator: "\n")
    }

    func report(_ problem: WALProblem, in segment: WALInput.Segment) { problems.tell(problem, segment) }
    func gap(from end: Lsn, before segment: WALInput.Segment) { problems.tellGap(from: end, segment) }
  }
}

/// What went wrong while records were read, told at once on standard error.
final class WALProblems {
  private(set) var count = 0
  private let desk: CommandDesk

  init(_ desk: CommandDesk) { self.desk = desk }

  func tell(_ problem: WALProblem, _ segment: WALInput.Segment) {
    count += 1
    desk.warn(
      "\(segment.name): \(problem.lsn): \(problem.message): found \(problem.seen), expected \(problem.expected)"
    )
  }

  func tellGap(from end: Lsn, _ segment: WALInput.Segment) {
    count += 1
    desk.warn("\(segment.name): the WAL before it is missing, from \(end) on")
  }

  func exitCode(
    _ outcome: WALWalk.Outcome,
    _ options: WALOptions,
    _ input: WALInput
  ) throws(ScanFailure) -> ExitCode {
    if outcome.segmentCount == 0, let first = input.segments.first, let last = input.segments.last {
      throw ScanFailure(
        message: "no segment holds WAL from \(options.filter.start) up to \(options.filter.end)",
        hint:
          "There are segments from \(input.start(of: first)) on; the last one begins at \(input.start(of: last)).",
        exitCode: .nothingMatched
      )
    }
    if count > 0 { return .damage }
    if outcome.recordCount == 0 {
      throw ScanFailure(
        message: "no record was found in \(Count(outcome.segmentCount, "segment"))",
        exitCode: .nothingMatched
      )
    }
    return .ok
  }
}
