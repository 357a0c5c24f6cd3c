import Engine
import Foundation
import IndexFormat

/// How long a page takes to be made of its records: of requests that were once made to a WAL-redo process, as JSON.
///
/// | member | content |
/// |---|---|
/// | `pg_version` | 14 to 17 |
/// | `key` | six fields |
/// | `base_image` | base64, or null |
/// | `records` | of each `lsn`, `will_init`, `rec_hex` |
///
/// Each request is replayed over and over, by one task and by two; what a second task brings is told. Each task has the
/// records in memory of its own, as tasks have that read them from layers. Two programs that do the same tell what a
/// second processor brings at all, which is less than twice the pages on machines that are shared.
struct RedoBenchmark {
  private let files: [String]

  private static let rounds = 5
  private static let roundTime = Duration.milliseconds(500)

  init(_ arguments: ArraySlice<String>) throws {
    guard !arguments.isEmpty else { throw BenchmarkError("usage: Benchmarks redo FILE...") }
    files = Array(arguments)
  }

  func run() async throws {
    for file in files {
      let works = [try Self.work(of: file), try Self.work(of: file)]
      var alone: [Pace] = []
      var tasks: [Double] = []
      var programs: [Double] = []
      for _ in 0..<Self.rounds {
        let one = try await Self.pace(of: [works[0]])
        alone.append(one)
        tasks.append(try await Self.pace(of: works).pagesPerSecond / one.pagesPerSecond)
        programs.append(try Self.pagesPerSecond(of: file, programs: 2) / one.pagesPerSecond)
      }
      let cpu = Figures(seconds: alone.map(\.cpuSecondsPerPage)).median
      let wall = 1 / Figures(seconds: alone.map(\.pagesPerSecond)).median
      print(
        """
        redo \(URL(filePath: file).lastPathComponent): \(works[0].records.count) records
          one task   \((cpu * 1_000_000).short) µs CPU a page, \((wall * 1_000_000).short) µs wall; \
        \((cpu * 1_000_000_000 / Double(works[0].records.count)).short) ns CPU a record
          two tasks  \(Figures(seconds: tasks).median.short) times the pages of one; \
        two programs \(Figures(seconds: programs).median.short) times
        """
      )
    }
  }

  private static func work(of file: String) throws -> RedoWork {
    try JSONDecoder().decode(RedoRequest.self, from: try Data(contentsOf: URL(filePath: file))).work()
  }

  /// What the benchmark runs as a program of its own.
  static func printPace(of file: String) async throws {
    print(try await pace(of: [try work(of: file)]).pagesPerSecond)
  }

  private static func pagesPerSecond(of file: String, programs: Int) throws -> Double {
    let running = try (0..<programs).map { _ in
      let (process, output) = (Process(), Pipe())
      process.executableURL = URL(filePath: CommandLine.arguments[0])
      process.arguments = ["redo-pace", file]
      process.standardOutput = output
      try process.run()
      return (process, output)
    }
    return try running.reduce(0) { sum, program in
      let data = try program.1.fileHandleForReading.readToEnd() ?? Data()
      program.0.waitUntilExit()
      let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      guard let pages = Double(text) else { throw BenchmarkError("redo-pace \(file) failed") }
      return sum + pages
    }
  }

  private struct Pace {
    var pagesPerSecond: Double
    var cpuSecondsPerPage: Double
  }

  private static func pace(of works: [RedoWork]) async throws -> Pace {
    let end = ContinuousClock.now + roundTime
    let (count, cpu) = try await withThrowingTaskGroup(of: (count: Int, cpu: Double).self) { group in
      for work in works { group.addTask { try work.replay(until: end) } }
      return try await group.reduce((0, 0)) { ($0.0 + $1.count, $0.1 + $1.cpu) }
    }
    let seconds = Double(roundTime.components.attoseconds) / 1e18
    return Pace(pagesPerSecond: Double(count) / seconds, cpuSecondsPerPage: cpu / Double(max(1, count)))
  }
}

/// A page and what is done to it.
struct RedoWork: Sendable {
  var rules: RedoRules
  var key: Key
  var base: [UInt8]?
  var records: [KeyRead.Record]

  /// - Returns: how many pages were made until then, and how much time of a processor that took.
  func replay(until end: ContinuousClock.Instant) throws -> (count: Int, cpu: Double) {
    var redo = PageRedo(rules)
    var count = 0
    let start = Self.threadTime()
    while ContinuousClock.now < end {
      // The clock shall not count.
      for _ in 0..<20 { _ = try redo.value(of: key, base, records) }
      count += 20
    }
    return (count, Self.threadTime() - start)
  }

  /// Replay does not wait for anything, so that it stays on one thread.
  private static func threadTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

private struct RedoRequest: Decodable {
  struct Record: Decodable {
    var lsn: String
    var willInit: Bool
    var record: String

    enum CodingKeys: String, CodingKey {
      case lsn
      case willInit = "will_init"
      case record = "rec_hex"
    }
  }

  struct Fields: Decodable {
    var field2: UInt32
    var field3: UInt32
    var field4: UInt32
    var field5: UInt8
    var field6: UInt32
  }

  var version: UInt32
  var key: Fields
  var base: String?
  var records: [Record]

  enum CodingKeys: String, CodingKey {
    case version = "pg_version"
    case key
    case base = "base_image"
    case records
  }

  func work() throws -> RedoWork {
    guard let version = PostgresVersion(major: version) else { throw BenchmarkError("no such version") }
    let tag = RelationTag(
      tablespace: key.field2,
      database: key.field3,
      relation: key.field4,
      fork: RelationFork(key.field5)
    )
    return RedoWork(
      rules: RedoRules(version: version),
      key: .relationBlock(tag, BlockNumber(key.field6)),
      base: base.flatMap { Data(base64Encoded: $0) }.map { [UInt8]($0) },
      records: try records.map {
        guard let lsn = Lsn($0.lsn) else { throw BenchmarkError("no LSN: \($0.lsn)") }
        let record = NeonRecord.postgres(willInit: $0.willInit, record: try Self.bytes($0.record))
        return KeyRead.Record(lsn: lsn, record: record, visit: 0)
      }
    )
  }

  private static func bytes(_ hex: String) throws -> [UInt8] {
    let digits = Array(hex.utf8)
    return try stride(from: 0, to: digits.count - 1, by: 2).map { place in
      guard let byte = UInt8(String(decoding: digits[place..<place + 2], as: UTF8.self), radix: 16) else {
        throw BenchmarkError("no hexadecimal digits")
      }
      return byte
    }
  }
}
