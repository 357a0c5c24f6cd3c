import Foundation
import IndexFormat
import Testing

@testable import Scrubber

struct JSONTextTests {
  private func pretty(_ text: String) -> String {
    String(decoding: JSONText.pretty(Array(text.utf8)), as: UTF8.self)
  }

  @Test func documentsAreIndented() {
    #expect(
      pretty(#"{"a": {"b":[1, 2],"c":[],"d":{}},"e":[{"f":"g,:{}"}],"h":"\"x"}"#)
        == #"""
        {
          "a": {
            "b": [1,2],
            "c": [],
            "d": {}
          },
          "e": [
            {
              "f": "g,:{}"
            }
          ],
          "h": "\"x"
        }
        """#
    )
  }

  @Test func whatATerminalObeysIsEscapedAndMeansTheSame() throws {
    let text = "[\"a\u{202e}\u{7f}\u{e0001}é\"]"
    let shown = pretty(text)
    #expect(shown == "[\n  \"a\\u202e\\u007f\\udb40\\udc01é\"\n]")
    let decoder = JSONDecoder()
    let meant = try decoder.decode([String].self, from: Data(text.utf8))
    #expect(try decoder.decode([String].self, from: Data(shown.utf8)) == meant)
  }

  @Test func bytesThatAreNoJSONDoNotTrap() {
    var random = SeededRandom(seed: 3)
    let alphabet = Array("{}[]\",:\\\u{1b}\u{ff}1 \n".utf8)
    for _ in 0..<2000 {
      let count = Int.random(in: 0..<40, using: &random)
      let bytes = (0..<count).compactMap { _ in alphabet.randomElement(using: &random) }
      #expect(!JSONText.pretty(bytes).contains(0x1b))
      _ = JSONText.members(bytes[...])
    }
    #expect(JSONText.pretty([UInt8](repeating: UInt8(ascii: "["), count: 20_000)).count < 4_000_000)
  }

  @Test func membersAreTakenApart() {
    let members = JSONText.members(Array(#"{"a":{"x":1},"b":[1,{"c":2}],"d":"e"}"#.utf8)[...])
    #expect(members.map(\.name) == ["a", "b", "d"])
    let values = members.map { String(decoding: $0.value, as: UTF8.self) }
    #expect(values == [#"{"x":1}"#, #"[1,{"c":2}]"#, #""e""#])
    #expect(JSONText.members(Array("[1]".utf8)[...]).isEmpty)
  }

  /// All indices of real tenants of both eras.
  @Test(arguments: ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "M"])
  func aDumpedIndexIsTheSameIndex(_ tenant: String) async throws {
    var count = 0
    for (key, object) in try BucketFixture(tenants: [tenant]).objects where key.contains("/index_part.json") {
      let bytes = Array(try #require(object.text).utf8)
      var index = try IndexPart(parsing: bytes)
      #expect(try IndexPart(parsing: JSONText.pretty(bytes)) == index)
      index.metadataForm = .object
      #expect(try IndexPart(parsing: JSONText.pretty(index.encode())) == index)
      count += 1
    }
    #expect(count > 0)
  }
}
