/// The first page of a hash index, as `HashMeta` has it.
///
/// | what | rule |
/// |---|---|
/// | mark, version | 0x06440640, 4 |
/// | tuples | a number, not negative |
/// | tuples wanted in a bucket | 1 or more |
/// | sizes | 8,152 bytes of a page, 4,096 of a bitmap, which are 2^15 bits |
/// | masks | the higher one is a power of 2 less one, the lower one its half |
/// | highest bucket | from the lower mask to the higher one |
/// | split point | that of the highest bucket |
/// | overflow pages | never less at a later split point; none of split points to come |
/// | first one that may be free | one of them, or the next |
/// | bitmaps | up to 1,024, each in another block than the first one. None until the record that makes the first one |
/// | neighbours, bucket | none |
/// | behind the structure | zeros |
///
/// Source: PostgreSQL `access/hash.h`, `access/hash/hashpage.c`.
enum HashMetaCheck {
  private static let start = HashMeta.start

  static func check(_ page: PageView) throws(PageFault) {
    let lower = start + HashMeta.byteCount
    try page.require(page.lower == lower, "pd_lower", at: 12, page.lower, "just", UInt64(lower))
    try page.require(
      page.upper == page.special,
      "pd_upper",
      at: 14,
      page.upper,
      "pd_special,",
      UInt64(page.special)
    )
    let neighbours = page.uint64(HashPage.start)
    try page.require(neighbours == .max, "hasho_prevblkno", at: HashPage.start, neighbours, "no neighbours")
    let bucket = page.uint32(HashPage.start + 8)
    try page.require(bucket == .max, "hasho_bucket", at: HashPage.start + 8, bucket, "none")
    try checkConstants(page)
    try checkBuckets(page)
    try checkOverflow(page)
    try page.requireZeros(from: lower)
  }

  private static func checkConstants(_ page: PageView) throws(PageFault) {
    let magic = page.uint32(start)
    try page.require(magic == HashMeta.magic, "hashm_magic", at: start, magic, "just", UInt64(HashMeta.magic))
    let version = page.uint32(start + 4)
    try page.require(version == HashMeta.version, "hashm_version", at: start + 4, version, "just", 4)
    let tuples = Double(bitPattern: page.uint64(start + 8))
    try page.require(
      tuples >= 0 && tuples.isFinite,
      "hashm_ntuples",
      at: start + 8,
      page.uint64(start + 8),
      "no negative number"
    )
    let wanted = page.uint16(start + 16)
    try page.require(wanted > 0, "hashm_ffactor", at: start + 16, wanted, "at least", 1)
    let sizes = (page.uint16(start + 18), page.uint16(start + 20), page.uint16(start + 22))
    let expected = (HashMeta.pageByteCount, UInt16(1) << HashMeta.bitmapShift, HashMeta.bitmapShift + 3)
    try page.require(
      sizes.0 == expected.0,
      "hashm_bsize",
      at: start + 18,
      sizes.0,
      "just",
      UInt64(expected.0)
    )
    try page.require(
      sizes.1 == expected.1,
      "hashm_bmsize",
      at: start + 20,
      sizes.1,
      "just",
      UInt64(expected.1)
    )
    try page.require(
      sizes.2 == expected.2,
      "hashm_bmshift",
      at: start + 22,
      sizes.2,
      "just",
      UInt64(expected.2)
    )
  }

  private static func checkBuckets(_ page: PageView) throws(PageFault) {
    let highest = page.uint32(start + 24)
    let (high, low) = (page.uint32(start + 28), page.uint32(start + 32))
    try page.require(
      high != 0 && high & (high &+ 1) == 0,
      "hashm_highmask",
      at: start + 28,
      high,
      "a power of 2 less one"
    )
    try page.require(low == high >> 1, "hashm_lowmask", at: start + 32, low, "just", UInt64(high >> 1))
    try page.require(
      highest >= low && highest <= high && highest != .max,
      "hashm_maxbucket",
      at: start + 24,
      highest,
      "from the lower mask up to the higher one,",
      UInt64(high)
    )
    let point = page.uint32(start + 36)
    let expected = HashMeta.splitPoint(highest &+ 1)
    try page.require(
      point == expected && point < HashMeta.splitPointCount,
      "hashm_ovflpoint",
      at: start + 36,
      point,
      "that of the highest bucket,",
      UInt64(expected)
    )
  }

  private static func checkOverflow(_ page: PageView) throws(PageFault) {
    let point = Int(page.uint32(start + 36))
    var last: UInt32 = 0
    for index in 0..<Int(HashMeta.splitPointCount) {
      let place = start + HashMeta.spares + 4 * index
      let count = page.uint32(place)
      let isRight = index <= point ? count >= last : count == 0
      try page.require(
        isRight,
        "hashm_spares",
        at: place,
        count,
        "0 behind the split point, else at least",
        UInt64(last)
      )
      if index <= point { last = count }
    }
    let free = page.uint32(start + 40)
    try page.require(free <= last, "hashm_firstfree", at: start + 40, free, "at most", UInt64(last))
    let count = page.uint32(start + 44)
    try page.require(
      count <= HashMeta.bitmapCount,
      "hashm_nmaps",
      at: start + 44,
      count,
      "at most",
      UInt64(HashMeta.bitmapCount)
    )
    for index in 0..<Int(HashMeta.bitmapCount) {
      let place = start + HashMeta.bitmaps + 4 * index
      let block = page.uint32(place)
      if index < Int(count) {
        try page.requireLink(block, "hashm_mapp", at: place)
      } else {
        try page.require(block == 0, "hashm_mapp", at: place, block, "0 behind the last bitmap")
      }
    }
  }
}
