@testable import Engine
import IndexFormat
import Testing

/// Pages that are noise, or nearly right: each gives an answer.
struct PageCheckFuzzTests {
  private static let kinds: [PageKind] = [
    .table, .sequence, .btree, .hash, .gin, .gist, .spgist, .brin, .other, .freeSpaceMap, .visibilityMap,
    .slru(.transactionStatus), .slru(.multixactOffsets), .slru(.multixactMembers),
  ]

  private static func answers(_ page: [UInt8], _ generator: inout RepeatableGenerator) -> Int {
    let limits = PageCheck.Limits(nextTransaction: 1000, nextMultixact: 10)
    let check = PageCheck(version: PostgresVersion.allCases[generator.below(4)], limits: limits)
    let block = BlockNumber(UInt32(generator.below(4)))
    return kinds.count { check.problem(of: page.span.bytes, as: $0, block: block) != nil }
  }

  @Test func noiseIsRefused() {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    for count in [0, 1, 23, 24, 8191, 8192, 8193, 8200] {
      for _ in 0..<20 {
        // Any bits are statuses of transactions.
        #expect(Self.answers(generator.bytes(count), &generator) >= Self.kinds.count - 1)
      }
    }
  }

  /// Headers and special parts of each kind, so that checks go on behind them; line pointers and the rest are noise.
  @Test func noiseBehindAWholeHeaderNeverTraps() {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    for _ in 0..<Fuzzing.count(percent: 1) {
      var page = generator.bytes(PageHeader.pageByteCount)
      let byteCount = [0, 8, 16][generator.below(3)]
      let lower = PageHeader.byteCount + generator.below(120) * 4
      let special = PageHeader.pageByteCount - byteCount
      let upper = max(lower, special - generator.below(special - lower) / 8 * 8)
      Self.put(0x2004 << 48 | UInt64(special) << 32 | UInt64(upper) << 16 | UInt64(lower), at: 12, &page)
      page[10] = 0
      page[11] = 0
      for index in 0..<(lower - PageHeader.byteCount) / 4 { Self.putPointer(index, upper, &page, &generator) }
      if byteCount > 0 { Self.putSpecial(byteCount, &page, &generator) }
      _ = Self.answers(page, &generator)
    }
  }

  private static func put(_ number: UInt64, at offset: Int, _ page: inout [UInt8]) {
    for byte in 0..<8 { page[offset + byte] = UInt8(truncatingIfNeeded: number >> (8 * UInt64(byte))) }
  }

  /// Mostly one that may be right: in order from the end of the page on.
  private static func putPointer(
    _ index: Int,
    _ upper: Int,
    _ page: inout [UInt8],
    _ generator: inout RepeatableGenerator
  ) {
    let offset = upper + index * 24
    guard generator.below(20) > 0, offset + 24 <= 8176 else { return }
    let pointer = UInt32(offset) | 1 << 15 | 24 << 17
    for byte in 0..<4 {
      page[24 + 4 * index + byte] = UInt8(truncatingIfNeeded: pointer >> (8 * UInt32(byte)))
    }
    // Lengths of tuples of indexes, and of leaves of SP-GiST.
    page[offset + 6] = 24
    page[offset + 7] = UInt8(generator.below(4)) << 5
    page[offset] = UInt8(24 << 2 & 0xfc) | UInt8(generator.below(4))
  }

  private static func putSpecial(
    _ byteCount: Int,
    _ page: inout [UInt8],
    _ generator: inout RepeatableGenerator
  ) {
    let marks: [UInt16] = [HashPage.identity, GiSTPage.mark, SPGiSTPage.mark, 0xf091, 0xf092, 0xf093, 0]
    let mark = marks[generator.below(marks.count)]
    page[8190] = UInt8(truncatingIfNeeded: mark)
    page[8191] = UInt8(mark >> 8)
    // Flags stand in different places.
    for place in [8184, 8188, 8190] where place < 8190 || mark == 0 {
      page[place] = 1 << UInt8(generator.below(8))
      page[place + 1] = 0
    }
    if generator.below(2) == 0 { for place in 8176..<8184 { page[place] = 0xff } }
  }
}
