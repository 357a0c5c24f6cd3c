import Testing

@testable import IndexFormat

struct IndexPartEncodingTests {
  typealias V = IndexVectors

  /// Unknown fields at every level, in front, between and behind, with every kind of value.
  @Test func unknownFieldsAreKeptWhereTheyStood() throws {
    let value = #"{"a":[1,-2.5e+10,1e400,true,false,null,"ä\n\ud83d\ude00\""],"":{}}"#
    let metadata = V.object.dropLast() + #","new\"1":\#(value)}"#
    let document =
      #"{"first":\#(value),"version":16,"layer_metadata":{"\#(V.deltaA)":{"file_size":1,"generation":2,"#
      + #""shard":"0102","tier":\#(value)},"\#(V.deltaB)":{"file_size":2}},"second":"x","second":"y","#
      + #""disk_consistent_lsn":"0/16960E8","metadata_bytes":\#(metadata),"lineage":{"more":\#(value)},"#
      + #""gc_blocking":{"started_at":"2024-07-19T09:00:00","reasons":[],"by":\#(value)},"#
      + #""gc_compaction":{"last_completed_lsn":"0/8","runs":3},"third":\#(value)}"#
    let index = try IndexPart(text: document)
    #expect(index.text == document)
    #expect(
      index.allUnknownFieldNames == [
        "first", "second", "second", "third", "metadata_bytes.new\"1", "lineage.more", "gc_blocking.by",
        "gc_compaction.runs", "layer_metadata.*.tier",
      ]
    )
    #expect(index.layerUnknownFields.keys.sorted() == [0])
    #expect(try IndexPart(parsing: index.encode()) == index)
  }

  @Test func metadataKeepsItsName() throws {
    for name in ["metadata", "metadata_bytes"] {
      let object = #"{"layer_metadata":{},"disk_consistent_lsn":"0/16960E8","\#(name)":\#(V.object)}"#
      #expect(try IndexPart(text: object).text == object)
      let array = V.array(V.metadataA).replacing("metadata_bytes", with: name)
      let binary = #"{"layer_metadata":{},"disk_consistent_lsn":"0/16960E8",\#(array)}"#
      #expect(try IndexPart(text: binary).text == binary)
    }
  }

  @Test func otherSpellingsAreWrittenAsNeonWritesThem() throws {
    let document = V.document(
      #" "disk_consistent_lsn" : " 000/016960e8 " "#,
      "\n\"deleted_at\":\"2023-7-1T9:0:0.10\"",
      #""layer_metadata":{"\#(V.deltaA.lowercased())-00000007":{"shard":"0a0B","generation":7,"file_size":1}}"#,
      #""m\u0065tadata":\#(V.object)"#
    )
    let index = try IndexPart(text: document)
    #expect(
      index.text
        == V.document(
          #""disk_consistent_lsn":"0/16960E8""#,
          #""deleted_at":"2023-07-01T09:00:00.100""#,
          #""layer_metadata":{"\#(V.deltaA)":{"file_size":1,"generation":7,"shard":"0a0b"}}"#,
          #""metadata":\#(V.object)"#
        )
    )
  }

  @Test func fieldsSetAfterReadingAreWritten() throws {
    var index = try IndexPart(text: V.minimal(#""x":1"#))
    index.deletedAt = NaiveDateTime(year: 2025, month: 1, day: 2)
    index.lineage.isHistoryTruncated = true
    index.version = 15
    index.unknownFields.append(UnknownField(name: "y", json: Array("2".utf8)))
    index.formerFields = [UnknownField(name: "timeline_layers", json: Array("[]".utf8))]
    let expected =
      V.minimal(#""x":1"#).dropLast() + #","version":15,"deleted_at":"2025-01-02T00:00:00","#
      + #""lineage":{"reparenting_history_truncated":true},"timeline_layers":[],"y":2}"#
    #expect(index.text == String(expected))
  }

  @Test func fieldsTakenOutAfterReadingAreNotWritten() throws {
    var index = try IndexPart(text: V.minimal(#""x":1,"missing_layers":[],"y":2,"deleted_at":null"#))
    index.unknownFields.removeLast()
    index.formerFields = []
    #expect(index.text == V.minimal(#""x":1,"deleted_at":null"#))
    index.unknownFields = []
    #expect(index.text == V.minimal(#""deleted_at":null"#))
  }

  @Test func lineageOfNinetyNine() throws {
    let history = (0..<99).map { "\"\(TimelineID(high: 1, low: UInt64($0)))\"" }.joined(separator: ",")
    let document = V.minimal(
      #""lineage":{"reparenting_history_truncated":true,"reparenting_history":[\#(history)]}"#
    )
    let index = try IndexPart(text: document)
    #expect(index.lineage.reparentingHistory.count == 99)
    #expect(index.lineage.reparentingHistory.last == TimelineID(high: 1, low: 98))
    #expect(index.text == document)
  }
}
