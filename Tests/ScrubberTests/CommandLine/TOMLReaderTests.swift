import IndexFormat
import Testing
@testable import Scrubber

@Suite struct TOMLReaderTests {
  private func mistake(_ text: String) -> FormatError? {
    do throws(FormatError) {
      _ = try TOMLReader.read(text)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    arguments: [
      ("", [:]), ("  \n# only a comment\r\n", [:]),
      ("local_path = \"/srv\"", ["local_path": .string("/srv")]),
      (
        "a='c:\\x'#c\n\tb = 12 \nc=true\nd=false",
        ["a": .string("c:\\x"), "b": .integer(12), "c": .boolean(true), "d": .boolean(false)]
      ),
      (#"a = "q\"\\\b\t\n\f\rA\U0001F600""#, ["a": .string("q\"\\\u{8}\t\n\u{c}\rA😀")]),
      (
        "a = 1_000\nb = -5\nc = +7\nd = 0",
        ["a": .integer(1000), "b": .integer(-5), "c": .integer(7), "d": .integer(0)]
      ),
      (
        "r = { a = \"x\", b = { c = 1 } }",
        ["r": .table(["a": .string("x"), "b": .table(["c": .integer(1)])])]
      ),
      ("r={}", ["r": .table([:])]),
      (
        "top = 1\n[ remote_storage ] # here\nlocal_path = 'x'\n",
        ["top": .integer(1), "remote_storage": .table(["local_path": .string("x")])]
      ),
      ("\"quoted key\" = 1\n'x' = 2", ["quoted key": .integer(1), "x": .integer(2)]),
    ] as [(String, [String: TOMLValue])]
  )
  func documentsAreRead(text: String, expected: [String: TOMLValue]) throws {
    #expect(try TOMLReader.read(text) == expected)
  }

  @Test(arguments: [
    ("a", FormatError.Kind.truncated, 1, 1, "\"=\""),
    ("a = ", .truncated, 4, 1, "a string, an integer, true, false or {"),
    ("a = \"x", .truncated, 6, 1, "the end of the string"),
    ("a = 'x\ny'", .syntax, 6, 1, "the end of the string, or an escape"),
    ("a = 1\nb ? 2", .syntax, 8, 2, "\"=\""), ("a = 1 b = 2", .syntax, 6, 1, "the end of the line"),
    ("a = 1\na = 2", .duplicateField, 6, 2, "each key once"),
    ("r = {a=1, a=2}", .duplicateField, 10, 1, "each key once"),
    ("r = {a=1,}", .syntax, 9, 1, "a key"), ("r = {a=1\n}", .syntax, 8, 1, "\",\" or \"}\""),
    ("a = \"\"\"x\"\"\"", .syntax, 4, 1, "a string on one line"),
    ("a = [1]", .syntax, 4, 1, "a string, an integer, true, false or {"),
    ("a = 1.5", .syntax, 4, 1, "a string, an integer, true, false or {"),
    ("a = 0x10", .syntax, 4, 1, "a string, an integer, true, false or {"),
    ("a = 007", .syntax, 4, 1, "a string, an integer, true, false or {"),
    ("a = 1__0", .syntax, 4, 1, "a string, an integer, true, false or {"),
    ("a = 99999999999999999999", .syntax, 4, 1, "a string, an integer, true, false or {"),
    ("a = tru", .syntax, 4, 1, "a value"), ("a = truely", .syntax, 8, 1, "the end of the line"),
    ("[a]\n[b]", .syntax, 4, 2, "no second table header"), ("[[a]]", .syntax, 1, 1, "a key"),
    ("a.b = 1", .syntax, 1, 1, "\"=\""),
    (#"a = "\q""#, .syntax, 6, 1, "one of b t n f r u U \" \\ behind the backslash"),
    (#"a = "\uD800""#, .badValue, 6, 1, "4 hex digits of a character"),
    (#"a = "\u12"#, .badValue, 6, 1, "4 hex digits of a character"),
    (#"a = "\u+041""#, .badValue, 6, 1, "4 hex digits of a character"),
    ("a = 1\r", .syntax, 5, 1, "a line feed behind the carriage return"),
    ("# \u{1}", .syntax, 2, 1, "no control characters in a comment"),
    ("r = 1\n[r]\n", .duplicateField, 10, 3, "each key once"),
  ])
  func mistakesHaveTheirPlace(text: String, kind: FormatError.Kind, offset: Int, line: Int, expected: String)
    throws
  {
    let mistake = try #require(self.mistake(text))
    #expect(mistake.kind == kind)
    #expect(mistake.offset == offset)
    #expect(mistake.line == line)
    #expect(mistake.expected == expected)
  }

  @Test func nestingIsLimited() throws {
    let deep = { (count: Int) in
      String(repeating: "a = {", count: count) + String(repeating: "}", count: count)
    }
    #expect(mistake(deep(TOMLReader.maximumDepth)) == nil)
    #expect(mistake(deep(TOMLReader.maximumDepth + 1))?.kind == .limitExceeded)
    #expect(mistake(deep(10_000))?.kind == .limitExceeded)
  }

  @Test func lengthIsLimited() {
    #expect(mistake(String(repeating: "#", count: TOMLReader.maximumLength)) == nil)
    #expect(mistake(String(repeating: "#", count: TOMLReader.maximumLength + 1))?.kind == .limitExceeded)
  }

  /// Each beginning of a document, and each document with one byte replaced, is read or refused without a
  /// trap.
  @Test func everyCutAndEveryByteIsSurvived() {
    let text = "a = \"x\\u0041\\n\" # c\r\n[ t ]\n'k' = { b = -1_0, c = { d = true } }\n"
    let bytes = Array(text.utf8)
    for end in 0..<bytes.count { _ = mistake(String(decoding: bytes[..<end], as: UTF8.self)) }
    for index in bytes.indices {
      for byte in UInt8(0)..<0x80 {
        var changed = bytes
        changed[index] = byte
        _ = mistake(String(decoding: changed, as: UTF8.self))
      }
    }
    #expect(mistake(text) == nil)
  }
}
