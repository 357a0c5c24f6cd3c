import Testing

@testable import IndexFormat

/// `snapshot.json`: every member, read and written.
struct SnapshotDocumentTests {
  static let digest = String(repeating: "0123456789abcdef", count: 4)

  static let document =
    #"{"format":1,"tool":"scrubber 0.1.0 (abc)","moment":"2026-11-23T02:10:35Z","by_versions":true,"#
    + #""source":{"location":"s3://name","tenants_prefix":"pageserver/v1/tenants/"},"#
    + #""tenant_id":"1f359dd625e519a1a4e8d7509690f6fc","selected_timelines":["11223344556677881122334455667788"],"#
    + #""all":false,"shards":["0102"],"timelines":["11223344556677881122334455667788"],"complete":false,"files":["#
    + #"{"path":"t/a","key":"pageserver/v1/tenants/t/a","kind":"layer","size":9007199254740993,"sha256":"\#(digest)","#
    + #""etag":"e-1","version":"v1","last_modified":"2026-11-23T02:10:30Z","recovered":true},"#
    + #"{"path":"t/b","key":"pageserver/v1/tenants/t/b","kind":"initdb-preserved","size":0,"sha256":"\#(digest)","#
    + #""last_modified":"2026-11-23T02:10:30Z"}],"missing":[{"path":"t/c","size":1,"reason":"gone"}],"#
    + #""left_out":[{"path":"t/d","size":2,"reason":"other-generation"}]}"#

  @Test func everyMemberIsReadAndWritten() throws {
    let bytes = Array(Self.document.utf8)
    let document = try SnapshotDocument(parsing: bytes)
    #expect(document.encode() == bytes)
    #expect(document.isByVersions && !document.isComplete && document.tenant.description.hasPrefix("1f35"))
    #expect(document.shards == [ShardIndex(number: 1, count: 2)])
    #expect(document.files.map(\.kind) == [.layer, .preservedInitdb])
    #expect(document.files[0].size == 9_007_199_254_740_993 && document.files[0].isRecovered)
    #expect(document.files[1].etag == nil && document.files[1].version == nil)
    #expect(document.missing.map(\.reason) == [.gone] && document.leftOut.map(\.reason) == [.otherGeneration])
    #expect(try SnapshotFile(parsing: document.files[0].encode()) == document.files[0])
  }

  @Test func unknownMembersAreKept() throws {
    let text = Self.document.replacing(#""path":"t/c""#, with: #""path":"t/c","x":[1]"#)
      .replacing(#""format":1,"#, with: #""y":{},"format":1,"#)
    let document = try SnapshotDocument(parsing: Array(text.utf8))
    #expect(
      document.unknownFields.map(\.name) == ["y"] && document.missing[0].unknownFields.map(\.name) == ["x"]
    )
    #expect(try SnapshotDocument(parsing: document.encode()) == document)
  }

  @Test(arguments: ["format", "tool", "moment", "source", "tenant_id", "complete"])
  func aMemberThatIsNotThereIsNamed(_ name: String) throws {
    let text = Self.document.replacing("\"\(name)\":", with: "\"other\":")
    let error = #expect(throws: FormatError.self) { try SnapshotDocument(parsing: Array(text.utf8)) }
    #expect(error?.kind == .missingField && error?.field == name)
  }

  @Test(arguments: [
    ("\"kind\":\"layer\"", "\"kind\":\"Layer\"", "files[0].kind"),
    (digest, digest.uppercased(), "files[0].sha256"), (digest, "00", "files[0].sha256"),
    ("\"reason\":\"gone\"", "\"reason\":\"lost\"", "missing[0].reason"),
    ("\"size\":2", "\"size\":-2", "left_out[0].size"),
    ("\"0102\"", "\"01\"", "shards"), ("1f359dd6", "xf359dd6", "tenant_id"),
  ])
  func aWrongValueIsNamed(_ old: String, _ new: String, _ field: String) throws {
    var text = Self.document
    let range = try #require(text.firstRange(of: old))
    text.replaceSubrange(range, with: new)
    let error = #expect(throws: FormatError.self) { try SnapshotDocument(parsing: Array(text.utf8)) }
    #expect(error?.kind == .badValue && error?.field == field, "\(String(describing: error))")
  }

  @Test func digestsAreLowerCaseAndOfTheirLength() {
    #expect(SHA256Digest(Self.digest)?.description == Self.digest)
    #expect(SHA256Digest(bytes: Array(0..<32))?.description.hasPrefix("000102030405060708090a") == true)
    #expect(SHA256Digest(bytes: Array(0..<31)) == nil && SHA256Digest(Self.digest + "0") == nil)
    #expect(SHA256Digest(Self.digest.uppercased()) == nil && SHA256Digest("") == nil)
  }
}
