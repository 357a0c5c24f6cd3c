import Engine
import IndexFormat

/// `scrubber wal verify`: whether WAL is whole, and what is wrong where.
struct WALVerifyCommand: Sendable, Equatable {
  var options: WALOptions

  static let declaration = CommandDeclaration(
    name: "wal verify",
    summary: "check every page and every record of the WAL",
    usage: WALOptions.sourceUsage + [
      "[--start LSN]", "[--end LSN]", "[--wal-seg-size BYTES]", "[--json]",
    ],
    discussion: [
      "Headers of pages, the chain of records, their checksums, the parts of each, and whether images of pages can be "
        + "restored; that no segment is missing in between. Each problem is a finding with its LSN, its byte, and "
        + "where the next record was found. The last segment may end in zeros or within a record.",
      "To compare a bucket with what safekeepers say of it, use scan-metadata --node-kind safekeeper --depth wal.",
    ],
    options: WALOptions.sourceOptions + WALOptions.rangeOptions + [ForensicOptions.jsonOption, .help],
    maximumOperands: 100_000,
    examples: [
      .init(command: "scrubber wal verify pg_wal", meaning: "All segments of a folder."),
      .init(
        command: "scrubber wal verify --bucket s3://NAME --tenant-id ID --timeline-id ID",
        meaning: "In a bucket."
      ),
    ]
  )

  init(_ arguments: ParsedArguments, environment: Environment) throws(UsageError) {
    options = try WALOptions(arguments, environment: environment)
  }

  func run(_ desk: CommandDesk) async throws(ScanFailure) -> ExitCode {
    let input = try await options.open(desk)
    let judge = Judge(input)
    let walk = WALWalk(input: input, start: options.filter.start, end: options.filter.end)
    let outcome = try await walk.run(judge)
    judge.finish()
    if options.isJSON {
      var json = JSONWriter()
      write(judge, outcome, to: &json)
      desk.write(json.bytes)
      desk.writeLine("")
    } else {
      let lines = FindingText(style: desk.style).lines(judge.findings)
      // All are of one place, which of files says nothing.
      desk.writeLines(input.timeline == nil ? lines.dropFirst() : lines[...])
      if judge.omittedCount > 0 { desk.writeLine("and \(Count(judge.omittedCount, "more problem"))") }
      desk.writeLines(summary(judge, outcome))
    }
    if judge.findings.isEmpty { return try WALProblems(desk).exitCode(outcome, options, input) }
    return .damage
  }

  // MARK: What is told

  private func summary(_ judge: Judge, _ outcome: WALWalk.Outcome) -> [String] {
    let version = outcome.version.map { " of PostgreSQL \($0.major)" } ?? ""
    var lines = [
      "\(Count(outcome.segmentCount, "segment"))\(version), \(DecimalText.grouped(outcome.byteCount)) bytes read"
    ]
    let count = "\(DecimalText.grouped(outcome.recordCount)) records"
    lines.append(judge.range.map { "\(count) from \($0.lowerBound) to \($0.upperBound)" } ?? count)
    if judge.imageCount > 0 { lines.append("\(Count(judge.imageCount, "image")) of pages restored") }
    if let end = outcome.end { lines.append(Self.text(of: end)) }
    lines.append(judge.problemCount == 0 ? "no problems" : "\(Count(judge.problemCount, "problem"))")
    return lines
  }

  private static func text(of end: WALReader.End) -> String {
    switch end {
    case .record(let lsn): "the next record would begin at \(lsn)"
    case .zeros(let lsn): "zeros from \(lsn) on"
    case .withinRecord(let start, let missing):
      "ends within the record of \(start): \(missing) bytes are not there"
    case .unknown: "where a next record would begin is not known"
    }
  }

  private func write(_ judge: Judge, _ outcome: WALWalk.Outcome, to json: inout JSONWriter) {
    json.object { json in
      json.member("segments", outcome.segmentCount)
      json.member("bytes", outcome.byteCount)
      json.member("pg_version", ifPresent: outcome.version?.major)
      json.member("records", outcome.recordCount)
      json.member("images", judge.imageCount)
      json.member("lsn_start", ifPresent: judge.range?.lowerBound.description)
      json.member("lsn_end", ifPresent: judge.range?.upperBound.description)
      json.member("end", ifPresent: outcome.end.map(Self.text))
      json.member("problems", judge.problemCount)
      json.member("findings") { json in
        json.array { json in
          for finding in judge.findings { json.object { $0.members(of: finding) } }
        }
      }
    }
  }

  // MARK: The check

  private final class Judge: WALVisitor {
    private let input: WALInput
    private var images = PageImageDecoder()
    private var page = [UInt8](repeating: 0, count: WALPageImage.pageByteCount)
    /// Findings behind which no record has been found yet.
    private var waitingCount = 0
    private(set) var findings: [Finding] = []
    private(set) var problemCount = 0
    private(set) var imageCount = 0
    private(set) var range: Range<Lsn>?

    /// Findings that are kept; the rest is counted.
    private static let maxFindings = 1_000

    var omittedCount: Int { problemCount - findings.count }

    init(_ input: WALInput) { self.input = input }

    func visit(_ record: borrowing WALRecord, at place: WALReader.Place) -> WALReader.Flow {
      settle("the next record found begins at \(place.start)")
      range = (range?.lowerBound ?? place.start)..<max(place.start, place.end)
      for index in record.blocks.indices where record.blocks[index].image != nil {
        do throws(WALRecordError) {
          var span = page.mutableSpan
          var room = span.mutableBytes
          try images.restore(record.blocks[index], of: record, into: &room)
          imageCount += 1
        } catch {
          add(WALProblem(error, place.start), input.segment(at: place.start))
        }
      }
      return .goOn
    }

    func report(_ problem: WALProblem, in segment: WALInput.Segment) {
      // A record may have begun in an earlier segment.
      add(problem, input.segment(at: problem.lsn) ?? segment)
    }

    func gap(from end: Lsn, before segment: WALInput.Segment) {
      settle("no record was found before the next segment")
      add(
        Finding(
          .walSegmentMissing,
          tenant: input.tenant,
          timeline: input.timeline,
          objectKey: segment.name,
          lsn: end,
          message: "the WAL before this segment is missing",
          seen: "a segment that begins at \(input.start(of: segment))",
          expected: "one that begins at \(end)"
        )
      )
    }

    func finish() { settle("no record was found behind it") }

    private func add(_ problem: WALProblem, _ segment: WALInput.Segment?) {
      let code: FindingCode =
        switch problem.kind {
        case .page: .walPageDamaged
        case .record: .walRecordDamaged
        case .end: .walEndsEarly
        }
      add(
        Finding(
          code,
          tenant: input.tenant,
          timeline: input.timeline,
          objectKey: segment?.name,
          offset: segment == nil ? nil : Int(clamping: input.size.offset(of: problem.lsn)),
          lsn: problem.lsn,
          message: problem.message,
          seen: problem.seen,
          expected: problem.expected
        )
      )
    }

    private func add(_ finding: Finding) {
      problemCount += 1
      guard findings.count < Self.maxFindings else { return }
      findings.append(finding)
      waitingCount += 1
    }

    /// Says of the last findings what came behind them.
    private func settle(_ text: @autoclosure () -> String) {
      guard waitingCount > 0 else { return }
      let text = text()
      for index in findings.indices.suffix(waitingCount) { findings[index].message += "; \(text)" }
      waitingCount = 0
    }
  }
}
