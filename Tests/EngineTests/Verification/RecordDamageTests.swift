@testable import Engine
import IndexFormat
import Testing

/// Which bit of a record was flipped, told from its checksum.
struct RecordDamageTests {
  private func record(_ byteCount: Int) -> [UInt8] {
    var random = RepeatableGenerator(seed: UInt64(byteCount))
    var bytes = random.bytes(byteCount)
    let checksum: UInt32 = WALRecordHeader.checksum(of: bytes.span.bytes)
    for index in 0..<4 { bytes[20 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(index))) }
    return bytes
  }

  @Test(arguments: [24, 25, 61, 8300]) func everyFlippedBitIsNamed(byteCount: Int) {
    var bytes = record(byteCount)
    #expect(RecordDamage(bytes.span.bytes) == nil)
    for byte in 0..<byteCount where byteCount < 100 || byte % 97 == 0 {
      for bit in 0..<8 {
        bytes[byte] ^= 1 << UInt8(bit)
        #expect(RecordDamage(bytes.span.bytes)?.flipped == RecordDamage.Bit(byte: byte, bit: bit))
        bytes[byte] ^= 1 << UInt8(bit)
      }
    }
  }

  @Test func moreDamageIsNotTakenForOneBit() {
    var bytes = record(300)
    bytes[30] ^= 0x11
    bytes[200] ^= 0x40
    let damage = RecordDamage(bytes.span.bytes)
    #expect(damage != nil && damage?.flipped == nil)
  }

  @Test func whatHasNoHeaderHasNoChecksum() {
    for count in 0..<24 { #expect(RecordDamage([UInt8](repeating: 1, count: count).span.bytes) == nil) }
  }
}
