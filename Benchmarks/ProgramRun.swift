import Foundation
import Glibc

/// A program run to its end with its output thrown away, and what it took.
struct ProgramRun {
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

/// What several runs of a program took, in the middle.
struct ProgramFigures {
  let wall: Double
  let cpu: Double
  let peakMemoryKiB: Int

  init(_ runs: [ProgramRun]) {
    wall = Figures(seconds: runs.map(\.wallSeconds)).median
    cpu = Figures(seconds: runs.map(\.cpuSeconds)).median
    peakMemoryKiB = runs.map(\.peakMemoryKiB).max() ?? 0
  }

  /// Runs two programs alternately, after a first run of each that does not count.
  static func compare(_ one: [String], _ other: [String], rounds: Int) throws -> (Self, Self) {
    var runs: ([ProgramRun], [ProgramRun]) = ([], [])
    for round in 0...rounds {
      let pair = (try ProgramRun(one), try ProgramRun(other))
      guard round > 0 else { continue }
      runs.0.append(pair.0)
      runs.1.append(pair.1)
    }
    return (Self(runs.0), Self(runs.1))
  }
}
