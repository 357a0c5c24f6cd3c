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
    // The first runs, which do not count, also put the names into the kernel's caches.
    let (listing, scanning) = try ProgramFigures.compare(find, scan, rounds: Self.rounds)
    report(listing, scanning)
  }

  private func report(_ find: ProgramFigures, _ scan: ProgramFigures) {
    print(
      """
      scan-folder \(folder)
        scrubber   \(scan.wall.short) s wall, \(scan.cpu.short) s CPU, \(scan.peakMemoryKiB / 1024) MiB peak \
      (wanted: 150 or less)
        find       \(find.wall.short) s wall, \(find.cpu.short) s CPU
        ratio      \((scan.wall / find.wall).short) times find's wall (wanted: 1.5 or less), \
      \((scan.cpu / find.cpu).short) times its CPU
      """
    )
  }
}
