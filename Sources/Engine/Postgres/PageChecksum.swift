import IndexFormat

/// The checksum of a relation's page, where a cluster has them (`data_checksum_version` of its control file is 1).
///
/// The page is 2048 little-endian numbers of 4 bytes, the checksum field read as 0. 32 sums, each of which begins at
/// a constant of its own, take one number in turn: `t = sum ^ number; sum = t * 16777619 ^ t >> 17`. Behind the page
/// each takes two zeros. The exclusive or of all, and of the block's number, modulo 65535, plus 1, is the checksum:
/// it is never 0.
///
/// Where a cluster has none the field is 0. Whether it has them its control file says, not the page. Clusters that Neon
/// made have none; where base backups of others were imported, the field may hold what it held there, although the page
/// has changed since.
///
/// Source: PostgreSQL `src/include/storage/checksum_impl.h`.
public enum PageChecksum {
  private static let prime: UInt32 = 16_777_619

  private static let seeds: InlineArray<32, UInt32> = [
    0x5b1f_36e9,
    0xb852_5960,
    0x02ab_50aa,
    0x1de6_6d2a,
    0x79ff_467a,
    0x9bb9_f8a3,
    0x217e_7cd2,
    0x83e1_3d2c,
    0xf8d4_474f,
    0xe39e_b970,
    0x42c6_ae16,
    0x9932_16fa,
    0x7b09_3b5d,
    0x98da_ff3c,
    0xf718_902a,
    0x0b1c_9cdb,
    0xe58f_764b,
    0x1876_36bc,
    0x5d7b_3bb1,
    0xe73d_e7de,
    0x92be_c979,
    0xcca6_c0b2,
    0x304a_0979,
    0x85aa_43d4,
    0x7831_25bb,
    0x6ca8_eaa2,
    0xe407_eac6,
    0x4b5c_fc3e,
    0x9fbf_8c76,
    0x15ca_20be,
    0xf2ca_9fd3,
    0x959b_d756,
  ]

  /// The checksum that a page should have.
  ///
  /// - page: 8192 bytes; nil for any other length.
  /// - block: where the page lies in its fork, counted over all files of it.
  public static func checksum(of page: RawSpan, at block: BlockNumber) -> UInt16? {
    guard page.byteCount == PageHeader.pageByteCount else { return nil }
    var sums = seeds
    var offset = 0
    while offset < PageHeader.pageByteCount {
      // A loop that the compiler makes vectors of: 1.3 µs a page. With SIMD types it took 100 times as long.
      for lane in 0..<32 {
        var number = page.unsafeLoadUnaligned(
          fromUncheckedByteOffset: offset &+ lane &* 4,
          as: UInt32.self
        )
        .littleEndian
        // The checksum and the flags share a number.
        if offset == 0 && lane == 2 { number &= 0xffff_0000 }
        sums[unchecked: lane] = mixed(sums[unchecked: lane], number)
      }
      offset &+= 128
    }
    var folded = block.value
    for lane in 0..<32 { folded ^= mixed(mixed(sums[lane], 0), 0) }
    return UInt16(folded % 65535) + 1
  }

  /// Why the page's checksum is not the right one; nil if it is, or the page is all zero.
  public static func problem(of page: RawSpan, at block: BlockNumber) -> FormatError? {
    guard let expected = checksum(of: page, at: block) else { return PageHeader.problem(of: page) }
    let found = page.littleEndian16(8)
    if found == expected || page.firstNonZero(in: 0..<page.byteCount) == nil { return nil }
    return FormatError(
      .checksumMismatch,
      offset: 8,
      field: "pd_checksum",
      found: "\(found)",
      expected: "\(expected) for block \(block)"
    )
  }

  @inline(__always)
  private static func mixed(_ sum: UInt32, _ number: UInt32) -> UInt32 {
    let value = sum ^ number
    return value &* prime ^ value &>> 17
  }
}
