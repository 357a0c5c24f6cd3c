import IndexFormat
import Testing

@testable import Scrubber

struct IndexDifferenceTests {
  private func index(_ generation: String, _ fixture: BucketFixture) throws -> IndexPart {
    let key =
      "pageserver/v1/tenants/4f1bca4f36e70647a6a0e573c9de17af/timelines/5fe8b8114a3857e52fdd46ec6012f196/"
      + "index_part.json-\(generation)"
    return try IndexPart(parsing: Array(try #require(fixture.objects[key]?.text).utf8))
  }

  @Test func generationsOfARealTimelineDiffer() throws {
    let fixture = try BucketFixture(tenants: ["A"])
    let (first, second) = (try index("00000001", fixture), try index("00000002", fixture))
    let difference = IndexDifference(first, second)
    #expect(
      difference.members.map(\.name) == [
        "disk_consistent_lsn", "metadata_bytes.disk_consistent_lsn", "metadata_bytes.prev_record_lsn",
      ]
    )
    #expect(difference.removed.count == 1 && difference.added.count == 7 && difference.sameCount == 29)
    #expect(difference.changed == [])
    let back = IndexDifference(second, first)
    #expect(back.removed == difference.added && back.added == difference.removed)
    #expect(IndexDifference(first, first).isEmpty)
  }

  @Test func everyMemberThatDiffersIsNamed() throws {
    let layer = BucketFixture.layer()
    var left = BucketFixture.index([layer])
    var right = left
    right.layers[0].fileSize = 101
    right.archivedAt = NaiveDateTime("2026-11-23T02:10:30")
    left.unknownFields = [UnknownField(name: "new", json: Array(#"{"deep":[1,{"er":2}]}"#.utf8))]
    right.metadata.pgVersion = 17
    let difference = IndexDifference(left, right)
    #expect(
      Set(difference.members.map(\.name)) == ["metadata_bytes.pg_version", "new.deep", "archived_at"]
    )
    let unknown = try #require(difference.members.first { $0.name == "new.deep" })
    #expect(unknown.left == #"[1,{"er":2}]"# && unknown.right == nil)
    #expect(difference.changed == [.init(left: layer, right: right.layers[0])])
  }

  @Test func filesAreCompared() async throws {
    let folder = try TemporaryFolder()
    try folder.write("a", BucketFixture.index([BucketFixture.layer()]).encode())
    try folder.write("b", BucketFixture.index([]).encode())
    let files = ["\(folder.path)/a", "\(folder.path)/b"]
    let record = try await ForensicRecord.run(["index", "diff"] + files)
    #expect(record.exitCode == .ok)
    #expect(record.output.contains("1 layer removed (100 bytes), 0 layers added (0 bytes), 0 changed"))
    let json = try await ForensicRecord.run(["index", "diff"] + files + ["--json"])
    #expect(json.output.contains(#""removed":[{"name":""#) && json.output.contains(#""same_count":0"#))
  }
}
