import Testing

@testable import IndexFormat

struct DeletionListTests {
  private static let tenant = "ad6c1a56f5680419d3a16ff55d97ec3c"
  private static let timeline = "be322c834ed9e709e63b5c9698691910"
  private static let vector =
    #"{"version":1,"sequence":1,"tenants":{"\#(tenant)":{"timelines":{"\#(timeline)":["foo"]},"generation":123}},"#
    + #""size":1}"#

  private func parse(_ text: String) throws(FormatError) -> DeletionList {
    try DeletionList(parsing: Array(text.utf8))
  }

  private func rewritten(_ text: String) throws -> String {
    String(decoding: try parse(text).encode(), as: UTF8.self)
  }

  @Test func vector() throws {
    let list = try parse(Self.vector)
    #expect(list.version == 1 && list.sequence == 1 && list.size == 1 && !list.isValidated)
    let tenant = try #require(list.tenants.first)
    #expect(tenant.tenantShard == TenantShardID(Self.tenant))
    #expect(tenant.generation == .valid(123))
    #expect(tenant.timelines.map(\.timeline) == [try #require(TimelineID(Self.timeline))])
    #expect(tenant.timelines.map(\.objects) == [["foo"]])
    #expect(try rewritten(Self.vector) == Self.vector)
  }

  @Test func everythingElse() throws {
    let text =
      #"{"version":1,"sequence":18446744073709551615,"tenants":{"\#(Self.tenant)-0102":{"timelines":{},"#
      + #""generation":0,"t":1},"\#(Self.tenant)":{"timelines":{"\#(Self.timeline)":[]},"generation":1}},"#
      + #""size":0,"validated":true,"x":[]}"#
    #expect(try rewritten(text) == text)
    #expect(try parse(text).isValidated)
    #expect(
      try parse(text).tenants.map(\.tenantShard.shard) == [ShardIndex(number: 1, count: 2), .unsharded]
    )
    let named = Self.vector.replacing("foo", with: #"a\"\\\n\u0001é"#)
    #expect(try rewritten(named) == named)
    #expect(try parse(named).tenants.first?.timelines.first?.objects == ["a\"\\\n\u{1}é"])
  }

  @Test(arguments: [
    ("\"version\":1,", "", "version"), ("\"sequence\":1,", "", "sequence"), (",\"size\":1", "", "size"),
    (",\"generation\":123", "", "tenants.generation"), ("\"tenants\"", "\"x\"", "tenants"),
    ("\"timelines\"", "\"x\"", "tenants.timelines"), (tenant, "x", "tenants"),
    (timeline, "x", "tenants.timelines"),
    ("\"foo\"", "1", "tenants.timelines"), ("\"size\":1", "\"size\":1,\"size\":1", "size"),
    ("\"size\":1", "\"size\":-1", "size"), ("\"size\":1", "\"size\":1,\"validated\":null", "validated"),
    ("\"generation\":123", "\"generation\":null", "tenants.generation"),
    ("\"generation\":123}", "\"generation\":1},\"x\":{}", "tenants"),
  ])
  func refuses(part: String, other: String, field: String) {
    let text = Self.vector.replacing(part, with: other)
    #expect(text != Self.vector)
    #expect(formatError { () throws(FormatError) in try parse(text) }?.field == field)
  }

  @Test func header() throws {
    for sequence in ["0", "281474976710656", "18446744073709551615"] {
      let text = "{\"version\":1,\"validated_sequence\":\(sequence)}"
      let header = try DeletionHeader(parsing: Array(text.utf8))
      #expect(header.version == 1)
      #expect(header.validatedSequence == UInt64(sequence))
      #expect(String(decoding: header.encode(), as: UTF8.self) == text)
    }
    for text in [
      "{\"version\":1}", "{\"validated_sequence\":1}", "{\"version\":1,\"validated_sequence\":null}", "{}",
    ] {
      #expect(formatError { () throws(FormatError) in try DeletionHeader(parsing: Array(text.utf8)) } != nil)
    }
    let kept = "{\"version\":1,\"validated_sequence\":2,\"x\":3}"
    #expect(String(decoding: try DeletionHeader(parsing: Array(kept.utf8)).encode(), as: UTF8.self) == kept)
  }
}
