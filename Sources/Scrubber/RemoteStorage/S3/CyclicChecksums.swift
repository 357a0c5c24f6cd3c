/// CRC-64/NVME, which S3 keeps of every object that is uploaded without another checksum.
///
/// | parameter | value |
/// |---|---|
/// | polynomial | 0xAD93D23594C93659, reflected 0x9A6C9329AC4BC9B5 |
/// | start, final xor | all ones |
/// | check ("123456789") | 0xAE8B14860A799888 |
enum CRC64NVME {
  private static let tables = cyclicTables(UInt64(0x9a6c_9329_ac4b_c9b5))

  static func checksum(_ bytes: [UInt8]) -> UInt64 {
    var crc = UInt64.max
    let (tables, span) = (tables.span, bytes.span.bytes)
    var offset = 0
    // The indexes are bytes, the tables have 8 times 256 entries.
    while offset &+ 8 <= span.byteCount {
      let word = span.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian ^ crc
      crc =
        tables[1792 | Int(word & 0xff)] ^ tables[1536 | Int(word >> 8 & 0xff)]
        ^ tables[1280 | Int(word >> 16 & 0xff)] ^ tables[1024 | Int(word >> 24 & 0xff)]
        ^ tables[768 | Int(word >> 32 & 0xff)] ^ tables[512 | Int(word >> 40 & 0xff)]
        ^ tables[256 | Int(word >> 48 & 0xff)] ^ tables[Int(word >> 56)]
      offset &+= 8
    }
    for byte in bytes[offset...] { crc = crc >> 8 ^ tables[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
    return ~crc
  }
}

/// CRC-32 as in zip and Ethernet.
///
/// | parameter | value |
/// |---|---|
/// | polynomial | 0x04C11DB7, reflected 0xEDB88320 |
/// | start, final xor | all ones |
/// | check ("123456789") | 0xCBF43926 |
enum CRC32 {
  private static let table = Array(cyclicTables(UInt32(0xedb8_8320)).prefix(256))

  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var crc = UInt32.max
    let table = table.span
    for byte in bytes { crc = crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
    return ~crc
  }
}

/// Eight tables of 256 entries, one behind the other: table `n` holds what a byte contributes with `n` further bytes
/// behind it.
private func cyclicTables<Word: FixedWidthInteger & UnsignedInteger>(_ polynomial: Word) -> [Word] {
  var tables = [Word](repeating: 0, count: 8 * 256)
  for byte in 0..<256 {
    var crc = Word(byte)
    for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ polynomial : crc >> 1 }
    tables[byte] = crc
  }
  for index in 256..<tables.count {
    let shorter = tables[index - 256]
    tables[index] = shorter >> 8 ^ tables[Int(shorter & 0xff)]
  }
  return tables
}
