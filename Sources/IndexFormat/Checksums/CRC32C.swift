/// CRC-32C (Castagnoli): the checksum of everything Neon and PostgreSQL guard by one.
///
/// | parameter | value |
/// |---|---|
/// | polynomial | 0x1EDC6F41, reflected 0x82F63B78 |
/// | start, final xor | 0xFFFFFFFF |
/// | check ("123456789") | 0xE3069283 |
///
/// Eight bytes at a time: table `n` holds what a byte contributes with `n` further bytes behind it.
public struct CRC32C: Sendable {
  private var state: UInt32 = 0xffff_ffff

  public init() {}

  /// The checksum of everything so far.
  public var value: UInt32 { ~state }

  public static func checksum(_ bytes: RawSpan) -> UInt32 {
    var crc = CRC32C()
    crc.update(bytes)
    return crc.value
  }

  public mutating func update(_ bytes: RawSpan) {
    let tables = CRC32C.tables.span
    var crc = state
    var offset = 0
    // The indexes are bytes, the tables have 8 times 256 entries: no bounds to check.
    while offset &+ 8 <= bytes.byteCount {
      let word =
        bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian ^ UInt64(crc)
      crc =
        tables[unchecked: 1792 | Int(word & 0xff)] ^ tables[unchecked: 1536 | Int(word >> 8 & 0xff)]
        ^ tables[unchecked: 1280 | Int(word >> 16 & 0xff)] ^ tables[unchecked: 1024 | Int(word >> 24 & 0xff)]
        ^ tables[unchecked: 768 | Int(word >> 32 & 0xff)] ^ tables[unchecked: 512 | Int(word >> 40 & 0xff)]
        ^ tables[unchecked: 256 | Int(word >> 48 & 0xff)] ^ tables[unchecked: Int(word >> 56)]
      offset &+= 8
    }
    while offset < bytes.byteCount {
      crc = crc >> 8 ^ tables[unchecked: Int(UInt8(truncatingIfNeeded: crc) ^ bytes.byte(offset))]
      offset &+= 1
    }
    state = crc
  }

  /// Eight tables of 256 entries, one behind the other.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var crc = UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82f6_3b78 : crc >> 1 }
      tables[byte] = crc
    }
    for index in 256..<tables.count {
      let shorter = tables[index - 256]
      tables[index] = shorter >> 8 ^ tables[Int(shorter & 0xff)]
    }
    return tables
  }()
}
