import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// WAL that real safekeepers put into a bucket, and WAL of all versions as PostgreSQL's own programs show it.
@Suite(.enabled(if: Golden.isPresent, Golden.absence), .timeLimit(.minutes(60)))
struct WALBucketTests {
  private static let main = "\(WALFixture.main)"

  private static func bucket() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try Golden.unpack("safekeeper/bucket.tar.zst", into: folder.path)
    return folder
  }

  @Test func fullAndPartialSegmentsAreReadAsOne() async throws {
    let folder = try Self.bucket()
    let words = ["--bucket", folder.path, "--timeline-id", Self.main]
    let verified = try await ForensicRecord.run(["wal", "verify"] + words)
    #expect(verified.exitCode == .ok, "\(verified.output)\(verified.error)")
    // Up to the flush LSN of the partial segment's name.
    #expect(
      verified.output.contains("3 segments of PostgreSQL 17, 21,884,384 bytes read"),
      "\(verified.output)"
    )
    #expect(verified.output.contains("0/43DEDE0"), "\(verified.output)")
    let stats = try await ForensicRecord.run(["wal", "stats", "--record"] + words)
    #expect(stats.exitCode == .ok && stats.output.contains("Heap/INSERT+INIT"))
    let part = try await ForensicRecord.run(["wal", "dump", "--start", "0/4000000", "-n", "1"] + words)
    #expect(part.exitCode == .ok && part.output.contains("lsn: 0/04"), "\(part.output)")
  }

  @Test func oneOfSeveralTimelinesMustBeChosen() async throws {
    let folder = try Self.bucket()
    let record = try await ForensicRecord.run(["wal", "dump", "--bucket", folder.path])
    #expect(record.exitCode == .usage && record.error.contains("more than one timeline"))
    #expect(record.error.contains("\(WALFixture.tenant)/\(Self.main)"))
    let missing = try await ForensicRecord.run(
      ["wal", "dump", "--bucket", folder.path, "--timeline-id", "\(BucketFixture.timeline(1))"]
    )
    #expect(missing.exitCode == .nothingMatched && missing.error.contains("there is no WAL of timeline"))
  }

  @Test(.enabled(if: RealS3Server.areInstalled, "servers are not in .venv: run tools/setup"))
  func aServersBucketGivesWhatTheFolderGives() async throws {
    let folder = try Self.bucket()
    let server = try await RealS3Server.running(.seaweedFS)
    let root = URL(filePath: folder.path)
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    let objects = try names.sorted().filter { $0.contains("/0000") }.map { name in
      (name, [UInt8](try Data(contentsOf: root.appending(path: name))))
    }
    let bucket = try await server.makeBucket(objects)
    for command in [
      ["wal", "verify"], ["wal", "stats"], ["wal", "dump", "--rmgr", "Transaction", "--limit", "100"],
    ] {
      let words = command + ["--timeline-id", Self.main, "--bucket"]
      let remote = try BuiltProgram.run(
        words + ["\(bucket.location)/safekeeper/v1"],
        environment: server.environment()
      )
      let local = try BuiltProgram.run(words + [folder.path])
      #expect(remote.exitCode == 0 && remote.output == local.output, "\(remote.error)\(local.error)")
    }
  }

  /// What `pg_waldump` of 16.2 and 17.10 printed of the same WAL, with `TZ=UTC` and from the first record on.
  @Test(arguments: [
    ("D-main", false, "fe287c891db5458b5bc1a27d99188fd1c49e24688f4681427bcd3f4d56820fd5"),
    ("D-main", true, "77fde82bf70f5df726b2ea1e21e4e2e5f5bf6c71bcebe235b1323ee97b40c40a"),
    ("A-main", false, "16f0effd4044465ab55cc370ef1747a4e735503f839d4a01f899eb336e49f544"),
    ("A-main", true, "46096d4237f31f7be1281d4fc23712787db43accd4073661858d2a3d444c9607"),
    ("H-main", false, "f3e21e06adfff3d8d6ccebb3899eda6eaa40a7062d5e12a69266112407735e29"),
    ("H-main", true, "23e7fcd9978efc5436d28422fc1967df7fb33f9f3ee4ff3e56e35f6f69d42ffa"),
  ])
  func linesOf16And17AreThoseOfPgWaldump(_ name: String, _ details: Bool, _ digest: String) async throws {
    let folder = try TemporaryFolder()
    let packed = Golden.folder.appending(path: "pageserver/wal/\(name)")
    for file in try FileManager.default.contentsOfDirectory(atPath: packed.path) {
      try RealPostgres.shell(
        "zstd -dcq --long=27 '\(packed.path)/\(file)' > '\(folder.path)/\(file.prefix(24))'"
      )
    }
    let words = ["wal", "dump", folder.path] + (details ? ["--bkp-details"] : [])
    let record = try await ForensicRecord.run(words)
    #expect(record.exitCode == .ok, "\(record.error)")
    #expect(HexText.string(Digest.sha256(Array(record.output.utf8)).span.bytes) == digest)
  }
}
