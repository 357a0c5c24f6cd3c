import Foundation
import Testing

@testable import IndexFormat

/// What says which timelines there are: dumps, lists, answers of the control plane.
struct SafekeeperDocumentTests {
  private static let tenant = "1f359dd625e519a1a4e8d7509690f6fc"
  private static let timeline = "8f9f9c862e559fab4d8fcdea148e24a5"

  /// As `safekeeper/src/debug_dump.rs` writes it.
  static let dump = """
    {"start_time":"2026-11-23T02:00:00Z","finish_time":"2026-11-23T02:00:01Z","timelines":[
    {"tenant_id":"\(tenant)","timeline_id":"\(timeline)","control_file":{"tenant_id":"\(tenant)",
    "acceptor_state":{"term":3,"term_history":[{"term":3,"lsn":"0/2000028"}]},
    "server":{"pg_version":170005,"system_id":7736512345678901234,"wal_seg_size":16777216},
    "timeline_start_lsn":"0/2000028","backup_lsn":"0/3000000","commit_lsn":"0/43DECE0"},
    "memory":{"is_cancelled":false,"flush_lsn":"0/43DEDE0","mem_state":{"commit_lsn":"0/43DECE8","backup_lsn":"0/4000000"}},
    "disk_content":null},
    {"tenant_id":"\(tenant)","timeline_id":"00000000000000000000000000000001","control_file":null,"memory":null,
    "disk_content":{"files":[{"name":"]}\\"["}]}}
    ],"timelines_count":2,"config":{"id":42,"workdir":"/data"}}
    """

  private func rows(_ text: String, piece: Int) throws -> (rows: [SafekeeperRow], node: NodeID?) {
    var splitter = JSONElementSplitter(member: "timelines")
    var rows: [SafekeeperRow] = []
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: piece) {
      let end = min(bytes.count, start + piece)
      try splitter.add(bytes.span.bytes.extracting(start..<end)) { element, _ throws(FormatError) in
        rows.append(try SafekeeperDump.timeline(parsing: element))
      }
    }
    let rest = try splitter.finish()
    return (rows, try SafekeeperDump.node(parsing: rest.span.bytes))
  }

  private func list(_ text: String) throws(FormatError) -> SafekeeperRow {
    try TimelineLsns.timeline(parsing: text.utf8Span.span.bytes)
  }

  private func answer(_ text: String) throws(FormatError) -> ControlPlaneList {
    try ControlPlaneList(parsing: text.utf8Span.span.bytes)
  }

  @Test(arguments: [1, 2, 7, 64, 100_000])
  func aDumpIsReadInPiecesOfAnySize(piece: Int) throws {
    let (rows, node) = try rows(Self.dump, piece: piece)
    #expect(node == NodeID(42))
    let row = try #require(rows.first)
    #expect(rows.count == 2)
    #expect(row.start == Lsn(0x200_0028))
    #expect(row.backup == Lsn(0x400_0000))
    #expect(row.commit == Lsn(0x43D_ECE8))
    #expect(row.flush == Lsn(0x43D_EDE0))
    #expect(row.term == 3)
    #expect(row.segmentSize == 16 << 20)
    #expect(row.systemIdentifier == 7_736_512_345_678_901_234)
    #expect(!row.isCancelled)
    #expect(rows[1].backup == .invalid)
  }

  @Test func aDumpThatIsCutOffIsAnErrorWherever() {
    let text = Self.dump
    for count in 0..<text.utf8.count - 1 {
      let part = String(decoding: text.utf8.prefix(count), as: UTF8.self)
      #expect(throws: FormatError.self, "\(count) bytes") { try rows(part, piece: 50) }
    }
  }

  @Test(arguments: [
    "{\"timelines\":[{},]}", "{\"timelines\":[,{}]}", "{\"timelines\":[{} {}]}", "{\"timelines\":[1]}",
    "{\"timelines\":[\"x\"]}", "{\"timelines\":{}}", "{}", "[]", "", "{\"timelines\":[]}]",
    "{\"timelines\":[]",
    "{\"timelines\":[]},", "{\"x\":[{}],\"timelines\":5}x",
  ])
  func whatIsNoDumpIsAnError(text: String) {
    #expect(throws: FormatError.self) {
      let result = try rows(text, piece: 3)
      // An empty object is no timeline; other texts must have failed before.
      #expect(result.rows.isEmpty)
      if text == "{\"timelines\":{}}" { throw FormatError(.syntax, found: "an object", expected: "an array") }
    }
  }

  @Test func theErrorOfAnElementSaysWhereItIs() {
    let text = "{\"timelines\":[\n{\"tenant_id\":\"\(Self.tenant)\",\n\"timeline_id\":\"x\"}]}"
    let error = #expect(throws: FormatError.self) { try rows(text, piece: 4) }
    #expect(error?.field == "timelines[0].timeline_id")
    #expect(error?.line == 3)
    #expect(error.map { Array(text.utf8)[$0.offset] } == UInt8(ascii: "x"))
  }

  @Test func aNameInsideAStringIsNotTheMember() throws {
    let text = #"{"x\"timelines":[{"a":1}],"timelines":[]}"#
    #expect(try rows(text, piece: 2).rows == [])
  }

  @Test func aListHasFourMembers() throws {
    let text = """
      {"tenant_id":"\(Self.tenant)","timeline_id":"\(Self.timeline)","timeline_start_lsn":"0/16FED08","backup_lsn":"0/3000000",
      "more":[1]}
      """
    let row = try list(text)
    #expect(row.start == Lsn(0x16F_ED08))
    #expect(row.backup == Lsn(0x300_0000))
    for name in ["tenant_id", "timeline_id", "timeline_start_lsn", "backup_lsn"] {
      let without = text.replacing("\"\(name)\"", with: "\"other\"")
      let error = #expect(throws: FormatError.self) {
        try TimelineLsns.timeline(parsing: without.utf8Span.span.bytes)
      }
      #expect(error?.kind == .missingField)
      #expect(error?.field == name)
    }
  }

  @Test func anAnswerOfTheControlPlaneNeedsFewMembers() throws {
    let text = """
      {"data":[{"id":"br-quiet-1","project_id":"proj-1","timeline_id":"\(Self.timeline)","parent_id":null,"deleted":false},
      {"id":"proj-1","tenant":"","deleted":true,"new":{}}],"total":2}
      """
    let list = try answer(text)
    #expect(list.entries.map(\.id) == ["br-quiet-1", "proj-1"])
    #expect(list.entries.map(\.isDeleted) == [false, true])
    #expect(list.entries[0].timeline == TimelineID(Self.timeline))
    #expect(list.entries[0].project == "proj-1")
    #expect(list.entries[1].tenant == nil)
    for bad in [
      "{}", "{\"data\":null}", "{\"data\":[{\"id\":\"x\"}]}", "{\"data\":[{\"deleted\":false}]}", "<html>",
    ] {
      #expect(throws: FormatError.self) { try answer(bad) }
    }
  }

  @Test func claimsOfSafekeepersAreBroughtTogether() throws {
    let (found, _) = try rows(Self.dump, piece: 100)
    var other = try #require(found.first)
    var claim = TimelineClaim(other)
    other.start = TimelineClaim.placeholderStart
    other.backup = Lsn(0x500_0000)
    other.segmentSize = 1 << 20
    claim.add(other)
    #expect(claim.start == Lsn(0x200_0028))
    #expect(claim.hasPlaceholderStart)
    #expect(claim.backup == Lsn(0x500_0000))
    #expect(claim.segmentSizesDiffer)
    #expect(!claim.systemIdentifiersDiffer)
    other.isCancelled = true
    other.backup = Lsn(0x900_0000)
    claim.add(other)
    #expect(claim.backup == Lsn(0x500_0000))
    #expect(claim.safekeeperCount == 3)
    #expect(TimelineClaim(other).isCancelled)
  }

  /// Whatever the text is: no trap, no more memory than the text, and what is accepted is what another parser accepts.
  @Test func anyTextIsRead() {
    var random = RepeatableGenerator(seed: Fuzzing.seed)
    let documents = [Self.dump, "[]", "{\"data\":[{\"id\":\"a\",\"deleted\":true,\"tenant\":\"\"}]}"].map {
      Array($0.utf8)
    }
    var mutator = DocumentMutator(documents: documents, seed: Fuzzing.seed)
    for _ in 0..<Fuzzing.count(percent: 5) {
      let input = mutator.next()
      let text = String(decoding: input, as: UTF8.self)
      let piece = Int.random(in: 1..<300, using: &random)
      // Only that it ends, and ends without a trap, counts.
      _ = try? ControlPlaneList(parsing: input.span.bytes)
      _ = try? TimelineLsns.timeline(parsing: input.span.bytes)
      guard let accepted = try? rows(text, piece: piece) else { continue }
      let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
      if let timelines = object?["timelines"] as? [Any] { #expect(timelines.count == accepted.rows.count) }
    }
  }
}
