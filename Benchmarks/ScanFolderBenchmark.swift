import Foundation
import Glibc

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

/// A program run to its end with its output thrown away, and what it took.
private struct Run {
  let wallSeconds: Double
  let cpuSeconds: Double
  let peakMemoryKiB: Int

  init(_ command: [String]) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    let start = ContinuousClock.now
    var process: pid_t = 0
    guard posix_spawn(&process, command[0], &actions, nil, &arguments, environ) == 0 else {
      throw BenchmarkError("cannot run \(command[0])")
    }
    var status: Int32 = 0
    var usage = rusage()
    guard wait4(process, &status, 0, &usage) == process, status == 0 else {
      throw BenchmarkError("\(command.joined(separator: " ")) failed with status \(status)")
    }
    wallSeconds = (ContinuousClock.now - start) / .seconds(1)
    cpuSeconds =
      Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    peakMemoryKiB = usage.ru_maxrss
  }
}
