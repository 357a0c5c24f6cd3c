import Testing

@testable import IndexFormat

/// The grammar: what is passed over as the value of an unknown field must be JSON, to the letter.
struct JSONReaderTests {
  private func kept(_ value: [UInt8]) -> [UInt8]? {
    let document = Array("{\"version\":1,\"x\":".utf8) + value + Array("}".utf8)
    // Only whether it is read matters here.
    return (try? TenantManifest(parsing: document))?.unknownFields.first?.json
  }

  private func mistake(_ value: String) -> FormatError? {
    let document = Array("{\"version\":1,\"x\":\(value)".utf8)
    return formatError { () throws(FormatError) in try TenantManifest(parsing: document) }
  }

  @Test(arguments: [
    "0", "-0", "1", "-1", "10", "0.0", "0.10", "-0.5e-7", "1E+5", "1e0005", "1e400", "true", "false", "null",
    "\"\"",
    "\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", "\"\\u0000\\uFFFF\\ud800\\udc00\\uDBFF\\uDFFF\"",
    "\"ä€😀\u{7f}\u{10ffff}\"", "[]",
    "{}", "[[],{}]", "{\"a\":{\"a\":[]},\"a\":1}", "[ 1 ,\t2\n,\r3 ]", "{ \"a\" : 1 }",
    "\"\u{e000}\u{d7ff}\u{800}\u{ffff}\u{10000}\"",
  ])
  func readsAndKeeps(value: String) {
    #expect(kept(Array(value.utf8)) == Array(value.utf8))
    #expect(kept(Array(" \n\(value)\t".utf8)) == Array(value.utf8))
  }

  @Test(arguments: [
    "", "00", "01", "-01", "-", "+1", ".5", "5.", "1e", "1e+", "1.e5", "0x1", "NaN", "Infinity", "-Infinity",
    "True",
    "nul", "nulll", "tru e", "'a'", "a", "\"\\a\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\udc00\"",
    "\"\\ud800\\u0041\"",
    "\"\\ud800\\n\"", "\"\\ud800x\"", "\"\n\"", "\"\t\"", "\"\u{0}\"", "\"\u{1f}\"", "\"", "[", "]", "[1",
    "[1,", "[1,]",
    "[,1]", "[1 2]", "[1;2]", "{", "{\"a\"", "{\"a\":", "{\"a\":}", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}",
    "{,}", "{a:1}",
    "{1:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{null:1}", "/**/1", "1//", "\u{a0}1", "\u{feff}1", "[}", "{]",
  ])
  func refuses(value: String) {
    #expect(kept(Array(value.utf8)) == nil)
  }

  /// Every string of one to four bytes from the edges of UTF-8's ranges is read exactly if the standard library finds
  /// it valid.
  @Test func utf8AsTheStandardLibraryHasIt() {
    let leads: [UInt8] = [
      0x20, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3,
      0xf4, 0xf5,
      0xff,
    ]
    let others: [UInt8] = [0x22 + 1, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0]
    var accepted = 0
    func check(_ bytes: [UInt8]) {
      let isValid = String(validating: bytes, as: UTF8.self) != nil
      let isRead = kept([0x22] + bytes + [0x22]) != nil
      if isValid != isRead { Issue.record("\(bytes)") }
      if isRead { accepted += 1 }
    }
    for lead in leads {
      check([lead])
      for second in others {
        check([lead, second])
        for third in others {
          check([lead, second, third])
          for fourth in others { check([lead, second, third, fourth]) }
        }
      }
    }
    #expect(accepted > 500)
  }

  /// Escapes in names: the name is what the characters say.
  @Test func escapesInNames() throws {
    let text = #"{"\u0076\u0065rsion":3,"\ud83d\ude00\b\f\n\r\t\/\"\\\u00e9\u20ac":1}"#
    let manifest = try TenantManifest(parsing: Array(text.utf8))
    #expect(manifest.version == 3)
    #expect(manifest.unknownFields.map(\.name) == ["😀\u{8}\u{c}\n\r\t/\"\\é€"])
    let rewritten = #"{"version":3,"offloaded_timelines":[],"😀\b\f\n\r\t/\"\\é€":1}"#
    #expect(String(decoding: manifest.encode(), as: UTF8.self) == rewritten)
    // A long name in escapes is no known one.
    let long = String(repeating: "\\u0076", count: 100_000)
    #expect(try TenantManifest(parsing: Array("{\"version\":1,\"\(long)\":2}".utf8)).unknownFields.count == 1)
  }

  @Test(arguments: [
    ("[1,x]", 3, "a value"), ("\"a\nb\"", 2, "no control character in a string"),
    ("\"\\q\"", 2, "an escape character"),
    ("\"ab\\udc00\"", 3, "no lone surrogate"), ("\"\\ud800\\n\"", 8, "the second half of a surrogate pair"),
    ("\"\\ud800\\u0041\"", 7, "the second half of a surrogate pair"), ("\"\\u00g0\"", 2, "four hex digits"),
    ("007", 0, "no leading zero"), ("-07", 1, "no leading zero"), ("1.x", 2, "a digit"),
    ("{\"a\"=1}", 4, "':'"),
    ("{\"a\":1;}", 6, "',' or '}'"), ("[1;]", 2, "',' or ']'"), ("{5", 1, "a field name"),
  ])
  func whereAndWhat(value: String, offset: Int, expected: String) {
    let error = mistake(value + " ]]]]]]]]")
    #expect(error?.offset == 17 + offset)
    #expect(error?.expected == expected)
    #expect(error?.kind == .syntax)
    #expect(error?.field == "")
  }

  @Test(arguments: [
    "", "t", "tr", "fals", "n", "nul", "-", "1.", "1e", "\"", "\"\\", "\"\\u00", "\"\\ud800", "\"\\ud800\\",
    "[", "[1", "{\"a\":tru",
  ])
  func cutOffIsTruncated(value: String) {
    #expect(mistake(value)?.kind == .truncated)
  }

  @Test func cutOffInsideACharacterIsTruncated() {
    for character in ["ä", "€", "😀"] {
      let bytes = Array("{\"\(character)".utf8)
      for length in 2..<bytes.count {
        let error = formatError { () throws(FormatError) in
          try TenantManifest(parsing: Array(bytes.prefix(length)))
        }
        #expect(error?.kind == .truncated)
      }
    }
  }

  @Test func foundIsShortWhateverStandsThere() {
    for byte in UInt8.min...UInt8.max {
      for count in [0, 1, 5, 9, 36, 37, 1000] {
        let document = [UInt8](repeating: byte, count: count)
        let error = formatError { () throws(FormatError) in try DeletionHeader(parsing: document) }
        #expect(error != nil)
        #expect((error?.found.count ?? 0) <= 40)
      }
    }
    let error = formatError { () throws(FormatError) in try DeletionHeader(parsing: [0x00, 0x41, 0xff]) }
    #expect(error?.found == "'\\x00A\\xff'")
    let empty = formatError { () throws(FormatError) in try DeletionHeader(parsing: []) }
    #expect(empty?.found == "the end of the data")
    #expect(empty?.description == "found the end of the data, expected an object (byte 0, line 1)")
  }

  @Test func errorsOfPartsMoveIntoTheWhole() {
    let error = FormatError(.badValue, offset: 3, field: "a", found: "1", expected: "2")
    #expect(error.within(field: "b", at: 10).description == "b.a: found 1, expected 2 (byte 13, line 1)")
    #expect(error.within(field: "").field == "a")
    #expect(FormatError(.syntax, found: "", expected: "").within(field: "c").field == "c")
  }

  /// Times of inputs of twice the size: none of these may be quadratic.
  @Test(arguments: [
    ("[", "1,", "1]"), ("{", "\"a\":1,", "\"a\":1}"), ("", " ", "1"), ("\"", "\\u0041", "\""), ("", "1", "1"),
    ("[", "\n,", "1]"), ("\"", "\\", "\""),
  ])
  func longInputsTakeProportionalTime(start: String, unit: String, end: String) {
    let clock = ContinuousClock()
    let times = [20_000, 160_000].map { count in
      let document = Array(
        "{\"x\":\(start)\(String(repeating: unit, count: count))\(end),\"version\":1}".utf8
      )
      // Some are refused at their end, which takes no less.
      return clock.measure { _ = try? TenantManifest(parsing: document) }
    }
    // Eight times the input; quadratic would be 64 times the time.
    #expect(times[1] < times[0] * 40 + .milliseconds(50), "\(times)")
  }
}
