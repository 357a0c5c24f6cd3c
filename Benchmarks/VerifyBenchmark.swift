import Foundation
import Glibc
import IndexFormat

/// Verifies a timeline, and has PostgreSQL recover the same data from the same base backup and WAL and check them by
/// `pg_amcheck`. Alternately, in the same run, each with one job at a time.
///
/// | | PostgreSQL | Scrubber |
/// |---|---|---|
/// | begins with | the base backup and the WAL, in files | layers with what came of both, in files |
/// | replays | all records, of all pages | all records, of pages that are there at the end |
/// | looks at | rows of tables; order in indexes, and that they have all rows | every page by itself; directories |
/// | tells whether | an index and its table fit each other | a layer, a record, a page is damaged |
///
/// The work is pgbench. Processors' time of the server is that of all its processes.
struct VerifyBenchmark {
  private let scrubber: String
  private let programs: String
  private let folder: String
  private let transactions: Int

  private static let rounds = 5

  init(_ arguments: ArraySlice<String>) throws {
    let arguments = Array(arguments)
    guard (4...5).contains(arguments.count), arguments[0] == "--scrubber",
      let count = Int(arguments.count > 4 ? arguments[4] : "100000")
    else {
      throw BenchmarkError("usage: Benchmarks verify --scrubber PROGRAM PROGRAMS DIR [TRANSACTIONS]")
    }
    (scrubber, programs, folder, transactions) = (arguments[1], arguments[2], arguments[3], count)
  }

  func run() throws {
    try makeCluster()
    let (end, layerCount) = try makeTimeline()
    for level in ["reconstruct", "images"] {
      let ours = [
        scrubber, "verify", "\(folder)/bucket", "--level", level, "--lsn", "\(end)", "--jobs", "1",
        "--journal", "\(folder)/journal", "--json",
      ]
      let told = try told(by: ours)
      if level == "reconstruct" {
        let (own, other) = try ProgramFigures.compare(ours, try recoveryCommand(), rounds: Self.rounds)
        print(
          """
          verify --level reconstruct: \(told.keyCount) values by \(told.recordCount) records, at one LSN
            scrubber   \(own.wall.short) s wall, \(own.cpu.short) s CPU, \(own.peakMemoryKiB / 1024) MiB peak, \
          \(Int(Double(told.keyCount) / own.cpu)) pages a second and core
            read       \(told.readByteCount >> 20) MiB of \(told.byteCount >> 20) MiB in \(layerCount) layers
            PostgreSQL \(other.wall.short) s wall, \(other.cpu.short) s CPU, recovery and pg_amcheck
            ratio      \((own.wall / other.wall).short) times the wall, \((own.cpu / other.cpu).short) times the CPU
          """
        )
      } else {
        print(
          """
          verify --level images: \(told.valueCount) images, \(told.readByteCount >> 20) MiB read
          """
        )
      }
    }
  }

  /// In a program of its own: the peak of memory that the system tells of a program begins with that of the one which
  /// started it.
  private func makeTimeline() throws -> (end: Lsn, layerCount: Int) {
    let (process, output) = (Process(), Pipe())
    process.executableURL = URL(filePath: CommandLine.arguments[0])
    process.arguments = [
      "make-timeline", "\(folder)/bucket", "\(folder)/base.tar", "\(folder)/data/pg_wal",
    ]
    process.standardOutput = output
    try process.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    let words = text.split { $0 == " " || $0 == "\n" }
    guard process.terminationStatus == 0, let layerCount = words.first.flatMap({ Int($0) }),
      let end = words.last.flatMap({ Lsn(String($0)) })
    else { throw BenchmarkError("make-timeline failed: \(text)") }
    return (end, layerCount)
  }

  // MARK: Scrubber

  private struct Told {
    var keyCount: Int
    var recordCount: Int
    var valueCount: Int
    var readByteCount: Int
    var byteCount: Int
  }

  /// What the program tells of a run. Anything that it finds is a mistake of one of us.
  private func told(by command: [String]) throws -> Told {
    let line = command.map { "'\($0)'" }.joined(separator: " ")
    _ = try ProgramRun(["/bin/bash", "-c", "\(line) > '\(folder)/told.json'"])
    let data = try Data(contentsOf: URL(filePath: "\(folder)/told.json"))
    guard let json = try JSONSerialization.jsonObject(with: data) as? [String: Any],
      let coverage = json["coverage"] as? [String: Any],
      let read = json["read_bytes"] as? Int, let present = json["layer_bytes"] as? Int
    else { throw BenchmarkError("no figures in \(folder)/told.json") }
    func checked(_ kind: String) throws -> Int {
      guard let tally = coverage[kind] as? [String: Any], let count = tally["checked"] as? Int else {
        throw BenchmarkError("no \(kind) in \(folder)/told.json")
      }
      return count
    }
    return Told(
      keyCount: try checked("keys"),
      recordCount: try checked("records"),
      valueCount: try checked("values"),
      readByteCount: read,
      byteCount: present
    )
  }

  // MARK: The server

  /// `base` is the cluster before the work, as an archive and unpacked; `data` what is left when it was killed.
  private func makeCluster() throws {
    try shell(
      """
      rm -rf data base bucket base.tar
      "$bin/initdb" -D data -U bench -A trust --no-sync --locale=C.UTF-8
      cat >> data/postgresql.conf << END
      listen_addresses = ''
      unix_socket_directories = '$PWD'
      fsync = off
      synchronous_commit = off
      autovacuum = off
      wal_keep_size = '16GB'
      max_wal_size = '16GB'
      checkpoint_timeout = '1d'
      wal_recycle = off
      shared_buffers = '512MB'
      END
      "$bin/pg_ctl" -D data -w -s -l log start
      "$bin/psql" -h "$PWD" -U bench -q -c 'create extension amcheck' postgres
      "$bin/pgbench" -h "$PWD" -U bench -q -i -s 10 postgres
      "$bin/pg_basebackup" -h "$PWD" -U bench -Ft -X none -c fast --no-manifest -D - > base.tar
      "$bin/pgbench" -h "$PWD" -U bench -n -c 4 -t \(transactions / 4) postgres
      "$bin/pg_ctl" -D data -w -s -m immediate stop
      mkdir -m 700 base
      tar -x -f base.tar -C base
      """
    )
  }

  /// Recovers a copy of the base, whose making is a small part of it, checks all databases, and stops the server as a
  /// crash would: what it would still write is not needed.
  private func recoveryCommand() throws -> [String] {
    let script = """
      set -euo pipefail
      cd '\(folder)'
      bin='\(programs)'
      rm -rf run
      cp -a base run
      cp data/pg_wal/0* run/pg_wal
      "$bin/postgres" -D run > recovery.log 2>&1 &
      server=$!
      until "$bin/pg_isready" -q -h "$PWD"; do
        kill -0 $server
        sleep 0.01
      done
      "$bin/pg_amcheck" -h "$PWD" -U bench -d postgres --heapallindexed > amcheck.log 2>&1
      kill -QUIT $server
      wait $server || true
      grep -q 'redo done at' recovery.log
      """
    let file = "\(folder)/recover"
    try script.write(toFile: file, atomically: true, encoding: .utf8)
    return ["/bin/bash", "-c", "\(asUser) bash '\(file)'"]
  }

  private var asUser: String {
    getuid() == 0 ? "exec setpriv --reuid postgres --regid postgres --init-groups" : "exec"
  }

  /// Runs commands in the folder as a user that servers run as.
  private func shell(_ commands: String) throws {
    let script = "set -euo pipefail; cd '\(folder)'; bin='\(programs)'\n\(commands)\n"
    let file = "\(folder)/commands"
    try script.write(toFile: file, atomically: true, encoding: .utf8)
    _ = try ProgramRun(["/bin/bash", "-c", "\(asUser) bash '\(file)' > '\(folder)/output' 2>&1"])
  }
}
