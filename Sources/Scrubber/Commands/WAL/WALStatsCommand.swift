import Engine
import IndexFormat

/// `scrubber wal stats`: how many records of which kinds there are, and how long they are.
struct WALStatsCommand: Sendable, Equatable {
  var options: WALOptions
  var grouping: WALStatisticsText.Grouping
  var limit: Int?

  static let declaration = CommandDeclaration(
    name: "wal stats",
    summary: "count records of the WAL by kinds, like pg_waldump --stats",
    usage: WALOptions.sourceUsage + ["[--record]"] + WALOptions.filterUsage + [
      "[--limit N]", "[--wal-seg-size BYTES]", "[--json]",
    ],
    discussion: [
      "Records, their bytes without images of pages, and those of the images, by resource managers or, with --record, "
        + "by what the records do. What is wrong is told on standard error, and the exit code is 2."
    ],
    options: WALOptions.sourceOptions + [
      OptionDeclaration("record", help: "Count by what records do instead of by resource managers.")
    ] + WALOptions.filterOptions + [
      OptionDeclaration("limit", short: "n", .value(name: "N"), help: "Stop behind so many records."),
      ForensicOptions.jsonOption, .help,
    ],
    maximumOperands: 100_000,
    examples: [
      .init(
        command: "scrubber wal stats --record pg_wal",
        meaning: "All kinds of records of a folder of segments."
      )
    ]
  )

  init(_ arguments: ParsedArguments, environment: Environment) throws(UsageError) {
    options = try WALOptions(arguments, environment: environment)
    grouping = arguments.has("record") ? .operations : .managers
    limit = try ScanMetadataCommand.number(arguments, "limit", in: 1...Int.max)
  }

  init(options: WALOptions, grouping: WALStatisticsText.Grouping, limit: Int?) {
    self.options = options
    self.grouping = grouping
    self.limit = limit
  }

  func run(_ desk: CommandDesk) async throws(ScanFailure) -> ExitCode {
    let input = try await options.open(desk)
    let counter = Counter(options.filter, limit, desk)
    let walk = WALWalk(input: input, start: options.filter.start, end: options.filter.end)
    let outcome = try await walk.run(counter)
    let exitCode = try counter.problems.exitCode(outcome, options, input)
    guard let range = counter.range else {
      throw ScanFailure(message: "no record is wanted by the filters", exitCode: .nothingMatched)
    }
    let text = WALStatisticsText(
      statistics: counter.statistics,
      version: outcome.version ?? .v17,
      range: range
    )
    if options.isJSON {
      var json = JSONWriter()
      text.write(grouping, to: &json)
      desk.write(json.bytes)
      desk.writeLine("")
    } else {
      desk.writeLines(text.lines(grouping))
    }
    return exitCode
  }

  private final class Counter: WALVisitor {
    private let filter: WALFilter
    private var left: Int
    private(set) var statistics = WALStatistics()
    private(set) var range: Range<Lsn>?
    let problems: WALProblems

    init(_ filter: WALFilter, _ limit: Int?, _ desk: CommandDesk) {
      self.filter = filter
      left = limit ?? .max
      problems = WALProblems(desk)
    }

    func visit(_ record: borrowing WALRecord, at place: WALReader.Place) -> WALReader.Flow {
      guard filter.accepts(record, at: place) else { return .goOn }
      statistics.add(record)
      range = (range?.lowerBound ?? place.start)..<max(place.start, place.end)
      left -= 1
      return left > 0 ? .goOn : .pause
    }

    func report(_ problem: WALProblem, in segment: WALInput.Segment) { problems.tell(problem, segment) }
    func gap(from end: Lsn, before segment: WALInput.Segment) { problems.tellGap(from: end, segment) }
  }
}
