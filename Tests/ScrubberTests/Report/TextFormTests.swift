import IndexFormat
import Testing
@testable import Scrubber

@Suite struct TerminalTextTests {
  @Test(arguments: [
    ("tenants/abc", "tenants/abc"), ("", ""), ("grün 漢字", "grün 漢字"), ("a\u{1b}[2J", "a\\x1b[2J"),
    ("\r\n\t\0\u{7f}", "\\x0d\\x0a\\x09\\x00\\x7f"), ("\u{9b}31m", "\\u{9b}31m"),
    ("\u{202e}gnp", "\\u{202e}gnp"), ("a\\x1b", "a\\\\x1b"),
    ("\u{2028}\u{feff}\u{e0041}", "\\u{2028}\\u{feff}\\u{e0041}"),
  ])
  func escapes(text: String, expected: String) {
    #expect(TerminalText.escape(text) == expected)
  }

  @Test func everyControlCharacterIsShown() {
    for value in (UInt32(0)..<0x20).map({ $0 }) + Array(0x7f..<0xa0) {
      let escaped = Unicode.Scalar(value).map { TerminalText.escape(String($0)) }
      #expect(escaped?.hasPrefix("\\") == true)
      #expect(escaped?.unicodeScalars.allSatisfy { (0x20..<0x7f).contains($0.value) } == true)
    }
  }
}

@Suite struct DecimalTextTests {
  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-123, "-123"), (-1234, "-1,234"),
  ])
  func groups(value: Int, expected: String) {
    #expect(DecimalText.grouped(value) == expected)
  }

  @Test(arguments: [
    (UInt64(0), "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (1536, "1.5 KiB"),
    (1_048_575, "1023.9 KiB"), (1_048_576, "1.0 MiB"), (25_600_000, "24.4 MiB"), (.max, "15.9 EiB"),
  ])
  func bytes(value: UInt64, expected: String) {
    #expect(DecimalText.bytes(value) == expected)
  }

  @Test(arguments: [
    (0, "0:00"), (59, "0:59"), (60, "1:00"), (3599, "59:59"), (3600, "1:00:00"), (90_061, "25:01:01"),
  ])
  func clock(seconds: Int, expected: String) {
    #expect(DecimalText.clock(.seconds(seconds)) == expected)
  }

  @Test func secondsAreAJSONNumber() {
    #expect(DecimalText.seconds(.milliseconds(12_045)) == "12.045")
    #expect(DecimalText.seconds(.microseconds(999)) == "0.000")
    #expect(DecimalText.seconds(.seconds(-1)) == "0.000")
  }

  @Test func fractionStaysWithinItsRange() {
    #expect(DecimalText.fraction(0.43219) == "0.4321")
    #expect(DecimalText.fraction(2) == "1.0000")
    #expect(DecimalText.fraction(-2) == "0.0000")
    #expect(DecimalText.fraction(.nan) == nil)
  }
}

@Suite struct TimestampTextTests {
  @Test(arguments: [
    ("1970-01-01T00:00:00Z", Int64(0), Int64(0)), ("2000-02-29T23:59:59Z", 951_868_799, 0),
    ("2026-11-23T02:11:47Z", 1_795_399_907, 0), ("2026-11-23T02:11:47.5Z", 1_795_399_907, 500_000_000),
    ("2026-11-23T02:11:47.000000001Z", 1_795_399_907, 1), ("2100-03-01T00:00:00Z", 4_107_542_400, 0),
    ("2261-12-31T23:59:59Z", 9_214_646_399, 0),
  ])
  func isReadAndWritten(text: String, seconds: Int64, nanoseconds: Int64) {
    let timestamp = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    #expect(timestamp.rfc3339 == text)
    #expect(Timestamp(rfc3339: text) == timestamp)
  }

  @Test func momentsBefore1970AreWritten() {
    #expect(Timestamp(nanoseconds: -1).rfc3339 == "1969-12-31T23:59:59.999999999Z")
    #expect(Timestamp(nanoseconds: .min).rfc3339 == "1677-09-21T00:12:43.145224192Z")
    #expect(Timestamp(nanoseconds: .max).rfc3339 == "2262-04-11T23:47:16.854775807Z")
  }

  @Test func everyDayOfFourHundredYearsComesBack() {
    for day in stride(from: Int64(0), to: 106_000, by: 1) {
      let timestamp = Timestamp(seconds: day * 86_400)
      #expect(Timestamp(rfc3339: timestamp.rfc3339) == timestamp)
    }
  }

  @Test(arguments: [
    "", "Z", "2026-11-23", "2026-11-23T02:10:30", "2026-11-23 02:10:30Z", "2026-11-23T02:10:30z",
    "2026-11-23T02:10:30+00:00", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-11-00T00:00:00Z", "2026-11-23T24:00:00Z",
    "2026-11-23T02:60:00Z", "2026-11-23T02:10:60Z", "2026-11-23T02:10:30.Z",
    "2026-11-23T02:10:30.1234567890Z",
    "2026-11-23T02:10:30.12aZ", "2262-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "２026-11-23T02:10:30Z",
  ])
  func otherFormsAreRefused(text: String) {
    #expect(Timestamp(rfc3339: text) == nil)
  }
}

@Suite struct ProgressBarTests {
  private func render(_ mode: ProgressBar.Mode, _ events: [ScanEvent]) -> String {
    SampleScan.render(events) { ProgressBar(sink: $0, mode: mode) }
  }

  @Test func silentSaysNothing() {
    #expect(render(.silent, SampleScan.events) == "")
  }

  @Test func barIsWipedBeforeTheReport() {
    let text = render(.bar(othersPrint: false), SampleScan.events)
    #expect(
      text
        == "\r\u{1b}[K[##########              ] 43 %, 1,234 objects, 5.0 MiB, 2 tenants, 0:12, about 0:16 left\r\u{1b}[K"
    )
  }

  @Test func barIsWipedBeforeEachFindingWhenOthersPrint() {
    let finding = ScanEvent.finding(SampleScan.findings[0])
    let events = [.progress(SampleScan.progress), finding, finding]
    #expect(render(.bar(othersPrint: true), events).hasSuffix(" left\r\u{1b}[K"))
    #expect(render(.bar(othersPrint: false), events).hasSuffix(" left"))
  }

  @Test func progressTellsOfOpenedLayers() {
    var progress = SampleScan.progress
    progress.bodies = BodyProgress(objectsDone: 1200, bytesRead: 40 << 20)
    let line = render(.bar(othersPrint: false), [.progress(progress)])
    #expect(line.contains(" tenants, 1,200 opened, 40.0 MiB read, 0:12"))
    #expect(!render(.bar(othersPrint: false), [.progress(SampleScan.progress)]).contains("opened"))
    let json = SampleScan.render([.progress(progress)]) { NDJSONReport(sink: $0, options: ReportOptions()) }
    #expect(json.contains("\"objects_opened\":1200,\"bytes_read\":41943040"))
  }

  @Test func unknownShareHasNoBar() {
    var progress = SampleScan.progress
    progress.fraction = nil
    #expect(
      render(.bar(othersPrint: false), [.progress(progress)])
        == "\r\u{1b}[K1,234 objects, 5.0 MiB, 2 tenants, 0:12"
    )
  }

  @Test func plainLinesComeEachTenSeconds() {
    let events = (1...40).map { second in
      var progress = SampleScan.progress
      progress.elapsed = .seconds(second)
      return ScanEvent.progress(progress)
    }
    let text = render(.lines, events)
    #expect(text.split(separator: "\n").count == 4)
    #expect(text.hasPrefix("progress: 43 %, 1,234 objects"))
    #expect(!text.contains("\u{1b}"))
  }
}

@Suite struct KeptFindingsTests {
  @Test func worseFindingsPushOutMilderOnes() {
    var kept = KeptFindings(limit: 2)
    for code in [FindingCode.timelineArchived, .layerOrphan, .layerOverlap, .layerMissing, .layerOrphan] {
      kept.insert(Finding(code, message: "x"))
    }
    #expect(kept.all.map(\.code) == [.layerMissing, .layerOverlap])
    #expect(kept.count == 2)
    #expect(kept.droppedCount == 3)
  }

  @Test func limitOfZeroKeepsNothing() {
    var kept = KeptFindings(limit: 0)
    kept.insert(Finding(.layerMissing, message: "x"))
    #expect(Array(kept.all) == [])
    #expect(kept.droppedCount == 1)
  }
}
