import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// What is printed of the WAL of a real server is what its own program prints.
@Suite(.enabled(if: RealPostgres.isInstalled, RealPostgres.absence), .timeLimit(.minutes(60)))
struct WALDumpTests {
  private func lines(_ text: String) -> [Substring] { text.split(separator: "\n") }

  private func expectSame(_ ours: String, _ theirs: String) {
    let (ours, theirs) = (lines(ours), lines(theirs))
    #expect(ours.count == theirs.count && !ours.isEmpty)
    let different = zip(ours, theirs).filter { $0.0 != $0.1 }
    #expect(
      different.isEmpty,
      "\(different.count) lines; first: \(different.first.map { "\($0)\n\($1)" } ?? "")"
    )
  }

  @Test(arguments: [
    "", "--bkp-details", "--rmgr Heap --rmgr Btree", "--relation 1663/1/1259 --block 0",
    "--fullpage --limit 50",
    "--relation 1663/1/1249 --fork vm", "--xid 735", "--end 0/1100000", "--stats", "--stats=record",
  ])
  func theLinesAreThoseOfPgWaldump(_ arguments: String) async throws {
    let wal = try await RealWAL.made()
    let words = arguments.split(separator: " ").map(String.init)
    let ours = try await ForensicRecord.run(["wal", "dump", wal.path] + words)
    #expect(ours.exitCode == .ok, "\(ours.error)")
    expectSame(ours.output, try wal.waldump(arguments))
  }

  @Test func itBeginsWhereItIsTold() async throws {
    let wal = try await RealWAL.made()
    let all = lines(try wal.waldump(""))
    let place = try #require(
      all[all.count / 2].split(separator: " ").first { $0.hasPrefix("0/") }?.dropLast()
    )
    let ours = try await ForensicRecord.run(["wal", "dump", wal.path, "--start", "\(place)"])
    #expect(lines(ours.output) == Array(all[(all.count / 2)...]))
  }

  @Test func theCountsAreThoseOfPgWaldump() async throws {
    let wal = try await RealWAL.made()
    let ours = try await ForensicRecord.run(["wal", "stats", wal.path])
    expectSame(ours.output, try wal.waldump("--stats"))
    let json = try await ForensicRecord.run(["wal", "stats", "--record", "--json", wal.path])
    let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    let operations = try #require(object?["operations"] as? [[String: Any]])
    let counted = lines(try wal.waldump("--stats=record")).filter { $0.contains("/") && !$0.hasPrefix("WAL") }
    #expect(operations.count == counted.count)
    // The work of the test has all kinds of indexes.
    let names = operations.compactMap { $0["name"] as? String }
    for name in [
      "Hash/INSERT", "Gin/INSERT_LISTPAGE", "Gist/PAGE_SPLIT", "SPGist/ADD_LEAF", "BRIN/CREATE_INDEX",
    ] {
      #expect(names.contains(name), "\(names)")
    }
  }

  @Test func everyLineOfJSONIsARecord() async throws {
    let wal = try await RealWAL.made()
    let ours = try await ForensicRecord.run(["wal", "dump", wal.path, "--json"])
    let theirs = lines(try wal.waldump(""))
    let records = try lines(ours.output).map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    #expect(records.count == theirs.count)
    for (record, line) in zip(records, theirs) {
      let description = try #require(record["description"] as? String)
      let operation = try #require(record["operation"] as? String)
      #expect(line.contains("desc: \(operation) \(description)"))
      let blocks = try #require(record["blocks"] as? [[String: Any]])
      #expect(blocks.count == line.components(separatedBy: "blkref #").count - 1)
    }
  }

  // MARK: Damage

  /// The segment in a folder of its own, changed.
  private func changed(_ change: (inout [UInt8]) -> Void, _ body: (String) async throws -> Void) async throws
  {
    let wal = try await RealWAL.made()
    let folder = try TemporaryFolder()
    var bytes = try wal.bytes()
    change(&bytes)
    try folder.write(wal.segment, bytes)
    try await body(folder.path)
  }

  @Test func wholeWALHasNoProblems() async throws {
    let wal = try await RealWAL.made()
    let verified = try await ForensicRecord.run(["wal", "verify", wal.path])
    #expect(verified.exitCode == .ok && verified.output.contains("no problems"), "\(verified.output)")
    #expect(verified.output.contains("of PostgreSQL 15"))
    let count = lines(try wal.waldump("")).count
    #expect(verified.output.contains("\(DecimalText.grouped(count)) records from 0/1000028 to 0/1"))
  }

  @Test func aFlippedBitIsFoundWithTheNextRecord() async throws {
    try await changed {
      $0[0x8_0123] ^= 0x10
    } _: { path in
      let verified = try await ForensicRecord.run(["wal", "verify", path, "--json"])
      #expect(verified.exitCode == .damage)
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(verified.output.utf8)) as? [String: Any]
      )
      let findings = try #require(object["findings"] as? [[String: Any]])
      #expect(findings.count == 1)
      #expect(findings.first?["code"] as? String == "wal.record-damaged")
      let message = try #require(findings.first?["message"] as? String)
      #expect(message.contains("the next record found begins at 0/1"))
      let offset = try #require(findings.first?["offset"] as? Int)
      #expect((0x8_0123 - 16_384...0x8_0123).contains(offset))
      // The others are shown all the same.
      let dumped = try await ForensicRecord.run(["wal", "dump", path])
      #expect(dumped.exitCode == .damage && dumped.error.contains("found"))
      let wal = try await RealWAL.made()
      #expect(lines(dumped.output).count == lines(try wal.waldump("")).count - 1)
      let text = try await ForensicRecord.run(["wal", "verify", path])
      #expect(text.output.contains("1 problem") && text.output.contains("wal.record-damaged"))
    }
  }

  @Test func aPageOfZerosIsFound() async throws {
    try await changed {
      $0.replaceSubrange(0x10_0000..<0x10_2000, with: repeatElement(0, count: 0x2000))
    } _: { path in
      let verified = try await ForensicRecord.run(["wal", "verify", path])
      let message = "the WAL ends here in zeros, and goes on behind them"
      #expect(verified.exitCode == .damage && verified.output.contains(message), "\(verified.output)")
      #expect(verified.output.contains("a page of WAL at 0/1102000"))
    }
  }

  @Test func aMissingSegmentIsFound() async throws {
    let wal = try await RealWAL.made()
    let folder = try TemporaryFolder()
    try folder.write("000000010000000000000001", try wal.bytes())
    try folder.write("000000010000000000000003", try wal.bytes())
    // The second one claims to be what it is not; as a file of its own it is looked at.
    let paths = ["000000010000000000000001", "000000010000000000000003"].map { "\(folder.path)/\($0)" }
    let verified = try await ForensicRecord.run(["wal", "verify"] + paths)
    #expect(verified.exitCode == .damage)
    #expect(verified.output.contains("wal.segment-missing") && verified.output.contains("0/2000000"))
    #expect(verified.output.contains("wal.page-damaged"))
    // Of a folder it is what a server keeps for later.
    let kept = try await ForensicRecord.run(["wal", "verify", folder.path])
    #expect(kept.exitCode == .ok && kept.error.contains("still holds WAL of segment 1"))
  }

  @Test func aSegmentThatIsCutOffIsFound() async throws {
    let wal = try await RealWAL.made()
    let folder = try TemporaryFolder()
    try folder.write("000000010000000000000001", Array(try wal.bytes().prefix(0x10_0000)))
    try folder.write("000000010000000000000002", [UInt8](repeating: 1, count: 16 << 20))
    let paths = ["000000010000000000000001", "000000010000000000000002"].map { "\(folder.path)/\($0)" }
    let verified = try await ForensicRecord.run(["wal", "verify"] + paths)
    #expect(
      verified.exitCode == .damage && verified.output.contains("wal.segment-size"),
      "\(verified.output)"
    )
    #expect(verified.output.contains("wal.segment-missing") && verified.output.contains("LSN 0/1100000"))
    let long = try TemporaryFolder()
    try long.write("000000010000000000000001", try wal.bytes() + [0])
    let record = try await ForensicRecord.run(["wal", "verify", long.path])
    #expect(record.exitCode == .damage && record.output.contains("too long"))
  }
}
