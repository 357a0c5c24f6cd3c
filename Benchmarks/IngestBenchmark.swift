import Engine
import Foundation
import Glibc
import IndexFormat

/// Ingests WAL segments on a base backup, down to delta layers, and has `pg_waldump --stats=record` count the same
/// records, each as a program of its own; alternately, in the same run. What is imported is made before, once. Both are
/// told where the records end.
struct IngestBenchmark {
  private let waldump: String
  private let base: String
  private let folder: String
  /// Whether the WAL of 14 or 15 is that of PostgreSQL as it is, not of Neon's computes.
  private let isStock: Bool

  private static let rounds = 9

  init(_ arguments: ArraySlice<String>) throws {
    let arguments = Array(arguments)
    guard arguments.count == 4 || arguments.count == 5 && arguments[4] == "stock",
      arguments[0] == "--pg-waldump"
    else { throw BenchmarkError("usage: Benchmarks ingest --pg-waldump PROGRAM BASE.tar WAL-DIR [stock]") }
    isStock = arguments.count == 5
    (waldump, base, folder) = (arguments[1], arguments[2], arguments[3])
  }

  func run() throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "scrubber-ingest-\(getpid())").path
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    // What is left in the temporary folder harms nobody.
    defer { try? FileManager.default.removeItem(atPath: root) }
    let timeline = IngestedTimeline(root)
    let imported = try timeline.importBase(base, isStock: isStock)
    try timeline.note(imported)
    let start = imported.start
    let segments = try WALSegments(folder)
    let content = try segments.content(from: start)
    let ours = [CommandLine.arguments[0], "ingest-layers", root, folder, "\(content.end)"]
    let theirs = [
      waldump, "--stats=record", "-p", folder, "-s", "\(start)", "-e", "\(content.end)",
    ]
    let (scrubber, yardstick) = try ProgramFigures.compare(ours, theirs, rounds: Self.rounds)
    let megabytes = Double(content.end.value - start.value) / 1e6
    print(
      """
      ingest \(folder): \(content.statistics.total.records) records, \(megabytes.short) MB from \(start) on
        scrubber   \(scrubber.wall.short) s wall, \(scrubber.cpu.short) s CPU, \(scrubber.peakMemoryKiB / 1024) MiB peak
        pg_waldump \(yardstick.wall.short) s wall, \(yardstick.cpu.short) s CPU
        ratio      \((scrubber.wall / yardstick.wall).short) times the wall of pg_waldump --stats=record
      """
    )
  }
}
