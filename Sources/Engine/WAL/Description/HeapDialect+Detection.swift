import IndexFormat

/// Which form a heap record of 14 or 15 has, as neither its header nor its pages say it: PostgreSQL's own one or that
/// of Neon's computes, which is longer by a command id.
///
/// | record | stock | embedded | behind it, if flags say so |
/// |---|---|---|---|
/// | delete | 8 bytes, flags at 7 | 14 bytes, flags at 13 | the old row |
/// | update | 14 bytes, flags at 7 | 18 bytes, flags at 7 | the old row |
/// | lock | 8 bytes | 14 bytes | nothing |
///
/// The header of an old row (5 or 9 bytes) ends in the offset of its columns: a multiple of 8, 24 at least.
extension HeapDialect {
  init(ofDelete data: RawSpan, _ version: PostgresVersion) {
    // An old row has a byte of padding or more.
    let isEmbedded =
      data.byteCount == 14 || Self.fits(data, length: 14, flags: 13, old: 0x06, header: 9)
    let isStock = Self.fits(data, length: 8, flags: 7, old: 0x06, header: 5) && data.byteCount != 14
    self = version <= .v15 && isEmbedded && !isStock ? .embedded : .stock
  }

  init(ofUpdate data: RawSpan, _ version: PostgresVersion) {
    let isEmbedded = Self.fits(data, length: 18, flags: 7, old: 0x0c, header: 9)
    let isStock = Self.fits(data, length: 14, flags: 7, old: 0x0c, header: 5)
    self = version <= .v15 && isEmbedded && !isStock ? .embedded : .stock
  }

  init(ofLock data: RawSpan, _ version: PostgresVersion) {
    self = version <= .v15 && data.byteCount == 14 ? .embedded : .stock
  }

  /// - Parameters:
  ///   - length: of the record without an old row.
  ///   - old: bits of the flags that say that there is one.
  ///   - header: bytes of its header.
  private static func fits(_ data: RawSpan, length: Int, flags: Int, old: UInt8, header: Int) -> Bool {
    guard data.byteCount >= length else { return false }
    guard data.byte(flags) & old != 0 else { return data.byteCount == length }
    guard data.byteCount >= length &+ header else { return false }
    let columns = data.byte(length &+ header &- 1)
    return columns >= 24 && columns % 8 == 0
  }
}
