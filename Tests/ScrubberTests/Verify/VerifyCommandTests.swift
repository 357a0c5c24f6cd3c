import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// Verifying the sample bucket.
struct VerifyCommandTests {
  @Test(arguments: [
    (["x", "--bucket", "b"], "SNAPSHOT \"x\" and --bucket are given together", ""),
    (["x", "y"], "unexpected argument", ""),
    (["x", "--level", "page"], "--level: found \"page\"", "reconstruct, images, replay, all"),
    (["x", "--level", "replay"], "--level replay is given without --wal", "--wal FOLDER"),
    (["x", "--level", "images", "--wal", "w"], "--wal is given, and nothing is replayed", "--level replay"),
    (["x", "--against", "y"], "--against is given, and nothing is replayed", "Say where the WAL is: --wal."),
    (["x", "--scratch", "y"], "--scratch is given, and nothing is replayed", "--wal"),
    (["x", "--wal", "ftp://y"], "--wal: found \"ftp://y\"", ""),
    (["x", "--wal", "w", "--against", ""], "--against: found", ""),
    (["x", "--wal", "w", "--scratch", ""], "--scratch: found", "a folder on this machine"),
    (["x", "--sample", "0"], "--sample: found", "0.01% to 100%"),
    (["x", "--sample", "100.01%"], "--sample: found", ""),
    (["x", "--sample", "1.234"], "--sample: found", ""),
    (["x", "--sample", "1."], "--sample: found", ""),
    (["x", "--sample", "%"], "--sample: found", ""),
    (["x", "--memory", "1M"], "--memory: found", "16M"),
    (["x", "--memory", "99999999999999999999G"], "--memory: found", ""),
    (["x", "--memory", "M"], "--memory: found", ""),
    (["x", "--jobs", "0"], "--jobs: found", ""),
    (["x", "--lsn", "5"], "--lsn: found \"5\"", "0/147A958"),
    (["x", "--timeline-id", "abc"], "--timeline-id: found \"abc\"", ""),
    (["x", "--json", "--format", "text"], "--json and --format text are given together", ""),
    (["x", "--journal", ""], "--journal: found", ""),
    (["x", "--at", "0/5"], "0/5 is an LSN", "--lsn 0/5"),
    (
      ["x", "--tenant-id", "960d9d0b9e77e0bd7221cb08d27fe138-0204"], "is one of several shards",
      "--tenant-id 960d9d0b9e77e0bd7221cb08d27fe138"
    ),
  ])
  func wrongLinesAreRefused(_ arguments: [String], _ message: String, _ hint: String) {
    do throws(UsageError) {
      _ = try Invocation(["verify"] + arguments, environment: Environment([:]))
      Issue.record("was taken: \(arguments)")
    } catch {
      #expect(error.description.contains(message), "\(error)")
      #expect(hint.isEmpty || error.description.contains(hint), "\(error)")
    }
  }

  @Test func valuesAreUnderstood() throws {
    func options(_ more: String...) throws -> VerifyOptions {
      let environment = Environment([:])
      guard
        case .forensic(.verify(let command)) = try Invocation(
          ["verify", "x"] + more,
          environment: environment
        )
      else { throw ForensicTestError(arguments: more) }
      return command.options
    }
    #expect(try options("--sample", "5%").sampleShare == 500)
    #expect(try options("--sample", "0.01").sampleShare == 1)
    #expect(try options("--sample", "12.5%").sampleShare == 1250)
    #expect(try options("--sample", "100").sampleShare == 10_000)
    #expect(try options("--memory", "16M").memoryByteCount == 16 << 20)
    #expect(try options("--memory", "2g").memoryByteCount == 2 << 30)
    #expect(try options("--memory", "33554432").memoryByteCount == 32 << 20)
    #expect(try options("--level", "images").levels == [.images])
    #expect(try options().levels == [.reconstruct, .images])
    let replay = try options("--wal", "w", "--against", "s3://name/old", "--scratch", "d", "--memory", "64M")
    #expect(replay.levels == [.reconstruct, .images, .replay] && replay.wal == .folder(path: "w"))
    #expect(replay.against == .s3(S3Address(bucket: "name", prefix: "old")) && replay.scratch == "d")
    #expect(try options("--level", "replay", "--wal", "w").levels == [.replay])
    // All that is held at a time is within what was said.
    let held =
      replay.cacheByteCount + replay.baseCacheByteCount + replay.grownCacheByteCount(3) * 3
      + max(replay.ingestByteCount, 2 * replay.unitByteBudget) * replay.jobs
    #expect(held <= 64 << 20)
    #expect(try options().levels == [.reconstruct, .images] && options().jobs >= 1)
    let lsns = try options("--lsn", "0/5", "0/6", "--lsn", "0/5").lsns
    #expect(lsns == [Lsn(5), Lsn(6)])
    // What is under work at the same time fits into what was given.
    let tight = try options("--memory", "16M", "--jobs", "4")
    #expect(tight.cacheByteCount + 2 * 4 * tight.unitByteBudget <= 16 << 20)
  }

  @Test func theSampleIsInOrder() throws {
    let outcome = try VerifyProgram.run(ForensicRecord.samples, ["--json"])
    #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.error)")
    let json = try VerifyProgram.document(outcome)
    #expect(json["findings"] as? [NSObject] == [])
    let keys = try json.tally("keys")
    #expect(keys.present > 3000 && keys.checked == keys.present && keys.skipped.isEmpty)
    #expect((json["timelines"] as? [NSObject])?.count == 5)
    #expect(json["levels_not_run"] as? [String] == ["replay"])
    #expect(json["interrupted"] as? Bool == false && json["exit_code"] as? Int == 0)
    let text = try VerifyProgram.run(ForensicRecord.samples)
    #expect(text.exitCode == 0 && text.error == "")
    #expect(text.output.contains("replay not run: it needs the WAL"))
    #expect(text.output.contains("every key, image, record and byte is accounted for"))
    #expect(text.output.hasSuffix("next: nothing to do\n"))
  }

  @Test func whatComesOutDoesNotDependOnTheJobs() throws {
    let one = try VerifyProgram.document(
      try VerifyProgram.run(ForensicRecord.samples, ["--json", "-j", "1"])
    )
    let four = try VerifyProgram.document(
      try VerifyProgram.run(ForensicRecord.samples, ["--json", "-j", "4"])
    )
    #expect(one == four)
  }

  @Test func onlyWhatIsAskedForIsVerified() throws {
    let one = try VerifyProgram.document(
      try VerifyProgram.run(
        ForensicRecord.samples,
        ["--json", "--timeline-id", ForensicRecord.main, "--lsn", "0/147A958", "--level", "reconstruct"]
      )
    )
    let timelines = try #require(one["timelines"] as? [[String: Any]])
    #expect(timelines.count == 1 && timelines[0]["timeline_id"] as? String == ForensicRecord.main)
    #expect(timelines[0]["lsns"] as? [String] == ["0/147A958"])
    #expect(one["levels_not_run"] as? [String] == ["images", "replay"])
    let values = try one.tally("values")
    #expect(values.present == 0)
    let sampled = try VerifyProgram.document(
      try VerifyProgram.run(ForensicRecord.samples, ["--json", "--sample", "10%", "--level", "reconstruct"])
    )
    let keys = try sampled.tally("keys")
    #expect(try #require(keys.skipped["not-sampled"]) > keys.present / 2 && keys.checked > 0)
  }

  @Test func whatIsNotThereEndsWith66() throws {
    let empty = try TemporaryFolder()
    try empty.makeFolder("tenants")
    let nothing = try VerifyProgram.run(empty.path)
    #expect(nothing.exitCode == ExitCode.nothingMatched.rawValue && nothing.output == "", "\(nothing.error)")
    let lsn = try VerifyProgram.run(ForensicRecord.samples, ["--lsn", "0/147A958", "0/1"])
    #expect(
      lsn.exitCode == ExitCode.nothingMatched.rawValue && lsn.error.contains("LSN 0/1 lies in no timeline")
    )
    let timeline = try VerifyProgram.run(
      ForensicRecord.samples,
      ["--timeline-id", String(ForensicRecord.main.dropLast()) + "0"]
    )
    #expect(timeline.exitCode == ExitCode.nothingMatched.rawValue)
    #expect(timeline.error.contains("Did you mean \(ForensicRecord.main)?"))
  }

  @Test func walThatIsNotThereEndsWith66() throws {
    let empty = try TemporaryFolder()
    for folder in [empty.path, "\(empty.path)/none"] {
      let outcome = try VerifyProgram.run(ForensicRecord.samples, ["--wal", folder])
      #expect(
        outcome.exitCode == ExitCode.nothingMatched.rawValue && outcome.output == "",
        "\(outcome.error)"
      )
      #expect(outcome.error.contains(folder))
    }
    let other = try VerifyProgram.run(
      ForensicRecord.samples,
      ["--wal", RealBucket.sampleFolder.path, "--against", empty.path]
    )
    #expect(other.exitCode == ExitCode.nothingMatched.rawValue, "\(other.error)")
  }

  /// A copy of the sample in which bytes of a layer, or the layer, are changed.
  private func damaged(_ change: (inout Data) -> Void) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: ForensicRecord.samples, toPath: "\(folder.path)/bucket")
    let tenant = "\(folder.path)/bucket/pageserver/v1/tenants/\(ForensicRecord.tenant)"
    let layer = "000000067F00000005000004E10300000000-000000067F0000000500000A300300000000__000000000147A958"
    let file = URL(filePath: "\(tenant)/timelines/\(ForensicRecord.main)/\(layer)-00000001")
    var bytes = try Data(contentsOf: file)
    change(&bytes)
    try bytes.write(to: file)
    return folder
  }

  @Test func damageIsToldWithItsLayer() throws {
    let folder = try damaged { bytes in for place in 9000..<9200 { bytes[place] ^= 0xff } }
    let outcome = try VerifyProgram.run("\(folder.path)/bucket", ["--json"])
    #expect(outcome.exitCode == ExitCode.damage.rawValue, "\(outcome.error)")
    let json = try VerifyProgram.document(outcome)
    let findings = try #require(json["findings"] as? [[String: Any]])
    #expect(!findings.isEmpty)
    let named = findings.contains {
      ($0["object_key"] as? String)?.contains("000000067F00000005000004E103") ?? false
    }
    #expect(named, "\(findings.prefix(3))")
    #expect((json["coverage"] as? [String: Any])?["complete"] as? Bool == true)
    // The same lines, in the same order, as they come.
    let lines = try VerifyProgram.run("\(folder.path)/bucket", ["--format", "ndjson", "-j", "3"]).output
      .split(separator: "\n")
    let told = try lines.compactMap { line -> [String: Any]? in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return object?["type"] as? String == "finding" ? object : nil
    }
    #expect(told.count == findings.count && lines.count == told.count + 2)
    for (one, other) in zip(told, findings) {
      #expect(NSDictionary(dictionary: one.filter { $0.key != "type" }) == NSDictionary(dictionary: other))
    }
    let text = try VerifyProgram.run("\(folder.path)/bucket", ["--verbose"])
    #expect(text.exitCode == ExitCode.damage.rawValue && text.output.contains("next: "))
  }

  @Test func aReaderThatGoesEndsItQuietly() throws {
    let folder = try damaged { $0.removeAll() }
    let outcome = try BackupProgram.shell(
      ["verify", "\(folder.path)/bucket", "--format", "ndjson"],
      behind: "| true",
      environment: ["XDG_STATE_HOME": folder.path]
    )
    #expect(outcome.exitCode == ExitCode.couldNotFinish.rawValue && outcome.error == "")
  }

  @Test func withoutAPlaceForAJournalItSaysSo() throws {
    let outcome = try BuiltProgram.run(["verify", ForensicRecord.samples])
    #expect(outcome.exitCode == 0 && outcome.error.contains("no journal is kept"))
    let resumed = try BuiltProgram.run(["verify", ForensicRecord.samples, "--resume"])
    #expect(resumed.exitCode == ExitCode.usage.rawValue && resumed.error.contains("--journal"))
  }
}
