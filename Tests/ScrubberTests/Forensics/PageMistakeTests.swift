import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// What cannot be read is said, with an exit code of its own.
struct PageMistakeTests {
  private static let pgClass = ["--rel", "1663/5/1259", "--block", "0"]

  @Test(arguments: [
    (["page"], "page: no command is given", "scrubber page --help"),
    (["page", "gte"], #"unknown command "page gte""#, "Did you mean page get?"),
    (["page", "get"], "page get: no key is given", "--rel SPC/DB/REL --block N"),
    (["page", "history"], "page history: no key is given", "--key KEY"),
    (["page", "get", "--rel", "1/2/3"], "--rel is given without --block", "--rel 1/2/3 --block N"),
    (["page", "get", "--block", "3"], "--block is given without --rel", ""),
    (["page", "get", "--rel", "1/2", "--block", "3"], #"--rel: found "1/2""#, ""),
    (["page", "get", "--rel", "1/2/3", "--block", "4294967295"], "--block: found", "4294967294"),
    (["page", "get", "--rel", "1/2/3", "--block", "0", "--key", "rel=1/2/3 blkno=0"], "--key and --rel", ""),
    (["page", "get", "--key", "xyz"], #"--key: found "xyz""#, ""),
    (["page", "get", "--rel=1/2/3", "--block=0", "--bucket=b", "--at", "0/5"], "0/5 is an LSN", "--lsn 0/5"),
    (["page", "get", "--rel=1/2/3", "--block=0", "--bucket=b", "--lsn", "5"], "--lsn: found", ""),
    (["page", "get", "--rel=1/2/3", "--block=0", "--bucket=b", "--format", "jsno"], "--format", "json?"),
    (
      ["page", "get", "--rel=1/2/3", "--block=0", "--bucket=b", "--format=hex", "--json"], "given together",
      ""
    ),
    (["page", "get", "--rel=1/2/3", "--block=0", "--bucket=b", "--output=x", "--json"], "--output is", ""),
    (["page", "get", "--rel=1/2/3", "--block=0", "--bucket=b", "--output="], "--output: found", ""),
    (["page", "get", "--rel=1/2/3", "--block=0", "--bucket=b", "--cache", "0"], "--cache: found", ""),
    (
      ["page", "history", "--rel=1/2/3", "--block=0", "--bucket=b", "--since", "0/9", "--until", "0/8"],
      "--since 0/9 is behind --until 0/8", ""
    ),
    (["page", "history", "--rel=1/2/3", "--block=0", "--bucket=b", "--since", "x"], "--since: found", ""),
    (["keyspace", "--bucket", "b", "--show", "database"], "--show: found", "Did you mean databases?"),
    (["keyspace", "--bucket", "b", "--lsn", "x"], "--lsn: found", ""),
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

  private func get(_ more: [String], _ bucket: String = ForensicRecord.samples) async throws -> ForensicRecord
  {
    try await ForensicRecord.run(
      ["page", "get", "--timeline-id", ForensicRecord.main, "--bucket", bucket] + more
    )
  }

  @Test func aKeyWithoutAValueEndsWith66() async throws {
    let missing = try await get(["--rel", "1663/5/1259", "--block", "4000", "--explain"])
    #expect(missing.exitCode == .nothingMatched)
    #expect(missing.error.contains("no value for key 000000067F00000005000004EB0000000FA0 on shard 0000"))
    // The layers that were looked into.
    #expect(missing.error.contains(ForensicRecord.delta) && missing.output.contains("2 layers"))
    let json = try await get(["--rel", "1663/5/1259", "--block", "4000", "--json"])
    #expect(json.exitCode == .nothingMatched && json.output.contains(#""status":"missing""#))
    let sparse = try await get(["--key", "62" + String(repeating: "0", count: 34), "--json"])
    #expect(sparse.exitCode == .nothingMatched && sparse.output.contains(#""status":"absent""#))
    let last = try await get(["--key", String(repeating: "F", count: 36)])
    #expect(last.exitCode == .nothingMatched && last.error.contains("no layer covers it"))
    let history = try await ForensicRecord.run(
      ["page", "history", "--timeline-id", ForensicRecord.main, "--bucket", ForensicRecord.samples]
        + ["--rel", "1663/5/1259", "--block", "4000"]
    )
    #expect(history.exitCode == .nothingMatched && history.output.contains("0 versions"))
  }

  @Test func anLsnOutsideOfTheTimelineIsRefusedWithTheRange() async throws {
    for (lsn, side) in [("0/147A957", "before its beginning"), ("0/147A9D1", "behind its end")] {
      for command in [["page", "get"] + Self.pgClass, ["keyspace"]] {
        let record = try await ForensicRecord.run(
          command + ["--timeline-id", ForensicRecord.main, "--bucket", ForensicRecord.samples, "--lsn", lsn]
        )
        #expect(record.exitCode == .nothingMatched && record.output == "")
        #expect(record.error.contains("LSN \(lsn) lies \(side)"))
        #expect(record.error.contains("goes from 0/147A958 to 0/147A9D0"))
      }
    }
    #expect(try await get(Self.pgClass + ["--lsn", "0/147A958"]).exitCode == .ok)
  }

  /// A copy of the samples with some bytes of the image layer with pg_class turned over.
  private func damaged(_ offset: Int, _ body: (String) async throws -> Void) async throws {
    try await changed(
      { bytes in
        let start = offset < 0 ? bytes.count + offset : offset
        for position in start..<start + 200 { bytes[position] ^= 0xff }
      },
      body
    )
  }

  private func changed(
    _ change: (inout Data) -> Void,
    _ body: (String) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    let copy = "\(folder.path)/bucket"
    try FileManager.default.copyItem(atPath: ForensicRecord.samples, toPath: copy)
    let layer = "000000067F00000005000004E10300000000-000000067F0000000500000A300300000000__000000000147A958"
    let tenants = "\(copy)/pageserver/v1/tenants/\(ForensicRecord.tenant)"
    let file = URL(filePath: "\(tenants)/timelines/\(ForensicRecord.main)/\(layer)-00000001")
    var bytes = try Data(contentsOf: file)
    change(&bytes)
    try bytes.write(to: file)
    try await body(copy)
  }

  @Test func aLayerThatIsCutOffIsDamage() async throws {
    try await changed({ $0.removeLast($0.count / 2) }) { bucket in
      let record = try await get(Self.pgClass, bucket)
      #expect(record.exitCode == .damage, "\(record.error)")
      #expect(record.error.contains("000000067F00000005000004E10300000000-"))
    }
  }

  @Test func aDamagedLayerIsToldWithObjectAndOffset() async throws {
    // The summary, then the root of the index.
    for offset in [0, -8192] {
      try await damaged(offset) { bucket in
        let record = try await get(Self.pgClass, bucket)
        #expect(record.exitCode == .damage, "\(record.output)")
        #expect(
          record.error.contains("000000067F00000005000004E10300000000-") && record.error.contains("byte")
        )
        let json = try await get(Self.pgClass + ["--json"], bucket)
        #expect(json.exitCode == .damage && json.output.contains(#""status":"failed""#))
        // A key that does not need the layer is read all the same.
        let other = try await get(["--key", "030000000000000000000000000000000001"], bucket)
        #expect(other.exitCode == .ok)
        let history = try await ForensicRecord.run(
          ["page", "history", "--timeline-id", ForensicRecord.main, "--bucket", bucket] + Self.pgClass
        )
        #expect(history.exitCode == .damage && history.error.contains("000000067F00000005000004E1"))
      }
    }
  }

  @Test func bytesAreWrittenToANewFileOnly() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/page"
    let written = try await get(Self.pgClass + ["--output", path])
    #expect(written.exitCode == .ok && written.output == "" && written.error == "")
    let bytes = try Data(contentsOf: URL(filePath: path))
    #expect(bytes.count == 8192)
    let again = try await get(["--key", "030000000000000000000000000000000001", "--output", path])
    #expect(again.exitCode == .couldNotFinish && again.error.contains("never overwritten"))
    #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
    let program = try BuiltProgram.run(
      ["page", "get", "--timeline-id", ForensicRecord.main, "--bucket", ForensicRecord.samples, "--explain"]
        + Self.pgClass + ["--format", "hex"]
    )
    #expect(program.exitCode == 0 && program.output.contains("00002000\n"))
    let raw = try await get([
      "--key", "000000067F000000050000" + "04EB00FFFFFFFF", "--format=raw", "--explain",
    ])
    #expect(raw.output.utf8.count == 4 && raw.error.contains("ranged read"))
  }

  @Test func aRingOfAncestorsEndsTheReading() async throws {
    var fixture = BucketFixture()
    for (number, ancestor) in [(UInt64(1), UInt64(2)), (2, 1)] {
      var index = BucketFixture.index([BucketFixture.layer()])
      index.metadata.ancestorTimeline = BucketFixture.timeline(ancestor)
      index.metadata.ancestorLsn = Lsn(0x160_0000)
      fixture.add(index, BucketFixture.timeline(number))
    }
    let view = try await TenantView.open(fixture)
    let place = try OpenTimeline(try view.timeline(BucketFixture.timeline(1), on: .unsharded), in: view)
    #expect(place.chain.count == 2 && place.timeline.ancestor?.timeline.ancestor == nil)
  }
}
