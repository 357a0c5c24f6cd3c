import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// What cannot be read is said, and what to do.
struct WALMistakeTests {
  @Test(arguments: [
    (["wal"], "wal: no command is given", "scrubber wal --help"),
    (["wal", "dmp"], #"unknown command "wal dmp""#, "Did you mean wal dump?"),
    (["wal", "dump"], "no bucket is given", "--bucket"),
    (["wal", "dump", "x", "--bucket", "b"], "--bucket and x are given together", "files, or a bucket"),
    (["wal", "dump", "x", "--rmgr", "Heep"], "--rmgr: found", "Did you mean Heap?"),
    (["wal", "dump", "x", "--rmgr", "300"], "--rmgr: found", ""),
    (["wal", "dump", "x", "--relation", "pg_class"], "--relation: found", "SPC/DB/REL"),
    (["wal", "dump", "x", "--relation", "1/2/3_vm"], "--relation: found", "--fork"),
    (["wal", "dump", "x", "--block", "3"], "--block is given without --relation", ""),
    (["wal", "dump", "x", "--fork", "map"], "--fork: found", "main, fsm, vm or init"),
    (["wal", "dump", "x", "--xid", "-3"], "--xid needs a value", ""),
    (["wal", "dump", "x", "--start", "3"], "--start: found", "an LSN"),
    (["wal", "dump", "x", "--start", "0/9", "--end", "0/8"], "--start 0/9 is behind --end 0/8", ""),
    (["wal", "dump", "x", "--stats=records"], "--stats: found", "record"),
    (["wal", "dump", "x", "-n", "0"], "--limit: found", ""),
    (["wal", "stats", "x", "--wal-seg-size", "3000000"], "--wal-seg-size: found", "a power of two"),
    (["wal", "verify", "x", "--rmgr", "Heap"], "unknown option --rmgr", ""),
    (["wal", "verify", "--bucket", "b", "--tenant-id", "3"], "--tenant-id: found", "32 hex digits"),
  ])
  func wrongLinesAreRefused(_ arguments: [String], _ message: String, _ hint: String) {
    do throws(UsageError) {
      _ = try Invocation(arguments, environment: Environment([:]))
      Issue.record("was taken: \(arguments)")
    } catch {
      #expect(error.description.contains(message), "\(error)")
      #expect(hint.isEmpty || error.description.contains(hint), "\(error)")
    }
  }

  @Test func shortOptionsAreThoseOfPgWaldump() throws {
    let environment = Environment([:])
    let short = try Invocation(
      [
        "wal", "dump", "x", "-s", "0/1", "-e", "0/9", "-r", "Heap", "-R", "1/2/3", "-B", "4", "-F", "vm",
        "-x", "7",
      ]
        + ["-wbn", "5", "-z"],
      environment: environment
    )
    let long = try Invocation(
      [
        "wal", "dump", "x", "--start", "0/1", "--end", "0/9", "--rmgr", "heap", "--relation", "1/2/3",
        "--block", "4",
      ]
        + ["--fork", "vm", "--xid", "7", "--fullpage", "--bkp-details", "--limit", "5", "--stats"],
      environment: environment
    )
    #expect(short == long)
    let counted = try Invocation(["wal", "dump", "x", "-z=record"], environment: environment)
    #expect(counted == (try Invocation(["wal", "dump", "x", "--stats=record"], environment: environment)))
  }

  @Test func whatIsNotThereOrNoWALIsSaid() async throws {
    let folder = try TemporaryFolder()
    let missing = try await ForensicRecord.run(["wal", "dump", "\(folder.path)/no"])
    #expect(missing.exitCode == .nothingMatched && missing.error.contains("\(folder.path)/no"))
    let empty = try await ForensicRecord.run(["wal", "verify", folder.path])
    #expect(empty.exitCode == .nothingMatched && empty.error.contains("no segments of WAL"))
    #expect(empty.error.contains("000000010000000000000001"))
    try folder.write("notes", Array("some notes, and not WAL".utf8))
    let notes = try await ForensicRecord.run(["wal", "dump", "\(folder.path)/notes"])
    #expect(notes.exitCode == .couldNotFinish && notes.error.contains("neither its name nor its first page"))
    try folder.write("000000010000000000000001", [UInt8](repeating: 0, count: 1 << 20))
    let zeros = try await ForensicRecord.run(["wal", "dump", folder.path])
    #expect(zeros.exitCode == .nothingMatched && zeros.error.contains("no record was found in 1 segment"))
    let behind = try await ForensicRecord.run(["wal", "dump", folder.path, "--start", "5/0"])
    #expect(behind.exitCode == .nothingMatched && behind.error.contains("no segment holds WAL from 5/0"))
    #expect(behind.error.contains("There are segments from 0/100000 on"))
  }

  /// Of bytes that are no WAL at all: a problem, and nothing else.
  @Test func noiseIsDamage() async throws {
    let folder = try TemporaryFolder()
    var random = SeededRandom(seed: 7)
    let noise = (0..<1 << 20).map { _ in UInt8.random(in: 0...255, using: &random) }
    try folder.write("000000010000000000000001", noise)
    for command in ["dump", "stats", "verify"] {
      let record = try await ForensicRecord.run(["wal", command, folder.path])
      #expect(
        record.exitCode == .damage || record.exitCode == .nothingMatched,
        "\(command) \(record.exitCode)"
      )
    }
    let verified = try await ForensicRecord.run(["wal", "verify", folder.path])
    #expect(verified.exitCode == .damage && verified.output.contains("wal.page-damaged"))
  }
}
