import Foundation
import Testing

@testable import Scrubber

/// What the commands print of the sample bucket, word for word.
struct ForensicTextTests {
  private static let pgClass = "rel=1663/5/1259 blkno=0"
  private static let checkpoint = "030000000000000000000000000000000001"
  /// Of the directory of databases.
  private static let directory = String(repeating: "0", count: 36)
  private static let branch = "ce0d071f51ca97cf8efe5cd470ca860e"

  private static let cases: [(name: String, arguments: [String])] = [
    ("timeline-list.txt", ["timeline", "list"]),
    ("timeline-list.json", ["timeline", "list", ForensicRecord.tenant, "--json"]),
    ("timeline-tree.txt", ["timeline", "tree"]),
    ("layer-list.txt", ["layer", "list", ForensicRecord.tenant, ForensicRecord.main]),
    ("layer-list-key.txt", ["layer", "list", "--timeline-id", ForensicRecord.main, "--key", pgClass]),
    (
      "layer-list.json",
      ["layer", "list", "--timeline-id", ForensicRecord.main, "--lsn", "0/147A958", "--json"]
    ),
    ("layer-dump-delta.txt", ["layer", "dump", ForensicRecord.delta]),
    ("layer-dump-blobs.json", ["layer", "dump", ForensicRecord.delta + "-00000001", "--blobs", "--json"]),
    ("layer-dump-image.txt", ["layer", "dump", ForensicRecord.image]),
    ("layer-show.txt", ["layer", "show", ForensicRecord.image]),
    ("layer-show.json", ["layer", "show", ForensicRecord.delta, "--json"]),
    ("index-dump.txt", ["index", "dump", "--timeline-id", branch]),
    ("index-search.txt", ["index", "search", "--timeline-id", branch, "--key", pgClass]),
    ("layer-map.txt", ["layer-map", "--timeline-id", ForensicRecord.main]),
    (
      "page-get.txt",
      ["page", "get", "--timeline-id", branch, "--rel", "1663/5/1259", "--block", "0", "--explain"]
    ),
    ("page-get-directory.txt", ["page", "get", "--timeline-id", ForensicRecord.main, "--key", directory]),
    ("page-get-hex.txt", ["page", "get", "--timeline-id", branch, "--key", checkpoint, "--format", "hex"]),
    ("page-get.json", ["page", "get", "--timeline-id", branch, "--key", checkpoint, "--json"]),
    ("page-history.txt", ["page", "history", "--timeline-id", branch, "--key", checkpoint]),
    (
      "page-history.json",
      ["page", "history", "--timeline-id", branch, "--key", checkpoint, "--until", "0/147A958", "--json"]
    ),
    ("keyspace-databases.txt", ["keyspace", ForensicRecord.tenant, branch, "--show", "databases"]),
    ("keyspace-slrus.json", ["keyspace", "--timeline-id", branch, "--show", "slrus", "--json"]),
  ]

  @Test(arguments: cases.indices)
  func theTextIsAsRecorded(_ number: Int) async throws {
    let (name, arguments) = Self.cases[number]
    let record = try await ForensicRecord.run(arguments + ["--bucket", ForensicRecord.samples])
    #expect(record.exitCode == .ok)
    #expect(record.error == "")
    try GoldenText.expect(record.output, isIn: name)
    guard name.hasSuffix(".json") else { return }
    _ = try JSONSerialization.jsonObject(with: Data(record.output.utf8))
  }

  @Test func keysAreDescribed() async throws {
    let page = ["rel=1663/208101/2620_fsm", "blkno=2"]
    let record = try await ForensicRecord.run(["key", "describe"] + page + ["--shard-count", "4"])
    try GoldenText.expect(record.output, isIn: "key-describe.txt")
    let joined = page.joined(separator: ", ")
    let other = try await ForensicRecord.run(["key", "describe", joined, "--shard-count=4"])
    #expect(other.output == record.output)
    let json = try await ForensicRecord.run([
      "key", "describe", "000000067F00032CE500000A3C0100000002", "--json",
    ])
    #expect(json.output.contains(#""kind":"relation 1663/208101/2620_fsm block 2""#))
    // Known of the function: the first stripe of this relation is shard 0's, the next one shard 3's.
    for (block, shard) in [("0", "0004"), ("2048", "0304")] {
      let placed = try await ForensicRecord.run([
        "key", "describe", "rel=1663/1/174", "blkno=\(block)", "--shard-count", "4",
      ])
      #expect(placed.output.contains("shard: \(shard) of stripes of 2048 pages"))
    }
  }

  @Test func aFileIsDumpedLikeTheObject() async throws {
    let file = try await ForensicRecord.run(["layer", "dump", ForensicRecord.file(ForensicRecord.image)])
    let object = try await ForensicRecord.run(samples: "layer", "dump", ForensicRecord.image)
    #expect(file.output == object.output && file.exitCode == .ok)
    let folder = "pageserver/v1/tenants/\(ForensicRecord.tenant)/timelines/\(ForensicRecord.main)"
    let byKey = try await ForensicRecord.run(
      samples: "layer",
      "dump",
      "\(folder)/\(ForensicRecord.image)-00000001"
    )
    #expect(byKey.output == object.output)
  }

  @Test func aLayerUnderAnotherNameIsReadByItsSummary() async throws {
    let folder = try TemporaryFolder()
    let copy = "\(folder.path)/evidence"
    try FileManager.default.copyItem(atPath: ForensicRecord.file(ForensicRecord.delta), toPath: copy)
    let record = try await ForensicRecord.run(["layer", "dump", copy])
    let object = try await ForensicRecord.run(samples: "layer", "dump", ForensicRecord.delta)
    #expect(record.output == object.output && record.exitCode == .ok)
    try folder.write("nothing", Array("nothing".utf8))
    let nothing = try await ForensicRecord.run(["layer", "dump", "\(folder.path)/nothing"])
    #expect(nothing.exitCode == .couldNotFinish)
    #expect(nothing.error.contains("neither its name nor its first bytes"))
  }

  @Test func theBuiltProgramPrintsTheSame() throws {
    let outcome = try BuiltProgram.run(["layer", "show", ForensicRecord.file(ForensicRecord.delta), "--json"])
    #expect(outcome.output.contains(#""entry_count":1"#))
    #expect(outcome.exitCode == 0 && outcome.error == "")
    let group = try BuiltProgram.run(["layer", "--help"])
    try GoldenText.expect(group.output, isIn: "help-layer.txt")
  }
}
