import Foundation

/// Scans a large bucket in a folder with `scrubber`, and lists it with `find`; alternately, in the same run.
struct ScanFolderBenchmark {
  private let scrubber: String
  private let folder: String

  private static let rounds = 5

  init(_ arguments: ArraySlice<String>) throws {
    guard arguments.count == 3, arguments.first == "--scrubber" else {
      throw BenchmarkError("usage: Benchmarks scan-folder --scrubber PROGRAM DIR")
    }
    scrubber = arguments[arguments.startIndex + 1]
    folder = arguments[arguments.startIndex + 2]
  }

  func run() throws {
    let find = ["/usr/bin/find", folder, "-type", "f", "-printf", "%s %p\\n"]
    let scan = [scrubber, "scan-metadata", "--bucket", folder, "--node-kind", "pageserver", "--json"]
    // Once each, so that both find the names in the kernel's caches.
    _ = try Run(find)
    _ = try Run(scan)
    var findRuns: [Run] = []
    var scanRuns: [Run] = []
    for _ in 0..<Self.rounds {
      findRuns.append(try Run(find))
      scanRuns.append(try Run(scan))
    }
    report(findRuns, scanRuns)
  }

  private func report(_ find: [Run], _ scan: [Run]) {
    let findWall = Figures(seconds: find.map(\.wallSeconds)).median
    let scanWall = Figures(seconds: scan.map(\.wallSeconds)).median
    let findCPU = Figures(seconds: find.map(\.cpuSeconds)).median
    let scanCPU = Figures(seconds: scan.map(\.cpuSeconds)).median
    let memory = scan.map(\.peakMemoryKiB).max() ?? 0
    print(
      """
      scan-folder \(folder)
        scrubber   \(scanWall.short) s wall, \(scanCPU.short) s CPU, \(memory / 1024) MiB peak (wanted: 150 or less)
        find       \(findWall.short) s wall, \(findCPU.short) s CPU
        ratio      \((scanWall / findWall).short) times find's wall (wanted: 1.5 or less), \
      \((scanCPU / findCPU).short) times its CPU
      """
    )
  }
}
