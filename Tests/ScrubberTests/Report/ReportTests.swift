import Foundation
import IndexFormat
import Testing
@testable import Scrubber

@Suite struct TextReportTests {
  private func render(_ events: [ScanEvent], _ options: ReportOptions = ReportOptions()) -> String {
    SampleScan.render(events) { TextReport(sink: $0, options: options) }
  }

  @Test func sampleIsAsRecorded() throws {
    try GoldenText.expect(render(SampleScan.events), isIn: "report.txt")
  }

  @Test func verboseSampleWithColoursIsAsRecorded() throws {
    let options = ReportOptions(isVerbose: true, isColoured: true)
    try GoldenText.expect(render(SampleScan.events, options), isIn: "report-verbose-coloured.txt")
  }

  @Test func cleanScanIsAsRecorded() throws {
    try GoldenText.expect(
      render([.begin(SampleScan.begin), .summary(SampleScan.cleanSummary)]),
      isIn: "report-clean.txt"
    )
  }

  @Test func scanThatOpensLayersIsAsRecorded() throws {
    try GoldenText.expect(
      render([.begin(SampleScan.begin), .summary(SampleScan.deepSummary)]),
      isIn: "report-blobs.txt"
    )
    let json = SampleScan.render([.begin(SampleScan.begin), .summary(SampleScan.deepSummary)]) {
      JSONReport(sink: $0, options: ReportOptions())
    }
    try GoldenText.expect(json, isIn: "report-blobs.json")
  }

  @Test func controlCharactersOfKeysNeverReachTheTerminal() {
    for scalar in render(SampleScan.events).unicodeScalars where scalar != "\n" {
      #expect(scalar.value >= 0x20 && !(0x7f..<0xa0).contains(scalar.value) && scalar != "\u{202e}")
    }
  }

  @Test func milderFindingsAreCountedButNotShown() {
    let text = render(SampleScan.events, ReportOptions(minimumSeverity: .error))
    #expect(!text.contains("layer.orphan: no index names"))
    #expect(text.contains("layer.missing: the index names"))
    #expect(text.contains("3 error, 2 warning, 1 garbage, 1 info"))
  }

  @Test func fullReportKeepsTheWorst() {
    let text = render(SampleScan.events, ReportOptions(maximumFindings: 2))
    #expect(text.contains("layer.missing: "))
    #expect(text.contains("index.bad-checksum: "))
    #expect(!text.contains("manifest.missing: "))
    #expect(text.contains("5 more findings are counted below but not shown: --max-findings is 2."))
  }

  @Test func nothingIsPrintedBeforeTheEnd() {
    #expect(render(SampleScan.events.dropLast()) == "")
  }

  @Test func interruptedScanSaysSo() {
    var summary = SampleScan.summary
    summary.isInterrupted = true
    let text = render([.begin(SampleScan.begin), .summary(summary)])
    #expect(text.hasSuffix("next: scan again, the run was interrupted and its numbers are not complete\n"))
    #expect(text.contains("interrupted          yes"))
  }

  @Test func coverageThatDoesNotAddUpIsLoud() {
    var summary = SampleScan.cleanSummary
    summary.coverage.objectsListed = 2
    let text = render([.summary(summary)])
    #expect(text.contains("THE NUMBERS DO NOT ADD UP"))
    #expect(text.contains("next: report this as a fault of scrubber"))
  }
}

@Suite struct JSONReportTests {
  private func render(_ events: [ScanEvent], _ options: ReportOptions = ReportOptions()) -> String {
    SampleScan.render(events) { JSONReport(sink: $0, options: options) }
  }

  private func parse(_ text: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func sampleIsAsRecorded() throws {
    try GoldenText.expect(render(SampleScan.events), isIn: "report.json")
  }

  @Test func messagesStandUnderTheirPlaces() throws {
    let json = try parse(render(SampleScan.events))
    let errors = try #require(json["with_errors"] as? [String: [String]])
    let timeline = "\(SampleScan.tenant)-0102/\(SampleScan.timeline)"
    #expect(Set(errors.keys) == [timeline, "\(SampleScan.tenant)"])
    #expect(errors[timeline]?.count == 2)
    #expect(errors[timeline]?.last?.hasPrefix("layer.missing: the index names a layer") == true)
    let warnings = try #require(json["with_warnings"] as? [String: [String]])
    #expect(Set(warnings.keys) == ["\(SampleScan.tenant)", "bucket"])
    #expect(warnings["bucket"]?.first?.contains("\u{1b}[2Jevil\r\"name\\\u{202e}/x") == true)
  }

  @Test func membersOfNeonsReportAreThere() throws {
    let json = try parse(render(SampleScan.events))
    #expect(json["tenant_count"] as? Int == 2)
    #expect(json["timeline_count"] as? Int == 7)
    #expect(json["timeline_shard_count"] as? Int == 18)
    #expect(json["indices_by_version"] as? [String: Int] == ["15": 16, "4": 2])
    let orphans = try #require(json["with_orphans"] as? [[String: String]])
    #expect(
      orphans == [
        ["tenant_shard_id": "\(SampleScan.tenant)-0102", "timeline_id": "\(SampleScan.timeline)"]
      ]
    )
  }

  @Test func severityFilterKeepsTheCounts() throws {
    let json = try parse(render(SampleScan.events, ReportOptions(minimumSeverity: .error)))
    #expect((json["with_warnings"] as? [String: Any])?.isEmpty == true)
    #expect(json["findings_dropped"] as? Int == 0)
    #expect(
      json["counts_by_severity"] as? [String: Int] == ["error": 3, "warning": 2, "garbage": 1, "info": 1]
    )
  }

  @Test func droppedFindingsAreCounted() throws {
    let json = try parse(render(SampleScan.events, ReportOptions(maximumFindings: 1)))
    // Five are errors or warnings; only those could have been kept.
    #expect(json["findings_dropped"] as? Int == 4)
    #expect((json["with_errors"] as? [String: Any])?.count == 1)
  }

  @Test func lookErrorsAreCapped() throws {
    var summary = SampleScan.cleanSummary
    summary.lookErrorCount = JSONReport.maximumLookErrors + 5
    let errors = Array(repeating: ScanEvent.couldNotLook(SampleScan.lookError), count: summary.lookErrorCount)
    let json = try parse(render(errors + [.summary(summary)]))
    #expect((json["look_errors"] as? [Any])?.count == JSONReport.maximumLookErrors)
    #expect(json["look_error_count"] as? Int == JSONReport.maximumLookErrors + 5)
    #expect(json["exit_code"] as? Int == 1)
  }

  @Test func exitCodeFollowsStrictness() throws {
    var summary = SampleScan.cleanSummary
    summary.counts = [.layerOverlap: 1]
    #expect(try parse(render([.summary(summary)]))["exit_code"] as? Int == 0)
    #expect(try parse(render([.summary(summary)], ReportOptions(isStrict: true)))["exit_code"] as? Int == 3)
  }

  @Test func scanWithoutBeginHasNullPlace() throws {
    let json = try parse(render([.summary(SampleScan.cleanSummary)]))
    #expect(json["location"] is NSNull)
    #expect(json["limit_reached"] is NSNull)
  }
}

@Suite struct NDJSONReportTests {
  private func render(_ events: [ScanEvent], _ options: ReportOptions = ReportOptions()) -> String {
    SampleScan.render(events) { NDJSONReport(sink: $0, options: options) }
  }

  @Test func sampleIsAsRecorded() throws {
    try GoldenText.expect(render(SampleScan.events), isIn: "report.ndjson")
  }

  @Test func everyLineIsAnObjectOfItsOwn() throws {
    let lines = render(SampleScan.events).split(separator: "\n")
    #expect(lines.count == SampleScan.events.count)
    let types = try lines.map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return try #require(object?["type"] as? String)
    }
    #expect(
      types == ["begin", "progress"] + SampleScan.findings.map { _ in "finding" } + ["error", "summary"]
    )
  }

  @Test func keysThatAreNotPrintableSurvive() throws {
    let line = render([.finding(SampleScan.findings[5])])
    let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    #expect(object?["object_key"] as? String == "tenants/\u{1b}[2Jevil\r\"name\\\u{202e}/x")
    #expect(object?["tenant_id"] == nil)
    #expect(object?["shard"] == nil)
  }

  @Test func linesComeAtOnceAndFiltered() {
    let output = CapturedOutput()
    var report = NDJSONReport(sink: output, options: ReportOptions(minimumSeverity: .warning))
    report.receive(.finding(SampleScan.findings[0]))
    #expect(output.text == "")
    report.receive(.finding(SampleScan.findings[1]))
    #expect(output.text.hasPrefix(#"{"type":"finding","code":"layer.missing","severity":"error""#))
    #expect(output.text.hasSuffix("}\n"))
  }

  @Test(arguments: [Double.nan, .infinity])
  func fractionThatIsNoNumberIsLeftOut(fraction: Double) {
    var progress = SampleScan.progress
    progress.fraction = fraction
    #expect(!render([.progress(progress)]).contains("fraction"))
  }
}
