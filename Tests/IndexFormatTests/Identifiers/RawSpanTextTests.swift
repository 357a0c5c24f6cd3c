import Testing

@testable import IndexFormat

struct RawSpanTextTests {
  /// All places of all bytes in short texts, against the obvious way to look.
  @Test func firstOffset() {
    var generator = RepeatableGenerator(seed: 4)
    for length in 0...40 {
      // Few different bytes, with neighbours of the wanted one, on which a trick with carries would fail.
      let alphabet: [UInt8] = [0x2e, 0x2f, 0x30, 0xaf, 0x00]
      let bytes = (0..<length).map { _ in alphabet[Int.random(in: 0..<5, using: &generator)] }
      for start in 0...length {
        for wanted in alphabet + [0x7f] {
          let expected = bytes[start...].firstIndex(of: wanted)
          #expect(withBytes(bytes) { $0.firstOffset(of: wanted, from: start) } == expected)
        }
      }
    }
  }

  @Test func letterCases() {
    for byte in UInt8.min...UInt8.max {
      for offset in 0..<20 {
        var bytes = [UInt8](repeating: UInt8(ascii: "0"), count: 20)
        bytes[offset] = byte
        let quarter = byte >> 5 & 3
        #expect(withBytes(bytes) { $0.hasLowerCase(upTo: 20) } == (quarter == 3))
        #expect(withBytes(bytes) { $0.hasUpperCase(upTo: 20) } == (quarter == 2))
      }
    }
  }

  @Test func fileNames() {
    for (key, name) in [("a/b", "b"), ("a/", ""), ("", ""), ("abc", "abc"), ("a/b/cd", "cd")] {
      #expect(withBytes(key) { $0.fileName.equals("b") } == (name == "b"))
      #expect(withBytes(key) { $0.fileName.byteCount } == name.utf8.count)
    }
  }

  @Test func literals() {
    #expect(
      withBytes("abc") {
        $0.starts(with: "ab") && $0.ends(with: "bc") && $0.has("b", at: 1) && $0.equals("abc")
      }
    )
    #expect(!withBytes("abc") { $0.starts(with: "abcd") || $0.ends(with: "xabc") || $0.equals("ab") })
    #expect(!withBytes("abc") { $0.has("c", at: 3) || $0.has("a", at: -1) || $0.has("bcd", at: 1) })
    #expect(withBytes("") { $0.equals("") && $0.starts(with: "") })
  }

  @Test(
    arguments: [
      ("0", 0), ("18446744073709551615", UInt64.max), ("18446744073709551616", nil), ("", nil), ("00", nil),
      ("1x", nil),
      ("+1", nil), ("99999999999999999999", nil),
    ] as [(String, UInt64?)]
  )
  func decimals(text: String, value: UInt64?) {
    #expect(withBytes(text) { DecimalDigits.decodeCanonical($0) } == value)
    if let value {
      var written: [UInt8] = []
      DecimalDigits.append(value, width: 1, to: &written)
      #expect(String(decoding: written, as: UTF8.self) == text)
    }
  }
}
