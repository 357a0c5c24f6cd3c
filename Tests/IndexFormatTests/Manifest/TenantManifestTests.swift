import Testing

@testable import IndexFormat

struct TenantManifestTests {
  private static let entries =
    #""offloaded_timelines":[{"timeline_id":"5c4df612fd159e63c1b7853fe94d97da","#
    + #""archived_at":"2025-03-07T11:07:11.373105434"},{"timeline_id":"f3def5823ad7080d2ea538d8e12163fa","#
    + #""ancestor_timeline_id":"5c4df612fd159e63c1b7853fe94d97da","ancestor_retain_lsn":"0/1F79038","#
    + #""archived_at":"2025-03-05T11:10:22.257901390"}]"#

  private func parse(_ text: String) throws(FormatError) -> TenantManifest {
    try TenantManifest(parsing: Array(text.utf8))
  }

  private func mistake(_ text: String) -> FormatError? {
    formatError { () throws(FormatError) in try parse(text) }
  }

  @Test func emptyOnes() throws {
    let zero = try parse(#"{"version":0}"#)
    #expect(zero.version == 0 && zero.stripeSize == nil && zero.offloadedTimelines.isEmpty)
    #expect(!TenantManifest.knownVersions.contains(zero.version))
    let one = try parse(#"{"version":1,"foo":"bar"}"#)
    #expect(one.version == 1 && one.offloadedTimelines.isEmpty)
    #expect(one.allUnknownFieldNames == ["foo"])
    let written = #"{"version":2,"stripe_size":2048,"offloaded_timelines":[]}"#
    #expect(try parse(written).stripeSize == 2048)
    #expect(String(decoding: try parse(written).encode(), as: UTF8.self) == written)
    #expect(try parse(#"{"version":2,"stripe_size":null}"#).stripeSize == nil)
  }

  @Test(arguments: [#"{"version":1,"#, #"{"version":2,"stripe_size":32768,"#])
  func offloadedTimelines(start: String) throws {
    let manifest = try parse(start + Self.entries + "}")
    #expect(manifest.stripeSize == (manifest.version == 2 ? 32768 : nil))
    #expect(
      manifest.offloadedTimelines.map(\.timeline.description) == [
        "5c4df612fd159e63c1b7853fe94d97da", "f3def5823ad7080d2ea538d8e12163fa",
      ]
    )
    #expect(manifest.offloadedTimelines[0].ancestorTimeline == nil)
    #expect(manifest.offloadedTimelines[0].ancestorRetainLsn == nil)
    #expect(manifest.offloadedTimelines[0].archivedAt == NaiveDateTime("2025-03-07T11:07:11.373105434"))
    #expect(manifest.offloadedTimelines[1].ancestorTimeline == manifest.offloadedTimelines[0].timeline)
    #expect(manifest.offloadedTimelines[1].ancestorRetainLsn == Lsn(0x1f7_9038))
    // Page servers write the options as null.
    let text = String(decoding: manifest.encode(), as: UTF8.self)
    #expect(text.contains(#"97da","ancestor_timeline_id":null,"ancestor_retain_lsn":null,"archived_at""#))
    #expect(try parse(text) == manifest)
  }

  @Test func unknownFieldsAreKept() throws {
    let text =
      #"{"version":2,"offloaded_timelines":[{"timeline_id":"5c4df612fd159e63c1b7853fe94d97da","#
      + #""ancestor_timeline_id":null,"ancestor_retain_lsn":null,"archived_at":"2025-03-07T11:07:11","#
      + #""why":["x"]}],"more":{}}"#
    let manifest = try parse(text)
    #expect(String(decoding: manifest.encode(), as: UTF8.self) == text)
    #expect(manifest.allUnknownFieldNames == ["more", "offloaded_timelines.*.why"])
  }

  @Test(arguments: [
    ("{}", "version", FormatError.Kind.missingField), (#"{"version":null}"#, "version", .badValue),
    (#"{"version":1,"version":1}"#, "version", .duplicateField),
    (
      #"{"version":1,"offloaded_timelines":[],"offloaded_timelines":[]}"#, "offloaded_timelines",
      .duplicateField
    ),
    (#"{"version":1.0}"#, "version", .badValue),
    (#"{"version":1,"stripe_size":4294967296}"#, "stripe_size", .badValue),
    (#"{"version":1,"stripe_size":-1}"#, "stripe_size", .badValue),
    (#"{"version":1,"offloaded_timelines":null}"#, "offloaded_timelines", .syntax),
    (#"{"version":1,"offloaded_timelines":[null]}"#, "offloaded_timelines[0]", .syntax),
    (#"{"version":1,"offloaded_timelines":[{}]}"#, "offloaded_timelines[0].timeline_id", .missingField),
    (
      #"{"version":1,"offloaded_timelines":[{"timeline_id":"5c4df612fd159e63c1b7853fe94d97da"}]}"#,
      "offloaded_timelines[0].archived_at", .missingField
    ),
    (
      #"{"version":1,"offloaded_timelines":[{"timeline_id":null}]}"#, "offloaded_timelines[0].timeline_id",
      .syntax
    ),
    (
      #"{"version":1,"offloaded_timelines":[{"archived_at":"2025-03-07T11:07:11","archived_at":1}]}"#,
      "offloaded_timelines[0].archived_at", .duplicateField
    ),
    (
      #"{"version":1,"offloaded_timelines":[{"archived_at":"2025-03-07T11:07:11Z"}]}"#,
      "offloaded_timelines[0].archived_at", .badValue
    ),
    (#"{"version":1} x"#, "", .trailingBytes), (#"{"version":1"#, "", .truncated),
    (#"{"version":1,"x":tru?}"#, "", .syntax),
  ])
  func refuses(text: String, field: String, kind: FormatError.Kind) {
    let error = mistake(text)
    #expect(error?.kind == kind)
    // Behind the last field that was read, its name may stay.
    if kind != .truncated { #expect(error?.field == field) }
    #expect((0...text.utf8.count).contains(error?.offset ?? -1))
  }
}
