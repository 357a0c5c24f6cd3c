import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// The built program replaying WAL of a real tenant on base backups.
@Suite(.enabled(if: Golden.isPresent, Golden.absence), .serialized, .timeLimit(.minutes(60)))
struct VerifyBackupTests {
  private static let point = "0/4093988"

  /// A full backup of the main timeline, as the program writes it.
  private static func backUp(_ golden: ReplayedBucket, _ folder: TemporaryFolder, _ more: String...) throws {
    let words = ["fullbackup", "--bucket", golden.bucket.path, "--timeline-id", ReplayedBucket.main]
    let outcome = try BuiltProgram.run(words + ["--lsn", point, "--no-sync"] + more)
    try #require(outcome.exitCode == 0, "\(outcome.error)")
  }

  private static func verify(_ golden: ReplayedBucket, _ backup: String, _ more: String...) throws
    -> BuiltProgram.Outcome
  {
    try VerifyProgram.run(
      golden.bucket.path,
      ["--json", "--level", "replay", "--wal", golden.wal.path, "--timeline-id", ReplayedBucket.main]
        + ["--against", backup] + more
    )
  }

  @Test func aFullBackupIsABaseAsArchiveAndAsFolder() throws {
    let golden = try ReplayedBucket("A", wal: "A-main")
    let folder = try TemporaryFolder()
    let scratch = try TemporaryFolder()
    try Self.backUp(golden, folder, "--output", "\(folder.path)/base.tar")
    try Self.backUp(golden, folder, "--output-path", "\(folder.path)/data")
    var documents: [NSDictionary] = []
    for name in ["base.tar", "data"] {
      let backup = "\(folder.path)/\(name)"
      let outcome = try Self.verify(golden, backup, "--memory", "16M", "--scratch", scratch.path)
      #expect(outcome.exitCode == 0, "\(outcome.output.prefix(4000)) \(outcome.error)")
      let json = try VerifyProgram.document(outcome)
      let replay = try #require(try json.replays().first)
      #expect(replay["base"] as? String == backup && replay["lsn_start"] as? String == Self.point)
      #expect(replay["lsn_reached"] as? String == "0/43DEDE0" && replay["records"] as? Int ?? 0 > 1000)
      let (values, keys) = (try json.tally("values"), try json.tally("keys"))
      #expect(values.checked == values.present && values.checked > 8000 && json.isComplete)
      // A slot, the origin of replication, and what unlogged relations have.
      #expect(keys.skipped.keys.sorted() == ["not-in-backup"] && keys.skipped["not-in-backup"] ?? 0 < 50)
      #expect(keys.checked > 3000)
      documents.append(json)
    }
    #expect(documents[0]["coverage"] as? NSDictionary == documents[1]["coverage"] as? NSDictionary)
    #expect(try BackupProgram.names(scratch.path) == [])
  }

  /// Each of four shards begins with its part; the LSN lies within a record.
  @Test func aBackupOfAllShardsIsABaseOfEach() throws {
    let golden = try ReplayedBucket("B", wal: "A-main")
    let folder = try TemporaryFolder()
    let tar = "\(folder.path)/base.tar"
    let words = ["fullbackup", "--bucket", golden.bucket.path, "--timeline-id", ReplayedBucket.shards]
    let backup = try BuiltProgram.run(words + ["--lsn", "0/4200000", "--no-sync", "--output", tar])
    try #require(backup.exitCode == 0, "\(backup.error)")
    let outcome = try VerifyProgram.run(
      golden.bucket.path,
      ["--json", "--level", "replay", "--wal", golden.wal.path, "--against", tar]
        + ["--timeline-id", ReplayedBucket.shards]
    )
    #expect(outcome.exitCode == 0, "\(outcome.output.prefix(4000)) \(outcome.error)")
    let json = try VerifyProgram.document(outcome)
    #expect(try json.replays().map { $0["lsn_start"] as? String } == Array(repeating: "0/41FE970", count: 4))
    #expect(try json.tally("values").checked == 7876 && json.isComplete)
  }

  @Test func aFlippedBitOfABackupIsFound() throws {
    let golden = try ReplayedBucket("A", wal: "A-main")
    let folder = try TemporaryFolder()
    let data = "\(folder.path)/data"
    try Self.backUp(golden, folder, "--output-path", data)
    // The text of a function, which nobody changes.
    try ReplayedBucket.flip("\(data)/base/5/1255", at: 10 * 8192 + 8100)
    let outcome = try Self.verify(golden, data)
    #expect(outcome.exitCode == ExitCode.damage.rawValue, "\(outcome.error)")
    let findings = try VerifyProgram.document(outcome).findings()
    #expect(findings.map { $0["code"] as? String } == ["replay.value-differs"])
    let message = try #require(findings.first?["message"] as? String)
    #expect(message.contains("1255") && message.contains("bit 3 of byte 8100 alone"), "\(message)")
  }

  @Test func backupsOfOthersAreRefused() throws {
    let golden = try ReplayedBucket("A", wal: "A-main")
    let folder = try TemporaryFolder()
    let words = ["fullbackup", "--bucket", ForensicRecord.samples, "--timeline-id", ForensicRecord.main]
    let backup = try BuiltProgram.run(words + ["--no-sync", "--output-path", "\(folder.path)/data"])
    try #require(backup.exitCode == 0, "\(backup.error)")
    let other = try Self.verify(golden, "\(folder.path)/data")
    #expect(other.exitCode == ExitCode.usage.rawValue && other.output.isEmpty, "\(other.error)")
    #expect(other.error.contains("is a backup of another cluster: found system identifier"), "\(other.error)")
    // Not of one timeline.
    try folder.makeFolder("wal/\(ForensicRecord.tenant)/\(ReplayedBucket.main)")
    let many = try VerifyProgram.run(
      golden.bucket.path,
      ["--level", "replay", "--wal", folder.path, "--against", "\(folder.path)/data"]
    )
    #expect(many.exitCode == ExitCode.usage.rawValue && many.error.contains("--timeline-id"), "\(many.error)")
  }

  @Test func whatIsNoWholeBackupIsRefused() throws {
    let golden = try ReplayedBucket("A", wal: "A-main")
    let folder = try TemporaryFolder()
    let tar = "\(folder.path)/base.tar"
    try Self.backUp(golden, folder, "--output", tar)
    let whole = try Data(contentsOf: URL(filePath: tar))
    func check(_ bytes: Data, _ code: ExitCode, _ words: String, hint: String = "scrubber: ") throws {
      try bytes.write(to: URL(filePath: tar))
      let outcome = try Self.verify(golden, tar)
      #expect(outcome.exitCode == code.rawValue && outcome.output.isEmpty, "\(outcome.error)")
      #expect(outcome.error.contains(words), "\(outcome.error)")
      #expect(outcome.error.contains(hint), "\(outcome.error)")
    }
    try check(Data([0x1f, 0x8b]) + whole, .usage, "compressed by gzip", hint: "gunzip")
    try check(Data([0x28, 0xb5, 0x2f, 0xfd]), .usage, "compressed by zstd", hint: "zstd -d")
    try check(Data([1, 2, 3]), .usage, "neither a bucket nor a tar archive")
    try check(Data(), .usage, "neither a bucket nor a tar archive")
    try check(whole.dropLast(17 << 20), .couldNotFinish, "before that of an entry")
    try check(whole.prefix(512), .couldNotFinish, "expected two blocks of zeros")
  }
}
