import Foundation

/// Scans the WAL of many timelines in a folder against a table in PostgreSQL with `scrubber`; has `psql` copy the table out
/// and `find` list the folder; alternately, in the same run.
struct SafekeeperBenchmark {
  private let scrubber: String
  private let connection: String
  private let table: String
  private let folder: String

  private static let rounds = 3

  init(_ arguments: ArraySlice<String>) throws {
    let arguments = Array(arguments)
    guard arguments.count == 5, arguments[0] == "--scrubber" else {
      throw BenchmarkError("usage: Benchmarks safekeeper --scrubber PROGRAM CONN TABLE DIR")
    }
    (scrubber, connection, table, folder) = (arguments[1], arguments[2], arguments[3], arguments[4])
  }

  func run() throws {
    let copy = ["/usr/bin/psql", connection, "-c", "copy \(table) to stdout"]
    let find = ["/usr/bin/find", folder, "-type", "f", "-printf", "%s %p\\n"]
    let scan = [
      scrubber, "scan-metadata", "--bucket", folder, "-n", "safekeeper", "--json", "--dump-db-connstr",
      connection,
      "--dump-db-table", table,
    ]
    // Once each, so that both find what they read in the kernel's caches.
    _ = try ProgramRun(find)
    _ = try ProgramRun(scan)
    var yardsticks: [Double] = []
    var copies: [Double] = []
    var scans: [ProgramRun] = []
    for _ in 0..<Self.rounds {
      let copied = try ProgramRun(copy).wallSeconds
      copies.append(copied)
      yardsticks.append(copied + (try ProgramRun(find).wallSeconds))
      scans.append(try ProgramRun(scan))
    }
    let wall = Figures(seconds: scans.map(\.wallSeconds)).median
    let cpu = Figures(seconds: scans.map(\.cpuSeconds)).median
    let yardstick = Figures(seconds: yardsticks).median
    print(
      """
      safekeeper \(folder)
        scrubber   \(wall.short) s wall, \(cpu.short) s CPU, \((scans.map(\.peakMemoryKiB).max() ?? 0) / 1024) MiB peak
        yardstick  \(yardstick.short) s wall: psql copy \(Figures(seconds: copies).median.short) s, then find
        ratio      \((wall / yardstick).short) times the wall of psql and find
      """
    )
  }
}

/// WAL in a folder, as empty as files of 16 MiB can be, and what three safekeepers say of it as rows for `copy`.
struct BenchmarkWAL {
  private let folder: String
  private let rows: String
  private let timelineCount: Int

  private static let segmentsPerTimeline = 2
  private static let safekeepers = 1...3

  init(_ arguments: ArraySlice<String>) throws {
    let arguments = Array(arguments)
    guard arguments.count == 2 || arguments.count == 3 else {
      throw BenchmarkError("usage: Benchmarks make-wal DIR ROWS [TIMELINES]")
    }
    folder = arguments[0]
    rows = arguments[1]
    timelineCount = arguments.count == 3 ? Int(arguments[2]) ?? 0 : 100_000
  }

  func make() throws {
    var lines: [String] = []
    for number in 0..<UInt64(timelineCount) {
      let tenant = Self.identifier(number / 4)
      let timeline = Self.identifier(number &+ 1 << 40)
      let place = "\(folder)/wal/\(tenant)/\(timeline)"
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      for segment in 2..<2 + Self.segmentsPerTimeline {
        let path = "\(place)/00000001000000000000000\(segment)"
        guard FileManager.default.createFile(atPath: path, contents: nil), truncate(path, 16 << 20) == 0
        else {
          throw BenchmarkError("cannot make \(path)")
        }
      }
      for safekeeper in Self.safekeepers {
        lines.append("\(safekeeper)\t\(tenant)\t\(timeline)\tf\t0/2000028\t0/4000000\t0/4000100")
      }
    }
    try Data((lines.shuffled().joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: rows))
  }

  /// 32 hex digits that are spread evenly.
  private static func identifier(_ number: UInt64) -> String {
    let parts = [number &* 0x9e37_79b9_7f4a_7c15, number &* 0xbf58_476d_1ce4_e5b9 ^ 0x94d0_49bb_1331_11eb]
    return parts.map { part in
      let digits = String(part, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }
    .joined()
  }
}
