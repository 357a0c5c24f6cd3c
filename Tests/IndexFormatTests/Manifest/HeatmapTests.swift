import Testing

@testable import IndexFormat

struct HeatmapTests {
  private static let layer =
    #"{"name":"\#(IndexVectors.deltaA)","metadata":{"file_size":25600000,"generation":1},"#
    + #""access_time":1690000000,"cold":false}"#

  private static func document(_ layers: String, behind: String = #","upload_period_ms":60000"#) -> String {
    #"{"generation":1,"timelines":[{"timeline_id":"11223344556677881122334455667788","layers":["#
      + layers + "]}]" + behind + "}"
  }

  private func parse(_ text: String) throws(FormatError) -> Heatmap { try Heatmap(parsing: Array(text.utf8)) }

  private func rewritten(_ text: String) throws -> String {
    String(decoding: try parse(text).encode(), as: UTF8.self)
  }

  @Test func newestForm() throws {
    let text = Self.document(Self.layer)
    let heatmap = try parse(text)
    #expect(heatmap.generation == .valid(1))
    #expect(heatmap.uploadPeriod == .milliseconds(60000))
    #expect(heatmap.timelines.map(\.timeline.description) == ["11223344556677881122334455667788"])
    let layer = try #require(heatmap.timelines.first?.layers.first)
    #expect(layer.layer.name.description == IndexVectors.deltaA)
    #expect(layer.layer.fileSize == 25_600_000)
    #expect(layer.layer.generation == .valid(1))
    #expect(layer.accessTime == 1_690_000_000)
    #expect(layer.isCold == false)
    #expect(try rewritten(text) == text)
  }

  @Test func olderForms() throws {
    let old = Self.document(Self.layer.replacing(",\"cold\":false", with: ""), behind: "")
    #expect(try rewritten(old) == old)
    #expect(try parse(old).timelines.first?.layers.first?.isCold == nil)
    #expect(try parse(old).uploadPeriod == .absent)
    let null = Self.document(Self.layer, behind: #","upload_period_ms":null"#)
    #expect(try rewritten(null) == null)
    #expect(try rewritten(#"{"generation":0,"timelines":[]}"#) == #"{"generation":0,"timelines":[]}"#)
  }

  /// The metadata may stand before the name, which the layer needs first.
  @Test func membersInAnyOrder() throws {
    let turned =
      #"{"cold":false, "metadata" : {"generation":1,"file_size":25600000},"access_time":1690000000,"#
      + #""name":"\#(IndexVectors.deltaA)"}"#
    #expect(try parse(Self.document(turned)) == parse(Self.document(Self.layer)))
    #expect(try rewritten(Self.document(turned)) == Self.document(Self.layer))
  }

  @Test func unknownFieldsAreKept() throws {
    let layer =
      Self.layer.replacing("\"generation\":1}", with: "\"generation\":1,\"m\":1}").dropLast() + ",\"l\":2}"
    let text =
      Self.document(String(layer)).replacing("}]}],", with: "}],\"t\":[3]}],").dropLast() + ",\"h\":null}"
    #expect(try rewritten(String(text)) == String(text))
    #expect(
      try parse(String(text)).allUnknownFieldNames == [
        "h", "timelines.*.layers.*.l", "timelines.*.layers.*.metadata.m", "timelines.*.t",
      ]
    )
  }

  @Test(
    arguments: [
      ("0", 0), ("-1", -1), ("9223372036854775807", .max), ("-9223372036854775808", .min), ("-0", nil),
      ("- 1", nil),
      ("-", nil), ("-01", nil), ("1.0", nil), ("-1.5", nil), ("9223372036854775808", nil),
      ("-9223372036854775809", nil), ("99999999999999999999", nil), ("\"1\"", nil), ("null", nil),
      ("+1", nil),
    ] as [(String, Int64?)]
  )
  func accessTimes(text: String, time: Int64?) {
    let document = Self.document(Self.layer.replacing("1690000000", with: text))
    // Only whether it is read matters.
    #expect((try? parse(document))?.timelines.first?.layers.first?.accessTime == time)
    let spaced = Self.document(Self.layer.replacing("1690000000", with: " \n\(text) "))
    let error = formatError { () throws(FormatError) in try parse(spaced) }
    #expect((error == nil) == (time != nil))
    if let error {
      #expect(error.field == "timelines[0].layers.access_time")
      #expect(error.line == 2)
    }
  }

  @Test(arguments: [
    ("{}", "generation"), (#"{"generation":1}"#, "timelines"), (#"{"generation":null}"#, "generation"),
    (#"{"generation":1,"timelines":null}"#, "timelines"), (#"{"generation":1,"generation":1}"#, "generation"),
    (#"{"generation":1,"timelines":[],"timelines":[]}"#, "timelines"),
    (#"{"generation":1,"timelines":[{}]}"#, "timelines[0].timeline_id"),
    (
      #"{"generation":1,"timelines":[{"timeline_id":"11223344556677881122334455667788"}]}"#,
      "timelines[0].layers"
    ),
    (document("{}"), "timelines[0].layers.name"), (document("[]"), "timelines[0].layers"),
    (document(#"{"name":"x"}"#), "timelines[0].layers.name"),
    (document(#"{"name":"\#(IndexVectors.deltaA)"}"#), "timelines[0].layers.metadata"),
    (document(#"{"name":"\#(IndexVectors.deltaA)","metadata":5}"#), "timelines[0].layers.metadata"),
    (
      document(#"{"name":"\#(IndexVectors.deltaA)","metadata":{}}"#), "timelines[0].layers.metadata.file_size"
    ),
    (
      document(#"{"name":"\#(IndexVectors.deltaA)","metadata":{"file_size":1}}"#),
      "timelines[0].layers.access_time"
    ),
    (document(layer.replacing("false", with: "0")), "timelines[0].layers.cold"),
    (document(layer.replacing("false", with: "null")), "timelines[0].layers.cold"),
    (document("\(layer) \(layer)"), "timelines[0].layers"),
    (document("\(layer),\"x\""), "timelines[0].layers"),
    (#"{"generation":1,"timelines":[],"upload_period_ms":-1}"#, "upload_period_ms"),
    (#"{"generation":1,"timelines":[],"upload_period_ms":1.5}"#, "upload_period_ms"),
  ])
  func refuses(text: String, field: String) {
    let error = formatError { () throws(FormatError) in try parse(text) }
    #expect(error?.field == field)
  }
}
