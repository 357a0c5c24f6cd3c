import Testing

@testable import IndexFormat

struct CompactKeyTests {
  @Test func sparseKeyComesBack() throws {
    let bytes = [0x62] + [UInt8](repeating: 0xff, count: 15)
    let compact = try #require(withBytes(bytes) { CompactKey(bytes: $0) })
    #expect(compact.key.isSparse)
    #expect(CompactKey(compact.key) == compact)
    var written: [UInt8] = []
    compact.append(to: &written)
    #expect(written == bytes)
  }

  @Test(arguments: [
    ("000000067F00000005000040000000000007", "00067f00000005000040000000000007"),
    ("650000067F00000005000040000300000001", "65067f00000005000040000300000001"),
    ("7F0000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "7fffffffffffffffffffffffffffffff"),
    ("000000000000000000000000000000000000", "00000000000000000000000000000000"),
  ])
  func vectors(key: String, compact: String) throws {
    let key = try #require(Key(key))
    #expect(key.isCompactLossless)
    let compactKey = try #require(CompactKey(key))
    #expect(compactKey.description == compact)
    #expect(compactKey.key == key)
  }

  @Test func markedTablespaceLosesBits() throws {
    let key = try #require(Key("002222222200000001000000020000000003"))
    #expect(key.isCompactRepresentable)
    #expect(!key.isCompactLossless)
    let compact = try #require(CompactKey(key))
    #expect(compact.description == "00222200000001000000020000000003")
    #expect(compact.key == Key("000000222200000001000000020000000003"))
    #expect(CompactKey(Key.max)?.key == Key("7F0000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"))
  }

  @Test(arguments: [
    (UInt32(0), true), (1663, true), (0xffff, true), (0x10000, false), (0x2222_2222, true),
    (0x2222_2223, false),
    (0xffff_fffe, false), (0xffff_ffff, true),
  ])
  func representable(field2: UInt32, isRepresentable: Bool) {
    let key = Key(0, field2, 5, 16384, 0, 0)
    #expect(key.isCompactRepresentable == isRepresentable)
    #expect((CompactKey(key) != nil) == isRepresentable)
  }

  @Test func otherLengthsAreRefused() {
    for length in [0, 15, 17, 18] {
      #expect(withBytes([UInt8](repeating: 0, count: length)) { CompactKey(bytes: $0) } == nil)
    }
  }

  @Test func losslessKeysComeBackAndKeepTheirOrder() {
    var generator = RepeatableGenerator(seed: 2)
    let keys = (0..<500).map { _ in
      Key(
        .random(in: 0...0x7f, using: &generator),
        .random(in: 0...0xffff, using: &generator),
        .random(in: 0 ... .max, using: &generator),
        .random(in: 0 ... .max, using: &generator),
        .random(in: 0 ... .max, using: &generator),
        .random(in: 0 ... .max, using: &generator)
      )
    }
    #expect(keys.allSatisfy { CompactKey($0)?.key == $0 })
    #expect(keys.sorted().compactMap { CompactKey($0) } == keys.compactMap { CompactKey($0) }.sorted())
  }
}
