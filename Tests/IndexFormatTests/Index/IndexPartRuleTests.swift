import Testing

@testable import IndexFormat

/// What an index may not look like, and how the error says so.
struct IndexPartRuleTests {
  typealias V = IndexVectors

  private func mistake(_ text: String) -> FormatError? {
    formatError { () throws(FormatError) in try IndexPart(text: text) }
  }

  @Test(arguments: ["layer_metadata", "disk_consistent_lsn", "metadata_bytes"])
  func missingFields(name: String) {
    let members = [
      "layer_metadata": #""layer_metadata":{}"#, "disk_consistent_lsn": V.lsn,
      "metadata_bytes": #""metadata_bytes":\#(V.object)"#,
    ]
    let document = "{\(members.filter { $0.key != name }.map(\.value).joined(separator: ","))}"
    let error = mistake(document)
    #expect(error?.kind == .missingField)
    #expect(error?.field == name)
    #expect(error?.found == "nothing")
  }

  @Test func everythingElseMayBeMissing() throws {
    let index = try IndexPart(text: V.minimal())
    #expect(index.version == 0)
    #expect(index.lineage == Lineage())
    #expect(index.deletedAt == nil && index.archivedAt == nil && index.importPgdata == nil)
    #expect(index.gcBlocking == nil && index.lastAuxFilePolicy == nil && index.relSizeMigration == nil)
    #expect(index.l2Lsn == nil && index.gcCompaction == nil && index.markedInvisibleAt == nil)
    #expect(index.relSizeMigratedAt == nil)
    #expect(index.text == V.minimal())
  }

  @Test(arguments: [
    "disk_consistent_lsn", "prev_record_lsn", "ancestor_timeline", "ancestor_lsn", "latest_gc_cutoff_lsn",
    "initdb_lsn", "pg_version",
  ])
  func missingMetadataFields(name: String) throws {
    let object = V.object.replacing("\"\(name)\"", with: "\"was_\(name)\"")
    let document = V.minimal(#""metadata_bytes":\#(object)"#)
    if name == "prev_record_lsn" || name == "ancestor_timeline" {
      #expect(try IndexPart(text: document).allUnknownFieldNames == ["metadata_bytes.was_\(name)"])
    } else {
      let error = mistake(document)
      #expect(error?.kind == .missingField)
      #expect(error?.field == "metadata_bytes.\(name)")
    }
  }

  /// Optional fields may be `null`; those with a default may not.
  @Test(arguments: IndexPart.Field.allCases)
  func nulls(field: IndexPart.Field) throws {
    let name = String(describing: field.name)
    // The alias stands for the field itself.
    let document =
      field == .metadata
      ? V.document(V.lsn, #""layer_metadata":{},"metadata":null"#) : V.minimal("\"\(name)\":null")
    switch field {
    case .version, .layerMetadata, .diskConsistentLsn, .metadata, .metadataBytes, .lineage:
      #expect(mistake(document)?.field == name)
    default:
      let index = try IndexPart(text: document)
      #expect(index.text == document)
      #expect(index == (try IndexPart(parsing: index.encode())))
    }
  }

  @Test(arguments: IndexPart.Field.allCases)
  func fieldsTwice(field: IndexPart.Field) {
    let name = String(describing: field.name)
    let values: [IndexPart.Field: String] = [
      .version: "1", .deletedAt: "null", .archivedAt: "null", .importPgdata: "null", .layerMetadata: "{}",
      .diskConsistentLsn: #""0/8""#, .metadata: V.object, .metadataBytes: V.object, .lineage: "{}",
      .gcBlocking: "null", .lastAuxFilePolicy: "null", .relSizeMigration: "null", .l2Lsn: "null",
      .gcCompaction: "null", .markedInvisibleAt: "null", .relSizeMigratedAt: "null",
    ]
    let member = "\"\(name)\":\(values[field] ?? "")"
    let document = "{\(member),\(member)}"
    let error = mistake(document)
    #expect(error?.kind == .duplicateField)
    #expect(error?.field == name)
    #expect(error?.offset == member.utf8.count + 3)
  }

  @Test func metadataUnderBothNamesIsADuplicate() {
    let document = V.minimal(#""metadata":\#(V.object)"#)
    #expect(mistake(document)?.kind == .duplicateField)
    #expect(mistake(document)?.field == "metadata")
    // The name in escapes is the same name.
    #expect(mistake(V.minimal(#""\u006detadata":\#(V.object)"#))?.kind == .duplicateField)
  }

  @Test(arguments: [
    (#""version":-1"#, "version"), (#""version":1.0"#, "version"), (#""version":1e0"#, "version"),
    (#""version":"1""#, "version"), (#""version":18446744073709551616"#, "version"),
    (#""version":01"#, "version"), (#""version":-0"#, "version"), (#""version":[]"#, "version"),
    (#""disk_consistent_lsn":5"#, "disk_consistent_lsn"),
    (#""disk_consistent_lsn":"5""#, "disk_consistent_lsn"),
    (#""disk_consistent_lsn":"0/100000000""#, "disk_consistent_lsn"),
    (#""disk_consistent_lsn":"0/-1""#, "disk_consistent_lsn"),
    (#""disk_consistent_lsn":"0/""#, "disk_consistent_lsn"), (#""deleted_at":5"#, "deleted_at"),
    (#""deleted_at":"2023-07-31T09:00:00Z""#, "deleted_at"),
    (#""deleted_at":"2023-07-31 09:00:00""#, "deleted_at"),
    (#""archived_at":"2023-07-31T09:00""#, "archived_at"),
    (#""archived_at":"2023-02-30T09:00:00""#, "archived_at"),
    (#""lineage":[]"#, "lineage"), (#""lineage":{"reparenting_history":[5]}"#, "lineage.reparenting_history"),
    (#""lineage":{"reparenting_history_truncated":0}"#, "lineage.reparenting_history_truncated"),
    (#""lineage":{"original_ancestor":[]}"#, "lineage.original_ancestor"),
    (
      #""lineage":{"original_ancestor":["e2bfd8c633d713d279e6fcd2bcc15b6d","0/8"]}"#,
      "lineage.original_ancestor"
    ),
    (#""lineage":{"reparenting_history":[],"reparenting_history":[]}"#, "lineage.reparenting_history"),
    (#""gc_blocking":{}"#, "gc_blocking.started_at"),
    (#""gc_blocking":{"started_at":"2024-07-19T09:00:00"}"#, "gc_blocking.reasons"),
    (#""gc_blocking":{"started_at":"2024-07-19T09:00:00","reasons":[1]}"#, "gc_blocking.reasons"),
    (#""gc_compaction":{}"#, "gc_compaction.last_completed_lsn"),
    (#""gc_compaction":"0/8""#, "gc_compaction"),
    (#""rel_size_migration":1"#, "rel_size_migration"),
    (#""last_aux_file_policy":2"#, "last_aux_file_policy"),
    (#""import_pgdata":"V1""#, "import_pgdata"), (#""import_pgdata":{"V1":null}"#, "import_pgdata"),
    (#""l2_lsn":{}"#, "l2_lsn"), (#""rel_size_migrated_at":"x""#, "rel_size_migrated_at"),
    (#""marked_invisible_at":"""#, "marked_invisible_at"), (#""metadata_bytes":5"#, "metadata_bytes"),
    (#""metadata_bytes":[]"#, "metadata_bytes"), (#""metadata_bytes":[256]"#, "metadata_bytes"),
    (#""metadata_bytes":[-1]"#, "metadata_bytes"), (#""metadata_bytes":[1.5]"#, "metadata_bytes"),
    (#""metadata_bytes":[1,]"#, "metadata_bytes"),
    (#""metadata_bytes":{"pg_version":4294967296}"#, "metadata_bytes.pg_version"),
    (#""metadata_bytes":{"pg_version":14,"pg_version":14}"#, "metadata_bytes.pg_version"),
    (
      #""metadata_bytes":{"ancestor_timeline":"e45a7f37d3ee2ff17dc14bf4f4e3f52"}"#,
      "metadata_bytes.ancestor_timeline"
    ),
    (#""layer_metadata":[]"#, "layer_metadata"),
    (#""layer_metadata":{"x":{"file_size":1}}"#, "layer_metadata[0]"),
    (#""layer_metadata":{"\#(V.deltaA)":{}}"#, "layer_metadata[0].file_size"),
    (#""layer_metadata":{"\#(V.deltaA)":5}"#, "layer_metadata[0]"),
    (#""layer_metadata":{"\#(V.deltaA)":{"file_size":-5}}"#, "layer_metadata[0].file_size"),
    (#""layer_metadata":{"\#(V.deltaA)":{"file_size":1.0}}"#, "layer_metadata[0].file_size"),
    (#""layer_metadata":{"\#(V.deltaA)":{"file_size":null}}"#, "layer_metadata[0].file_size"),
    (#""layer_metadata":{"\#(V.deltaA)":{"file_size":1,"file_size":1}}"#, "layer_metadata[0].file_size"),
    (#""layer_metadata":{"\#(V.deltaA)":{"file_size":1,"generation":null}}"#, "layer_metadata[0].generation"),
    (
      #""layer_metadata":{"\#(V.deltaA)":{"file_size":1,"generation":4294967296}}"#,
      "layer_metadata[0].generation"
    ),
    (#""layer_metadata":{"\#(V.deltaA)":{"file_size":1,"shard":null}}"#, "layer_metadata[0].shard"),
    (#""layer_metadata":{"\#(V.deltaA)":{"file_size":1,"shard":"102"}}"#, "layer_metadata[0].shard"),
    (
      #""layer_metadata":{"\#(V.deltaA)":{"file_size":1},"\#(V.deltaB)":{"file_size":x}}"#,
      "layer_metadata[1].file_size"
    ),
    (#""layer_metadata":{"\#(V.deltaA).old":{"file_size":1}}"#, "layer_metadata[0]"),
    (#""layer_metadata":{"metadata_backup":{"file_size":1}}"#, "layer_metadata[0]"),
  ])
  func badValues(member: String, field: String) throws {
    // Followed by more, so that the fast path has room.
    let document = V.minimal(member, #""padding":"\#(String(repeating: "x", count: 300))""#)
    let error = try #require(mistake(document))
    #expect(error.field == field)
    #expect(error.found.count <= 40)
    #expect(error.line == 1)
    let end = try #require(document.firstRange(of: #","padding""#)).lowerBound.utf16Offset(in: document)
    #expect(error.offset <= end && error.offset >= end - member.utf8.count)
  }

  @Test(arguments: ["x", "{}", ",", "\u{0}", "null", "]", "}"])
  func textBehindTheDocument(text: String) {
    let document = V.minimal()
    let error = mistake(document + " \n" + text)
    #expect(error?.kind == .trailingBytes)
    #expect(error?.offset == document.utf8.count + 2)
    #expect(error?.line == 2)
    #expect(mistake(document + " \n\r\t") == nil)
  }

  @Test(arguments: [
    "", " ", "null", "[]", "5", "\"x\"", "\u{feff}{}", "{", "}", "{,}", "{\"version\"}", "{version:1}",
  ])
  func otherThanAnObject(text: String) {
    #expect(mistake(text) != nil)
  }

  @Test func lineAndFieldOfAnErrorInsidePrettyText() throws {
    let document = """
      {
        "layer_metadata": {
          "\(V.deltaA)": { "file_size": 1 },
          "\(V.deltaB)": { "file_size": 2, "generation": "x" }
        }
      }
      """
    let error = try #require(mistake(document))
    #expect(error.line == 4)
    #expect(error.field == "layer_metadata[1].generation")
    #expect(error.found.hasPrefix("'\"x\" }"))
    let offset = try #require(document.firstRange(of: "\"x\"")).lowerBound.utf16Offset(in: document)
    #expect(error.offset == offset)
    #expect(
      error.description
        == #"layer_metadata[1].generation: found '"x" }\x0a  }\x0a}', expected an unsigned 32-bit number "#
        + "(byte \(offset), line 4)"
    )
  }

  @Test func errorInAnUnknownFieldNamesWhatItIsPartOf() {
    let inner = #""gc_blocking":{"started_at":"2024-07-19T09:00:00","tomorrow":[1,}"#
    #expect(mistake(V.minimal(inner))?.field == "gc_blocking")
    #expect(mistake(V.minimal(#""version":1,"tomorrow":{]"#))?.field == "")
  }

  @Test func importPgdataStates() throws {
    func state(_ json: String) throws -> ImportPgdata.State? {
      try IndexPart(text: V.minimal(#""import_pgdata":\#(json)"#)).importPgdata?.state
    }
    #expect(try state(#"{"V1":{"InProgress":{}}}"#) == .inProgress)
    #expect(try state(#"{"V1":{"Done":{}}}"#) == .done)
    #expect(try state(#"{"V1":{"Lost":{}}}"#) == .unknown)
    #expect(try state(#"{"V2":{"Done":{}}}"#) == .unknown)
    // A tagged value has exactly one tag.
    #expect(try state(#"{}"#) == .unknown)
    #expect(try state(#"{"V1":{}}"#) == .unknown)
    #expect(try state(#"{"V1":{"InProgress":{},"Done":{}}}"#) == .unknown)
    #expect(try state(#"{"V1":{"InProgress":{}},"V1":{"Done":{}}}"#) == .unknown)
    #expect(try state(#"{"V1":{"Done":{}},"V2":{}}"#) == .unknown)
    #expect(try state("null") == nil)
  }

  @Test func unknownReasonsAreKeptAndCounted() throws {
    func document(_ count: Int) -> String {
      let reasons = [#""Manual","DetachAncestor""#] + (0..<count).map { "\"R\($0)\"" }
      return V.minimal(
        #""gc_blocking":{"started_at":"2024-07-19T09:00:00","reasons":[\#(reasons.joined(separator: ","))]}"#
      )
    }
    let blocking = try #require(try IndexPart(text: document(1)).gcBlocking)
    #expect(blocking.reasons.map(\.isKnown) == [true, true, false])
    #expect(try IndexPart(text: document(998)).text == document(998))
    #expect(mistake(document(999))?.kind == .limitExceeded)
  }

  @Test func metadataArrayOfOtherLengths() {
    for count in [1, 54, 508, 511, 513, 516, 600] {
      let zeros = [String](repeating: "0", count: count).joined(separator: ",")
      let error = mistake(V.minimal(#""metadata_bytes":[\#(zeros)]"#))
      #expect(error?.kind == (count > 512 ? .limitExceeded : .badValue))
      #expect(error?.field == "metadata_bytes")
    }
    let ones = V.array(V.metadataA).replacing(",105,96,232,", with: ",105,96,240,")
    #expect(mistake(V.minimal(ones))?.kind == .checksumMismatch)
  }

  @Test func deepNesting() {
    func document(_ depth: Int) -> String {
      V.minimal("\"x\":\(String(repeating: "[", count: depth))\(String(repeating: "]", count: depth))")
    }
    #expect(mistake(document(JSONReader.maxDepth)) == nil)
    #expect(mistake(document(JSONReader.maxDepth + 1))?.kind == .limitExceeded)
    #expect(mistake("{\"x\":" + String(repeating: "{\"x\":", count: 1_000_000))?.kind == .limitExceeded)
    #expect(mistake("{\"x\":" + String(repeating: "[", count: 1_000_000))?.kind == .limitExceeded)
  }

  @Test func unknownFieldsAreLimited() throws {
    let count = JSONReader.maxUnknownFieldCount
    let many = String(repeating: "\"\":0,", count: count)
    let index = try IndexPart(text: "{" + many + V.minimal().dropFirst())
    #expect(index.unknownFields.count == count)
    #expect(index.newestFieldVersion == 7)
    #expect(mistake("{" + many + "\"\":0," + V.minimal().dropFirst())?.kind == .limitExceeded)
    // They count together, wherever they stand.
    let inner = #""lineage":{\#(many.dropLast())},"one":1"#
    #expect(mistake(V.minimal(inner))?.kind == .limitExceeded)
  }
}
