import Testing

@testable import IndexFormat

struct CRC32CTests {
  @Test func checkValue() {
    #expect(withBytes("123456789") { CRC32C.checksum($0) } == 0xe306_9283)
    #expect(withBytes("") { CRC32C.checksum($0) } == 0)
  }

  /// The vectors of RFC 3720, B.4.
  @Test func iscsiVectors() {
    #expect(withBytes([UInt8](repeating: 0, count: 32)) { CRC32C.checksum($0) } == 0x8a91_36aa)
    #expect(withBytes([UInt8](repeating: 0xff, count: 32)) { CRC32C.checksum($0) } == 0x62a8_ab43)
    #expect(withBytes([UInt8](0..<32)) { CRC32C.checksum($0) } == 0x46dd_794e)
    #expect(withBytes([UInt8]((0..<32).reversed())) { CRC32C.checksum($0) } == 0x113f_db5c)
  }

  @Test func everySplitGivesTheWhole() {
    var generator = RepeatableGenerator(seed: 1)
    for length in [0, 1, 7, 8, 9, 15, 16, 17, 63, 200] {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let whole = CRC32C.checksum(bytes.span.bytes)
      #expect(whole == bitByBit(bytes))
      for split in 0...length {
        var crc = CRC32C()
        crc.update(bytes.span.bytes.extracting(0..<split))
        crc.update(bytes.span.bytes.extracting(split..<length))
        #expect(crc.value == whole, "length \(length), split at \(split)")
      }
    }
  }

  @Test func everyFlippedBitIsSeen() {
    let bytes = [UInt8](0..<40)
    let whole = CRC32C.checksum(bytes.span.bytes)
    for index in bytes.indices {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[index] ^= 1 << bit
        #expect(withBytes(flipped) { CRC32C.checksum($0) } != whole)
      }
    }
  }

  private func bitByBit(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = 0xffff_ffff
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82f6_3b78 : crc >> 1 }
    }
    return ~crc
  }
}
