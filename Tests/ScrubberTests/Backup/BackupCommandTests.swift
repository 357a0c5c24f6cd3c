import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// Data directories of the sample bucket, by the built program.
struct BackupCommandTests {
  private static let main = ["--bucket", ForensicRecord.samples, "--timeline-id", ForensicRecord.main]

  @Test(arguments: ["basebackup", "fullbackup"])
  func pipeArchiveAndFolderAreTheSame(_ command: String) throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("piped")
    let piped = try BackupProgram.unpack([command] + Self.main, into: "\(folder.path)/piped")
    #expect(piped.exitCode == 0)
    #expect(
      piped.error.hasPrefix("scrubber: \(command) of timeline \(ForensicRecord.main)"),
      "\(piped.error)"
    )
    let tar = "\(folder.path)/data.tar"
    let archive = try BuiltProgram.run([command] + Self.main + ["--output", tar])
    #expect(archive.exitCode == 0 && archive.error == "")
    #expect(archive.output.contains(tar))
    try folder.makeFolder("unpacked")
    try RealPostgres.shell("tar -x -f '\(tar)' -C '\(folder.path)/unpacked'")
    let direct = try BuiltProgram.run([command] + Self.main + ["-o", "\(folder.path)/direct/"])
    #expect(direct.exitCode == 0 && direct.error == "")

    let content = try BackupProgram.content(of: "\(folder.path)/direct")
    #expect(content.files["global/pg_control"]?.byteCount == 8192)
    #expect(content.files["PG_VERSION"]?.byteCount == 3)
    #expect(content.files.keys.contains("base/5/1259") == (command == "fullbackup"))
    #expect(try BackupProgram.content(of: "\(folder.path)/piped") == content)
    #expect(try BackupProgram.content(of: "\(folder.path)/unpacked") == content)
    // Nothing is left but what was asked for, and nobody else may look.
    #expect(try BackupProgram.names(folder.path) == ["data.tar", "direct", "piped", "unpacked"])
    for (name, mode) in [("data.tar", 0o600), ("direct", 0o700)] {
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(name)")
      #expect(attributes[.posixPermissions] as? Int == mode)
    }
  }

  @Test func withoutSyncingTheSameIsWritten() throws {
    let folder = try TemporaryFolder()
    for (option, name) in [("--output", "tar"), ("--output-path", "data")] {
      let synced = ["fullbackup", option, "\(folder.path)/\(name)"] + Self.main
      let hasty = ["fullbackup", "--no-sync", option, "\(folder.path)/\(name)-hasty"] + Self.main
      for arguments in [synced, hasty] {
        let outcome = try BuiltProgram.run(arguments)
        #expect(outcome.exitCode == 0, "\(outcome.error)")
      }
    }
    #expect(try BackupProgram.names(folder.path) == ["data", "data-hasty", "tar", "tar-hasty"])
    #expect(
      try BackupProgram.bytes("\(folder.path)/tar") == BackupProgram.bytes("\(folder.path)/tar-hasty")
    )
    #expect(
      try BackupProgram.content(of: "\(folder.path)/data")
        == BackupProgram.content(of: "\(folder.path)/data-hasty")
    )
  }

  @Test func filesAreSyncedUnlessSomebodySaysNot() throws {
    for (more, syncs) in [([], true), (["--no-sync"], false)] {
      guard
        case .forensic(.backup(let command)) = try Invocation(
          ["fullbackup", "--bucket", "b", "--output-path", "data"] + more,
          environment: Environment([:])
        )
      else { throw ForensicTestError(arguments: more) }
      #expect(command.syncs == syncs)
    }
  }

  @Test func theSummaryAsJSONCountsWhatIsThere() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/data"
    let outcome = try BuiltProgram.run(["fullbackup"] + Self.main + ["--output-path", path, "--json"])
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
    )
    let content = try BackupProgram.content(of: path)
    #expect(json["file_count"] as? Int == content.files.count)
    #expect(json["folder_count"] as? Int == content.folders.count)
    #expect(json["byte_count"] as? Int == content.files.values.reduce(0) { $0 + $1.byteCount })
    #expect(json["output"] as? String == path && json["form"] as? String == "folder")
    #expect(json["lsn"] as? String == "0/147A9D0" && json["pg_version"] as? Int == 17)
    #expect(json["timeline_id"] as? String == ForensicRecord.main)
    // With the archive on standard output it goes to standard error.
    let piped = try BackupProgram.shell(["basebackup", "--json"] + Self.main, behind: "> /dev/null")
    let aside = try #require(
      try JSONSerialization.jsonObject(with: Data(piped.error.utf8)) as? [String: Any]
    )
    #expect(aside["output"] is NSNull && aside["form"] as? String == "tar")
  }

  @Test func anEmptyFolderIsFilledInPlace() throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("data")
    let before = try #require(
      try FileManager.default.attributesOfItem(atPath: "\(folder.path)/data")[.systemFileNumber] as? Int
    )
    let outcome = try BuiltProgram.run(["basebackup"] + Self.main + ["-o", "\(folder.path)/data"])
    #expect(outcome.exitCode == 0, "\(outcome.error)")
    let after = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/data")
    #expect(after[.systemFileNumber] as? Int == before && after[.posixPermissions] as? Int == 0o700)
    #expect(try BackupProgram.names("\(folder.path)/data").contains("PG_VERSION"))
  }

  @Test func whatIsThereIsNeverTouched() throws {
    let folder = try TemporaryFolder()
    try folder.write("file", Array("mine".utf8))
    try folder.write("folder/file", Array("mine".utf8))
    try folder.makeLink("link", to: "nowhere")
    for (option, name) in [
      ("--output", "file"), ("--output", "folder"), ("--output", "link"), ("--output-path", "file"),
      ("--output-path", "folder"),
    ] {
      let outcome = try BuiltProgram.run(["fullbackup"] + Self.main + [option, "\(folder.path)/\(name)"])
      #expect(outcome.exitCode == ExitCode.usage.rawValue, "\(option) \(name): \(outcome.error)")
      #expect(outcome.error.contains("nothing was changed") && outcome.output == "")
    }
    let dangling = try BuiltProgram.run(["fullbackup"] + Self.main + ["-o", "\(folder.path)/link"])
    #expect(dangling.exitCode == ExitCode.couldNotFinish.rawValue, "\(dangling.error)")
    #expect(try BackupProgram.names(folder.path) == ["file", "folder", "link"])
    #expect(try BackupProgram.bytes("\(folder.path)/file") == Data("mine".utf8))
    #expect(try BackupProgram.names("\(folder.path)/folder") == ["file"])
  }

  /// No file may be larger than 4 MiB: the system then says so as it says that a disk is full. The segment of WAL,
  /// which comes last, has 16 MiB.
  @Test func aFullDiskLeavesNothing() throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("empty")
    for target in [["--output", "data.tar"], ["--output-path", "data"], ["--output-path", "empty"]] {
      let path = "\(folder.path)/\(target[1])"
      let outcome = try BackupProgram.shell(
        before: "ulimit -f 4096; exec",
        ["fullbackup"] + Self.main + [target[0], path]
      )
      #expect(outcome.exitCode == ExitCode.couldNotFinish.rawValue, "\(outcome.error)")
      #expect(outcome.error.contains(path) && outcome.error.contains("File too large"), "\(outcome.error)")
      #expect(try BackupProgram.names(folder.path) == ["empty"])
      #expect(try BackupProgram.names("\(folder.path)/empty") == [])
    }
    let full = try BackupProgram.shell(["fullbackup"] + Self.main, behind: "> /dev/full")
    #expect(full.exitCode == ExitCode.couldNotFinish.rawValue)
    #expect(full.error.contains("standard output: No space left on device"), "\(full.error)")
  }

  @Test func aReaderThatGoesEndsItQuietly() throws {
    let outcome = try BackupProgram.shell(["fullbackup"] + Self.main, behind: "| true")
    #expect(outcome.exitCode == ExitCode.couldNotFinish.rawValue && outcome.error == "")
  }

  @Test func anLsnOutsideOfTheTimelineIsRefusedWithTheRange() throws {
    let folder = try TemporaryFolder()
    for (lsn, side) in [("0/147A957", "before its beginning"), ("0/147A9D1", "behind its end")] {
      let outcome = try BuiltProgram.run(
        ["fullbackup", "--lsn", lsn, "-o", "\(folder.path)/data"] + Self.main
      )
      #expect(outcome.exitCode == ExitCode.nothingMatched.rawValue && outcome.output == "")
      #expect(outcome.error.contains("LSN \(lsn) lies \(side)"))
      #expect(outcome.error.contains("goes from 0/147A958 to 0/147A9D0"))
    }
    #expect(try BackupProgram.names(folder.path) == [])
  }

  @Test func damageIsToldAndLeavesNothing() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: ForensicRecord.samples, toPath: "\(folder.path)/bucket")
    let tenant = "bucket/pageserver/v1/tenants/\(ForensicRecord.tenant)"
    let layer = "000000067F00000005000004E10300000000-000000067F0000000500000A300300000000__000000000147A958"
    try folder.remove("\(tenant)/timelines/\(ForensicRecord.main)/\(layer)-00000001")
    for target in [["--output", "\(folder.path)/data"], ["--output-path", "\(folder.path)/data"]] {
      let outcome = try BuiltProgram.run(
        ["fullbackup", "--bucket", "\(folder.path)/bucket", "--timeline-id", ForensicRecord.main] + target
      )
      #expect(outcome.exitCode == ExitCode.damage.rawValue, "\(outcome.error)")
      #expect(outcome.error.contains(layer))
      #expect(try BackupProgram.names(folder.path) == ["bucket"])
    }
  }

  @Test(arguments: [
    (["--output", "a", "--output-path", "b"], "--output and --output-path are given together", ""),
    (["--output", ""], #"--output: found """#, "a new file"),
    (["--output-path", "s3://name"], #"--output-path: found "s3://name""#, "a folder on this machine"),
    (["--no-sync"], "--no-sync is given", "--output FILE"),
    (["--no-sync", "--output", "-"], "--no-sync is given", "--output-path DIR"),
    (["--lsn", "5"], "--lsn: found", "0/147A958"),
    (["--at", "0/5"], "0/5 is an LSN", "--lsn 0/5"),
    (["--output-pth", "b"], "unknown option --output-pth", "--output-path"),
    (
      ["--tenant-id", "960d9d0b9e77e0bd7221cb08d27fe138-0204"], "is one of several shards",
      "--tenant-id 960d9d0b9e77e0bd7221cb08d27fe138"
    ),
  ])
  func wrongLinesAreRefused(_ arguments: [String], _ message: String, _ hint: String) {
    for command in ["basebackup", "fullbackup"] {
      do throws(UsageError) {
        _ = try Invocation([command, "--bucket", "b"] + arguments, environment: Environment([:]))
        Issue.record("was taken: \(arguments)")
      } catch {
        #expect(error.description.contains(message), "\(error)")
        #expect(hint.isEmpty || error.description.contains(hint), "\(error)")
      }
    }
  }

  @Test func onlyAComputeMayBeAReplica() throws {
    let environment = Environment([:])
    let line = ["--bucket", "b", "--replica"]
    guard
      case .forensic(.backup(let command)) = try Invocation(["basebackup"] + line, environment: environment)
    else { throw ForensicTestError(arguments: line) }
    #expect(command.isForReplica && command.target == .standardOutput)
    #expect(throws: UsageError.self) { try Invocation(["fullbackup"] + line, environment: environment) }
  }

  @Test func aTerminalGetsNoArchive() async throws {
    let record = try await ForensicRecord.run(["fullbackup"] + Self.main)
    #expect(record.exitCode == .usage && record.output == "")
    #expect(
      record.error.contains("standard output is a terminal") && record.error.contains("--output-path DIR")
    )
  }
}
