import Testing

@testable import IndexFormat

/// The documents of Neon's own tests of `index_part.json`, version by version.
struct IndexPartVectorTests {
  typealias V = IndexVectors

  private func time(_ text: String) throws -> NaiveDateTime { try #require(NaiveDateTime(text)) }

  private func timeline(_ text: String) throws -> TimelineID { try #require(TimelineID(text)) }

  /// The index with the two usual layers and metadata A.
  private func expectedA(version: UInt64) throws -> IndexPart {
    var index = IndexPart(
      metadata: TimelineMetadata(
        diskConsistentLsn: Lsn(0x169_60e8),
        prevRecordLsn: Lsn(0x169_6070),
        ancestorTimeline: nil,
        ancestorLsn: .invalid,
        latestGcCutoffLsn: Lsn(0x169_6070),
        initdbLsn: Lsn(0x169_6070),
        pgVersion: 14
      ),
      layers: [
        IndexLayer(
          name: try #require(LayerName(V.deltaA)),
          generation: .none,
          shard: .unsharded,
          fileSize: 25_600_000
        ),
        IndexLayer(
          name: try #require(LayerName(V.deltaB)),
          generation: .none,
          shard: .unsharded,
          fileSize: 9_007_199_254_741_001
        ),
      ]
    )
    index.version = version
    index.metadataForm = .binary(V.bytes(V.metadataA))
    return index
  }

  /// As above with the metadata of the later vectors, an object.
  private func expectedObject(version: UInt64) throws -> IndexPart {
    var index = try expectedA(version: version)
    index.metadata.ancestorTimeline = try timeline("e45a7f37d3ee2ff17dc14bf4f4e3f52e")
    index.metadataForm = .object
    return index
  }

  /// Parses, compares with what is expected but for what only says how the file was laid out, and expects that
  /// the document encodes to its own bytes.
  private func check(_ document: String, _ expected: IndexPart, former: [String] = []) throws {
    var index = try IndexPart(text: document)
    #expect(index.text == document)
    #expect(index.formerFields.map(\.name) == former)
    index.fieldOrder = []
    index.formerFields = []
    #expect(index == expected)
  }

  @Test func version1WithFormerFields() throws {
    let former = ["timeline_layers", "missing_layers"]
    let expected = try expectedA(version: 1)
    try check(
      V.document(#""version":1"#, V.formerLayers, V.layers, V.lsn, V.array(V.metadataA)),
      expected,
      former: ["timeline_layers"]
    )
    try check(
      V.document(#""version":1"#, V.formerLayers, V.missingLayers, V.layers, V.lsn, V.array(V.metadataA)),
      expected,
      former: former
    )
  }

  @Test func version2Deleted() throws {
    var expected = try expectedA(version: 2)
    expected.deletedAt = try time("2023-07-31T09:00:00.123")
    let document = V.document(
      #""version":2"#,
      V.formerLayers,
      V.missingLayers,
      V.layers,
      V.lsn,
      V.array(V.metadataA),
      V.deleted
    )
    try check(document, expected, former: ["timeline_layers", "missing_layers"])
    #expect(try IndexPart(text: document).newestFieldVersion == 2)
  }

  @Test func branchWithoutLayers() throws {
    let document = V.document(
      #""version":1,"timeline_layers":[],"layer_metadata":{},"disk_consistent_lsn":"0/2532648""#,
      V.array(V.metadataB)
    )
    let index = try IndexPart(text: document)
    #expect(index.layers.isEmpty)
    #expect(index.diskConsistentLsn == Lsn(0x253_2648))
    #expect(
      index.metadata
        == TimelineMetadata(
          diskConsistentLsn: Lsn(0x253_2648),
          prevRecordLsn: Lsn(0x253_2620),
          ancestorTimeline: try timeline("57c6f08761772d7d261d9ba18c8dffd2"),
          ancestorLsn: Lsn(0x253_2648),
          latestGcCutoffLsn: Lsn(0x149_f0c0),
          initdbLsn: Lsn(0x149_f0c0),
          pgVersion: 15
        )
    )
    #expect(index.text == document)
    #expect(index.newestFieldVersion == 1)
  }

  @Test func version4WithoutFormerFields() throws {
    var expected = try expectedA(version: 4)
    expected.deletedAt = try time("2023-07-31T09:00:00.123")
    try check(
      V.document(#""version":4"#, V.layers, V.lsn, V.array(V.metadataA), V.deleted),
      expected
    )
  }

  @Test func version5Lineage() throws {
    let keys = "000000000000000000000000000000000000-FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF__"
    let document = V.document(
      #""version":5,"layer_metadata":{"\#(keys)00000000014EF420-00000000014EF499":"#
        + #"{"file_size":23289856,"generation":1},"\#(keys)00000000014EF499-00000000015A7619":"#
        + #"{"file_size":1015808,"generation":1}},"disk_consistent_lsn":"0/15A7618""#,
      V.array(V.metadataC),
      V.lineage
    )
    let index = try IndexPart(text: document)
    #expect(index.layers.map(\.generation) == [.valid(1), .valid(1)])
    #expect(index.layers.map(\.fileSize) == [23_289_856, 1_015_808])
    #expect(index.layers.map(\.name.endLsn) == [Lsn(0x14e_f499), Lsn(0x15a_7619)])
    #expect(index.metadata.prevRecordLsn == nil && index.metadata.ancestorTimeline == nil)
    #expect(index.metadata.latestGcCutoffLsn == Lsn(0x14e_f420) && index.metadata.pgVersion == 16)
    let ancestor = try #require(index.lineage.originalAncestor)
    #expect(ancestor.timeline == (try timeline("e2bfd8c633d713d279e6fcd2bcc15b6d")))
    #expect(ancestor.lsn == Lsn(0x15a_7618))
    #expect(ancestor.detachedAt == (try time("2024-05-07T18:52:36.322426563")))
    #expect(index.lineage.reparentingHistory == [try timeline("e1bfd8c633d713d279e6fcd2bcc15b6d")])
    #expect(!index.lineage.isHistoryTruncated)
    #expect(index.newestFieldVersion == 5)
    // Page servers write the history first, so these bytes are not the same; the values are.
    #expect(try IndexPart(parsing: index.encode()) == index)
  }

  @Test func version6AuxFilePolicy() throws {
    let document = V.document(
      #""version":6"#,
      V.layers,
      V.lsn,
      V.array(V.metadataA),
      V.deleted,
      V.lineage,
      #""last_aux_file_policy":"V2""#
    )
    let index = try IndexPart(text: document)
    #expect(index.lastAuxFilePolicy?.meaning == .v2)
    #expect(index.lastAuxFilePolicy?.rawValue == "V2")
    #expect(index.lineage.reparentingHistory.count == 1)
    #expect(index.newestFieldVersion == 6)
    #expect(try IndexPart(parsing: index.encode()) == index)
  }

  @Test func versions7And8MetadataAsObject() throws {
    var expected = try expectedObject(version: 7)
    expected.deletedAt = try time("2023-07-31T09:00:00.123")
    let metadata = #""metadata":\#(V.object)"#
    let document = V.document(#""version":7"#, V.layers, V.lsn, metadata, V.deleted)
    try check(document, expected)
    #expect(try IndexPart(text: document).newestFieldVersion == 7)

    expected.version = 8
    expected.archivedAt = try time("2023-04-29T09:00:00.123")
    let archived = V.document(
      #""version":8"#,
      V.layers,
      V.lsn,
      metadata,
      V.deleted,
      #""archived_at":"2023-04-29T09:00:00.123""#
    )
    try check(archived, expected)
    #expect(try IndexPart(text: archived).newestFieldVersion == 8)
  }

  @Test func versions9To15OneMoreFieldEach() throws {
    var members = [V.layers, V.lsn, #""metadata":\#(V.object)"#]
    var expected = try expectedObject(version: 9)
    func check(
      version: UInt64,
      newest: UInt64,
      adding member: String,
      _ set: (inout IndexPart) throws -> Void
    )
      throws
    {
      members.append(member)
      expected.version = version
      try set(&expected)
      let document = "{\((["\"version\":\(version)"] + members).joined(separator: ","))}"
      try self.check(document, expected)
      #expect(try IndexPart(text: document).newestFieldVersion == newest)
    }
    try check(version: 9, newest: 9, adding: V.gcBlocking) {
      $0.gcBlocking = GcBlocking(startedAt: try time("2024-07-19T09:00:00.123"), reasons: [.detachAncestor])
    }
    try check(version: 10, newest: 10, adding: V.importPgdata) { index in
      let read = try IndexPart(text: V.minimal(V.importPgdata)).importPgdata
      #expect(read?.state == .done)
      #expect(
        read.map { String(decoding: $0.json, as: UTF8.self) }.map { #""import_pgdata":\#($0)"# }
          == V.importPgdata
      )
      index.importPgdata = read
    }
    try check(version: 11, newest: 11, adding: V.legacy) { $0.relSizeMigration = .legacy }
    try check(version: 13, newest: 13, adding: V.compaction) {
      $0.l2Lsn = Lsn(0x169_60e8)
      $0.gcCompaction = GcCompaction(lastCompletedLsn: Lsn(0x169_60e8))
    }
    try check(version: 14, newest: 14, adding: V.invisible) {
      $0.markedInvisibleAt = try time("2023-07-31T09:00:00.123")
    }
    try check(version: 15, newest: 15, adding: V.migrated) { $0.relSizeMigratedAt = Lsn(0x169_60e8) }
  }

  @Test func newestWriterNewTimeline() throws {
    let document =
      #"{"version":15,"layer_metadata":{},"disk_consistent_lsn":"0/16960E8","metadata_bytes":"#
      + #"{"disk_consistent_lsn":"0/16960E8","prev_record_lsn":null,"ancestor_timeline":null,"#
      + #""ancestor_lsn":"0/0","latest_gc_cutoff_lsn":"0/0","initdb_lsn":"0/0","pg_version":14},"lineage":{}}"#
    let index = try IndexPart(text: document)
    #expect(index.text == document)
    #expect(index.newestFieldVersion == 7)
    // The same made from its values, not read.
    let made = IndexPart(
      metadata: TimelineMetadata(
        diskConsistentLsn: Lsn(0x169_60e8),
        prevRecordLsn: nil,
        ancestorTimeline: nil,
        ancestorLsn: .invalid,
        latestGcCutoffLsn: .invalid,
        initdbLsn: .invalid,
        pgVersion: 14
      )
    )
    #expect(made.text == document)
    #expect(made.newestFieldVersion == 7)
  }

  @Test func shardedEntry() throws {
    let entry = #""layer_metadata":{"\#(V.deltaA)":{"file_size":42,"generation":3,"shard":"0102"}}"#
    let index = try IndexPart(text: V.minimal(entry))
    #expect(index.layers.first?.shard == ShardIndex(number: 1, count: 2))
    #expect(index.layers.first?.generation == .valid(3))
    #expect(index.layers.first?.fileSize == 42)
    #expect(index.text == V.minimal(entry))
    // Unsharded is not written; where it is written all the same, it means the same.
    let unsharded = try IndexPart(text: V.minimal(entry.replacing("0102", with: "0000")))
    #expect(unsharded.layers.first?.shard == .unsharded)
    #expect(!unsharded.text.contains("shard"))
  }

  @Test(
    arguments: [
      ("v1", .v1), ("V1", .v1), ("v2", .v2), ("cross-validation", .crossValidation),
      ("CrossValidation", .crossValidation), ("Cross-Validation", .crossValidation), ("v3", nil), ("", nil),
    ] as [(String, AuxFilePolicy.Meaning?)]
  )
  func auxFilePolicies(word: String, meaning: AuxFilePolicy.Meaning?) throws {
    let document = V.minimal(#""last_aux_file_policy":"\#(word)""#)
    let index = try IndexPart(text: document)
    #expect(index.lastAuxFilePolicy?.meaning == meaning)
    #expect(index.text == document)
  }

  /// The version stays behind when an old index is rewritten: the members tell.
  @Test(
    arguments: [
      (V.array(V.metadataA), 1), (#""lineage":{}"#, 7), (#""deleted_at":null"#, 7),
      (#""archived_at":"2024-01-01T00:00:00""#, 8), (#""archived_at":null"#, 7), (V.gcBlocking, 9),
      (V.importPgdata, 10), (V.legacy, 11), (#""l2_lsn":"0/8""#, 12), (V.compaction, 13), (V.invisible, 14),
      (V.migrated, 15), (#""tomorrow":1"#, 7), (V.missingLayers, 7),
    ] as [(String, UInt64)]
  )
  func newestFieldVersion(member: String, version: UInt64) throws {
    #expect(try IndexPart(text: V.minimal(member)).newestFieldVersion == version)
    #expect(try IndexPart(text: V.minimal(#""version":4"#, member)).newestFieldVersion == version)
  }

  @Test func newestFieldVersionOfOldestForms() throws {
    let array = V.array(V.metadataA)
    #expect(try IndexPart(text: V.minimal(array, V.deleted)).newestFieldVersion == 2)
    #expect(try IndexPart(text: V.minimal(array, #""lineage":{}"#)).newestFieldVersion == 5)
    #expect(try IndexPart(text: V.minimal(array, #""last_aux_file_policy":"v1""#)).newestFieldVersion == 6)
    let layers = #""layer_metadata":{"\#(V.deltaA)":{"file_size":1,"generation":1,"shard":"0102"}}"#
    #expect(try IndexPart(text: V.minimal(array, layers, #""version":15"#)).newestFieldVersion == 1)
    var raised = try IndexPart(text: V.minimal(array))
    raised.relSizeMigratedAt = Lsn(8)
    #expect(raised.newestFieldVersion == 15)
  }
}
