import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// The built program replaying WAL of real tenants.
@Suite(.enabled(if: Golden.isPresent, Golden.absence), .serialized, .timeLimit(.minutes(60)))
struct VerifyReplayTests {
  @Test func aTimelineIsInOrderOnAllLevels() throws {
    let golden = try ReplayedBucket("A", wal: "A-main")
    let state = try TemporaryFolder()
    let outcome = try golden.verify("--timeline-id", ReplayedBucket.main, state: state)
    #expect(outcome.exitCode == 0, "\(outcome.output.prefix(4000)) \(outcome.error)")
    #expect(outcome.error.contains("35.8 MiB of WAL"), "\(outcome.error)")
    let json = try VerifyProgram.document(outcome)
    #expect(json["levels"] as? [String] == ["reconstruct", "images", "replay"] && json.isComplete)
    let replay = try #require(try json.replays().first)
    #expect(try json.replays().count == 1)
    #expect(replay["base"] as? String == "itself" && replay["shard_id"] as? String == "0000")
    #expect(replay["lsn_start"] as? String == "0/2000028" && replay["lsn_end"] as? String == "0/43DEDE0")
    #expect(replay["lsn_reached"] as? String == "0/43DEDE0" && replay["records"] as? Int == 72_190)
    let values = try json.tally("values")
    // Every value that the page server made of the WAL, and what the level of images compares.
    #expect(values.checked > 87_487 && values.skipped.keys.allSatisfy { $0 != "no-wal" && $0 != "damaged" })
    #expect(try BackupProgram.names("\(state.path)/scrubber") == [])
  }

  @Test func shardsAreReplayedOverTwoSplitsFromTheirOwnBeginning() throws {
    let golden = try ReplayedBucket("B", wal: "A-main")
    let outcome = try golden.verify("--timeline-id", ReplayedBucket.shards, "--level", "replay")
    #expect(outcome.exitCode == 0, "\(outcome.output.prefix(4000)) \(outcome.error)")
    let json = try VerifyProgram.document(outcome)
    let starts = try json.replays().map { "\($0["shard_id"] ?? "") \($0["lsn_start"] ?? "")" }
    // Garbage of the first one was collected.
    #expect(starts == ["0004 0/43D0B00", "0104 0/2000028", "0204 0/2000028", "0304 0/2000028"])
    #expect(try json.tally("values").checked == 70_349 && json.isComplete)
    #expect(try json.tally("values").skipped.isEmpty && json.tally("keys").skipped.isEmpty)
  }

  /// An older copy, of when the tenant was not sharded yet.
  @Test func anOlderCopyIsABaseOverASplit() throws {
    let golden = try ReplayedBucket("B", wal: "A-main")
    let old = try TemporaryFolder()
    let tenants = "pageserver/v1/tenants"
    try old.makeFolder(tenants)
    let name = try #require(
      try BackupProgram.names("\(golden.bucket.path)/\(tenants)").first { !$0.contains("-") }
    )
    try FileManager.default.copyItem(
      atPath: "\(golden.bucket.path)/\(tenants)/\(name)",
      toPath: "\(old.path)/\(tenants)/\(name)"
    )
    let words = ["--timeline-id", ReplayedBucket.shards, "--level", "replay", "--against", old.path]
    let outcome = try VerifyProgram.run(
      golden.bucket.path,
      words + ["--json", "--wal", golden.wal.path, "--lsn", "0/4100000"]
    )
    #expect(outcome.exitCode == 0, "\(outcome.output.prefix(4000)) \(outcome.error)")
    let json = try VerifyProgram.document(outcome)
    let replays = try json.replays().map {
      "\($0["lsn_start"] ?? "") \($0["lsn_end"] ?? "") \($0["base"] as? String == old.path)"
    }
    #expect(replays == [String](repeating: "0/383C160 0/4100000 true", count: 4))
    #expect(try json.tally("values").checked > 10_000 && json.isComplete)
    // A copy that is as far has nothing to begin with.
    let same = try VerifyProgram.run(
      golden.bucket.path,
      words.dropLast() + [golden.bucket.path, "--json", "--wal", golden.wal.path]
    )
    #expect(same.exitCode == 0, "\(same.error)")
    let kinds = try VerifyProgram.document(same).notReplayed()
    #expect(kinds == [ReplayedBucket.shards: "nothing-since"])
  }

  @Test(
    arguments: [("C", nil, 74_046), ("F", "F-main", 1), ("I", "A-main", 60_000)] as [(String, String?, Int)]
  )
  func otherFormsOfWALAndStorageAreReplayed(_ tenant: String, _ wal: String?, _ least: Int) throws {
    let golden = try ReplayedBucket(tenant, wal: wal)
    let timelines = ["F": "bc77f37e111274676fdabc6dd051ef91", "I": "edf40cd3e0ca6a6baa0263bf8d191170"]
    let choice = timelines[tenant].map { ["--timeline-id", $0] } ?? []
    let outcome = try VerifyProgram.run(
      golden.bucket.path,
      ["--json", "--level", "replay", "--wal", golden.wal.path] + choice
    )
    #expect(outcome.exitCode == 0, "\(outcome.output.prefix(4000)) \(outcome.error)")
    let json = try VerifyProgram.document(outcome)
    #expect(try json.tally("values").checked >= least && json.isComplete)
    #expect(try json.tally("values").skipped.isEmpty && json.tally("keys").skipped.isEmpty)
  }

  // MARK: Damage

  @Test func damageThatNoReadNeedsIsNamed() async throws {
    let golden = try ReplayedBucket("G", wal: "G-main")
    let (object, offset) = try await golden.record(isCovered: true)
    try ReplayedBucket.flip("\(golden.bucket.path)/\(object)", at: offset)
    let other = try VerifyProgram.run(golden.bucket.path, ["--json", "--level", "reconstruct"])
    #expect(other.exitCode == 0, "\(other.output.prefix(2000))")
    let outcome = try golden.verify("--level", "replay")
    #expect(outcome.exitCode == ExitCode.damage.rawValue, "\(outcome.error)")
    let findings = try VerifyProgram.document(outcome).findings()
    #expect(findings.count == 1 && findings.first?["object_key"] as? String == object)
    #expect(findings.first?["code"] as? String == "replay.record-differs")
    #expect((findings.first?["message"] as? String)?.contains("bit 3 of byte") == true, "\(findings)")
    #expect(findings.first?["offset"] as? Int == offset)
  }

  @Test func damagedWALIsNamedAndWhatIsBehindItSkipped() throws {
    let golden = try ReplayedBucket("C", wal: nil)
    let segment = try #require(try golden.segments.first)
    try ReplayedBucket.flip("\(golden.wal.path)/\(segment)", at: 0xc0_0fa0)
    let outcome = try golden.verify("--level", "replay")
    #expect(outcome.exitCode == ExitCode.damage.rawValue, "\(outcome.error)")
    let json = try VerifyProgram.document(outcome)
    let findings = try json.findings()
    #expect(findings.count == 1 && findings.first?["code"] as? String == "wal.record-damaged")
    #expect((findings.first?["object_key"] as? String)?.hasSuffix(segment) == true)
    let values = try json.tally("values")
    #expect(values.checked > 10_000 && values.skipped["no-wal"] ?? 0 > 1000 && json.isComplete)
  }

  @Test func aMissingSegmentEndsTheReplayAndIsNamed() throws {
    let golden = try ReplayedBucket("A", wal: "A-fork")
    try golden.wal.remove("000000010000000000000004")
    let outcome = try golden.verify("--level", "replay", "--timeline-id", ReplayedBucket.dev)
    #expect(outcome.exitCode == ExitCode.damage.rawValue, "\(outcome.error)")
    let json = try VerifyProgram.document(outcome)
    let findings = try json.findings()
    #expect(findings.map { $0["code"] as? String } == ["replay.wal-missing"])
    #expect(findings.first?["object_key"] as? String == "000000010000000000000004")
    let (values, keys) = (try json.tally("values"), try json.tally("keys"))
    #expect(values.checked > 1000 && values.skipped["no-wal"] ?? 0 > 1000)
    #expect(keys.skipped["no-wal"] ?? 0 > 1000 && json.isComplete)
    #expect(try json.replays().first?["lsn_reached"] as? String == "0/3FFF4C0")
  }

  // MARK: What is not there

  @Test func timelinesWithoutWALAreNamedAndEndWith1() throws {
    let golden = try ReplayedBucket("A", wal: "A-fork")
    let tenant = try #require(
      try BackupProgram.names("\(golden.bucket.path)/pageserver/v1/tenants").first
    )
    let folder = try TemporaryFolder()
    try folder.makeFolder("wal/\(tenant)")
    try FileManager.default.moveItem(
      atPath: golden.wal.path,
      toPath: "\(folder.path)/wal/\(tenant)/\(ReplayedBucket.dev)"
    )
    let words = ["--json", "--wal", folder.path, "--level", "replay"]
    let outcome = try VerifyProgram.run(golden.bucket.path, words)
    #expect(outcome.exitCode == ExitCode.couldNotFinish.rawValue, "\(outcome.output) \(outcome.error)")
    #expect(outcome.error.contains("timeline \(ReplayedBucket.main) is not replayed"), "\(outcome.error)")
    let json = try VerifyProgram.document(outcome)
    #expect(try json.replays().map { $0["timeline_id"] as? String } == [ReplayedBucket.dev])
    let kinds = try json.notReplayed()
    #expect(kinds[ReplayedBucket.main] == "no-wal" && kinds.count == 6)
    #expect(kinds.values.filter { $0 == "nothing-since" }.count == 2)
    // With nothing else to do, that is all that is to be said.
    let main = try VerifyProgram.run(golden.bucket.path, words + ["--timeline-id", ReplayedBucket.main])
    #expect(main.exitCode == ExitCode.nothingMatched.rawValue && main.output.isEmpty)
    #expect(
      main.error.contains("there is nothing to replay: timeline \(ReplayedBucket.main)"),
      "\(main.error)"
    )
  }

  @Test func segmentsOfOneTimelineAskForItsName() throws {
    let golden = try ReplayedBucket("A", wal: "A-fork")
    let outcome = try golden.verify()
    #expect(outcome.exitCode == ExitCode.usage.rawValue && outcome.error.contains("--timeline-id"))
    #expect(outcome.error.contains("do not say of which of"), "\(outcome.error)")
  }

  @Test func anLsnBelowTheGCCutoffIsWarnedOf() throws {
    let bucket = try RealBucket.unpack(["F"])
    let words = ["--json", "--level", "images", "--timeline-id", "bc77f37e111274676fdabc6dd051ef91"]
    let early = try VerifyProgram.run(bucket.path, words + ["--lsn", "0/4200000"])
    #expect(early.error.contains("LSN 0/4200000 is before the GC cutoff"), "\(early.error)")
    let late = try VerifyProgram.run(bucket.path, words + ["--lsn", "0/441AB30"])
    #expect(late.error.isEmpty, "\(late.error)")
  }

  // MARK: The same, however it comes about

  @Test func resultsDoNotDependOnJobsOrMemory() throws {
    let golden = try ReplayedBucket("A", wal: "A-fork")
    let words = ["--level", "replay", "--timeline-id", ReplayedBucket.dev]
    func run(_ more: String...) throws -> NSDictionary {
      let outcome = try VerifyProgram.run(
        golden.bucket.path,
        ["--json", "--wal", golden.wal.path] + words + more
      )
      #expect(outcome.exitCode == 0, "\(outcome.error)")
      return try VerifyProgram.document(outcome)
    }
    let one = try run("-j", "1")
    #expect(one == (try run("-j", "4")))
    #expect(one == (try run("-j", "4", "--memory", "16M")))
    // Somewhere else, and nothing is left there.
    let scratch = try TemporaryFolder()
    #expect(one == (try run("--scratch", scratch.path)))
    #expect(try scratch.names(in: "") == [])
    let nowhere = try VerifyProgram.run(
      golden.bucket.path,
      ["--wal", golden.wal.path, "--scratch", "\(scratch.path)/none"] + words
    )
    #expect(nowhere.exitCode == ExitCode.usage.rawValue && nowhere.error.contains("--scratch"))
  }

  @Test func killedAtAnyMomentItGoesOnToTheSameEnd() async throws {
    let golden = try ReplayedBucket("C", wal: nil)
    let (object, offset) = try await golden.record(isCovered: false)
    try ReplayedBucket.flip("\(golden.bucket.path)/\(object)", at: offset)
    let words = ["--wal", golden.wal.path, "--json", "-j", "2"]
    let whole = try VerifyProgram.run(golden.bucket.path, words)
    #expect(whole.exitCode == ExitCode.damage.rawValue, "\(whole.error)")
    let state = try TemporaryFolder()
    var generator = SeededRandom(seed: 7)
    var killed = 0
    for _ in 0..<3 {
      let (process, _, _) = try BuiltProgram.start(
        ["verify", golden.bucket.path, "--resume"] + words,
        environment: ["XDG_STATE_HOME": state.path]
      )
      usleep(UInt32.random(in: 1_000_000...7_000_000, using: &generator))
      if process.isRunning {
        kill(process.processIdentifier, SIGKILL)
        killed += 1
      }
      process.waitUntilExit()
    }
    let last = try VerifyProgram.run(golden.bucket.path, words + ["--resume"], state: state)
    #expect(last.exitCode == ExitCode.damage.rawValue, "\(last.error)")
    #expect(try VerifyProgram.document(last) == (try VerifyProgram.document(whole)))
    // Nothing is left: no journal, and no scratch folder of those that were killed.
    #expect(try BackupProgram.names("\(state.path)/scrubber") == [] && killed > 0)
  }
}
