/// The 128-bit Fowler-Noll-Vo hash, variant 1a.
enum FNV1a128 {
  private static let offsetBasis: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
  private static let prime: UInt128 = 0x0000_0000_0100_0000_0000_0000_0000_013b

  static func hash(_ bytes: RawSpan, from start: Int = 0) -> UInt128 {
    var state = offsetBasis
    for offset in start..<bytes.byteCount { state = (state ^ UInt128(bytes.byte(offset))) &* prime }
    return state
  }
}
