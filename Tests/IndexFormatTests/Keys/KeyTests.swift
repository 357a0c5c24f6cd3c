import Testing

@testable import IndexFormat

struct KeyTests {
  @Test func successorCarriesThroughFields() {
    #expect(
      Key("000000067F000000050000400000FFFFFFFF")?.successor == Key("000000067F00000005000040000100000000")
    )
    #expect(Key("00FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")?.successor == Key(1, 0, 0, 0, 0, 0))
    #expect(Key.max.successor == nil)
    #expect(Key.min.advanced(by: .max) == Key(0, 0, 0, 0, 0, .max))
  }

  @Test func fieldsComeBack() throws {
    let key = Key(0x12, 0x3456_789a, 0xbcde_f012, 0x3456_789a, 0xbc, 0xdef0_1234)
    #expect(key.description == "123456789ABCDEF0123456789ABCDEF01234")
    #expect(key.field1 == 0x12 && key.field2 == 0x3456_789a && key.field3 == 0xbcde_f012)
    #expect(key.field4 == 0x3456_789a && key.field5 == 0xbc && key.field6 == 0xdef0_1234)
    #expect(withBytes(key.bytes) { Key(bytes: $0) } == key)
    #expect(Key(key.description.lowercased()) == key)
  }

  @Test(arguments: [
    "", "00000000000000000000000000000000000", "0000000000000000000000000000000000000",
    "+00000000000000000000000000000000000", "00000000000000000000000000000000000g",
  ])
  func refuses(text: String) { #expect(Key(text) == nil) }

  @Test func everyOtherByteAtEveryPlaceIsRefused() {
    for offset in 0..<Key.textLength {
      for byte in UInt8.min...UInt8.max {
        var text = [UInt8](repeating: UInt8(ascii: "0"), count: Key.textLength)
        text[offset] = byte
        let isDigit = 0x30...0x39 ~= byte || 0x41...0x46 ~= byte || 0x61...0x66 ~= byte
        #expect((withBytes(text) { Key(text: $0) } != nil) == isDigit)
      }
    }
  }
}
