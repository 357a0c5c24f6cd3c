import Foundation

/// Takes a snapshot of a tenant with `scrubber`, and copies the same objects with `s5cmd`; alternately, in the same run.
///
/// Both get the bucket's server and keys from the environment. `s5cmd` neither hashes nor waits for the disk.
struct SnapshotBenchmark {
  private let scrubber: String
  private let s5cmd: String
  private let bucket: String
  private let tenant: String
  private let folder: String

  private static let rounds = 5

  init(_ arguments: ArraySlice<String>) throws {
    let arguments = Array(arguments)
    guard arguments.count == 7, arguments[0] == "--scrubber", arguments[2] == "--s5cmd" else {
      throw BenchmarkError("usage: Benchmarks snapshot --scrubber PROGRAM --s5cmd PROGRAM BUCKET TENANT DIR")
    }
    (scrubber, s5cmd) = (arguments[1], arguments[3])
    (bucket, tenant, folder) = (arguments[4], arguments[5], arguments[6])
  }

  func run() throws {
    var copies: [ProgramRun] = []
    var snapshots: [ProgramRun] = []
    for round in 0...Self.rounds {
      let copy = try measure("s5cmd") { [s5cmd, "cp", "\(bucket)/*", "\($0)/"] }
      let snapshot = try measure("scrubber") {
        [scrubber, "tenant-snapshot", "--bucket", bucket, "--tenant-id", tenant, "-o", $0]
      }
      // The first round fills the server's caches.
      guard round > 0 else { continue }
      copies.append(copy)
      snapshots.append(snapshot)
    }
    report(copies, snapshots)
  }

  /// Runs a command into an empty folder, which is removed again.
  private func measure(_ name: String, _ command: (String) -> [String]) throws -> ProgramRun {
    let target = "\(folder)/\(name)"
    try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
    defer {
      // Left behind it only takes room; the next run would fail on it and say so.
      try? FileManager.default.removeItem(atPath: target)
      sync()
    }
    return try ProgramRun(command(target))
  }

  private func report(_ copies: [ProgramRun], _ snapshots: [ProgramRun]) {
    func median(_ runs: [ProgramRun], _ value: (ProgramRun) -> Double) -> Double {
      Figures(seconds: runs.map(value)).median
    }
    func ratio(_ value: (ProgramRun) -> Double) -> Double {
      Figures(seconds: zip(snapshots, copies).map { value($0) / value($1) }).median
    }
    let memory = snapshots.map(\.peakMemoryKiB).max() ?? 0
    print(
      """
      snapshot \(bucket)
        scrubber   \(median(snapshots, \.wallSeconds).short) s wall, \(median(snapshots, \.cpuSeconds).short) s CPU, \
      \(memory / 1024) MiB peak
        s5cmd      \(median(copies, \.wallSeconds).short) s wall, \(median(copies, \.cpuSeconds).short) s CPU
        ratio      \(ratio(\.wallSeconds).short) times s5cmd's wall, \(ratio(\.cpuSeconds).short) times its CPU \
      (wanted: 1.0 or less)
      """
    )
  }
}
