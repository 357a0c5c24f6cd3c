import Foundation
import Testing

@testable import IndexFormat

struct JSONWriterTests {
  @Test func commasAndNesting() {
    var json = JSONWriter()
    json.object { json in
      json.member("a", 1)
      json.member("b", "x")
      json.member("c", true)
      json.member("none", ifPresent: nil as String?)
      json.member("some", ifPresent: 5 as Int?)
      json.member("list") { json in
        json.array { json in
          json.value(-1)
          json.null()
          json.array { _ in }
          json.object { _ in }
          json.raw(Array("[1, 2]".utf8))
        }
      }
    }
    #expect(json.text == #"{"a":1,"b":"x","c":true,"some":5,"list":[-1,null,[],{},[1, 2]]}"#)
  }

  /// Every character of the basic plane's first blocks, as another parser reads it back.
  @Test func everyCharacterComesBack() throws {
    for value in 0..<UInt32(0x300) {
      let text = "a" + String(Unicode.Scalar(value).map(Character.init) ?? "x") + "b"
      var json = JSONWriter()
      json.array { $0.value(text) }
      let read = try #require(try JSONSerialization.jsonObject(with: Data(json.bytes)) as? [String])
      #expect(read.first.map { Array($0.utf8) } == Array(text.utf8))
      // As serde_json writes it: escapes only where JSON needs them, the short ones where there are any.
      let escaped = json.bytes.contains(UInt8(ascii: "\\"))
      #expect(escaped == (value < 0x20 || value == 0x22 || value == 0x5c))
    }
    var json = JSONWriter()
    json.value("\u{8}\t\n\u{c}\r\u{1}\u{1f}")
    #expect(json.text == #""\b\t\n\f\r\u0001\u001f""#)
  }

  @Test func extremeNumbers() {
    var json = JSONWriter()
    json.array { json in
      json.value(UInt64.max)
      json.value(Int64.min)
    }
    #expect(json.text == "[18446744073709551615,-9223372036854775808]")
  }
}
