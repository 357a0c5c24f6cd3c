@testable import Engine
import IndexFormat
import Testing

/// What real data do not reach: rare blocks of records, and where versions differ.
struct HashRedoTests {
  private typealias S = HashSamples

  private static func replay(
    _ record: RedoRecord,
    _ block: UInt32,
    _ base: [UInt8]?,
    _ version: PostgresVersion = .v17
  ) throws(RedoError) -> [UInt8] {
    var redo = PageRedo(RedoRules(version: version))
    return try redo.page(RedoRecord.key(block), base, [record.bytes])
  }

  private static func number(_ page: [UInt8], _ offset: Int) -> UInt32 {
    page.span.bytes.littleEndian32(24 + offset)
  }

  private static func lsn(_ page: [UInt8]) -> UInt32 { page.span.bytes.littleEndian32(4) }

  /// Tuples expected, buckets then, split point.
  @Test(
    arguments: [
      (0.0, 2, 1), (-1, 2, 1), (307 * 3, 4, 2), (307 * 500, 512, 9), (307 * 520, 640, 10),
      (307 * 1000, 1024, 13),
      (307 * 1300, 1536, 15), (1e12, 0x4000_0000, 93), (.infinity, 0x4000_0000, 93),
    ] as [(Double, UInt32, UInt32)]
  )
  func anIndexBeginsWithWholeSplitPoints(expected: Double, buckets: UInt32, splitPoint: UInt32) throws {
    let main = S.number(expected.bitPattern) + S.number(UInt32(449)) + S.number(UInt16(307))
    let page = try Self.replay(S.record(0x00, main, .init(number: 0, willInit: true)), 0, nil)
    #expect(Self.number(page, 24) == buckets - 1)
    #expect(Self.number(page, 36) == splitPoint)
    #expect(Self.number(page, 52 + Int(splitPoint) * 4) == 1)
    // All of the buckets are below the mask.
    let high = Self.number(page, 28)
    #expect(
      high & (high &+ 1) == 0 && high >= buckets && high / 2 < buckets && Self.number(page, 32) == high / 2
    )
    #expect(Self.number(page, 16) == 307 | 8152 << 16 && Self.number(page, 20) == 4096 | 15 << 16)
  }

  @Test func anIndexOfNothingByNothingIsRefused() {
    let main = S.number((0.0).bitPattern) + S.number(UInt32(449)) + S.number(UInt16(0))
    #expect(throws: RedoError.self) {
      try Self.replay(S.record(0x00, main, .init(number: 0, willInit: true)), 0, nil)
    }
  }

  @Test func anOverflowPageCanBringANewBitmap() throws {
    let overflow = try Self.replay(S.addOverflow, 9, nil)
    #expect(Array(overflow[8176...]) == Array(S.page(previous: 1, bucket: 0, flags: 1)[8176...]))
    #expect(try Self.replay(S.addOverflow, 1, S.bucket)[8180] == 9)
    var cleared = S.bitmap
    cleared[24] = 0
    #expect(try Self.replay(S.addOverflow, 3, cleared)[24] == 0x20)
    let bitmap = try Self.replay(S.addOverflow, 10, nil)
    #expect(Array(bitmap[8...]) == Array(S.bitmap[8...]))
    let meta = try Self.replay(S.addOverflow, 0, S.meta)
    // The page and the bitmap's are counted.
    #expect(Self.number(meta, 40) == 6 && Self.number(meta, 44) == 1 && Self.number(meta, 444) == 10)
    #expect(Self.number(meta, 52 + 4) == Self.number(S.meta, 52 + 4) + 2)
  }

  @Test func aSplitChangesThePageThatItBroughtAnImageOf() throws {
    let old = try Self.replay(S.allocateSplit, 1, S.bucket)
    #expect(Array(old[8176...]) == Array(S.page(previous: 2, bucket: 0, flags: 0x22)[8176...]))
    var imaged = S.allocateSplit
    imaged.blocks[0].image = S.bucket
    #expect(try Self.replay(imaged, 1, nil) == old)
    imaged = S.completeSplit
    imaged.blocks[1].image = S.bucket
    #expect(try Self.replay(imaged, 4, nil)[8188] == 2)
    #expect(try Self.replay(S.completeSplit, 1, S.bucket)[8188] == 0x42)
    // An image is all that other records leave of it.
    imaged = S.delete
    imaged.blocks[1].image = S.full
    #expect(try Array(Self.replay(imaged, 1, nil)[8...]) == Array(S.full[8...]))
    let meta = try Self.replay(S.allocateSplit, 0, S.meta)
    #expect(Self.number(meta, 24) == 2 && Self.number(meta, 28) == 7 && Self.number(meta, 32) == 3)
    #expect(Self.number(meta, 36) == 2 && Self.number(meta, 52 + 8) == 5)
  }

  @Test func aPageThatASqueezeLeavesKeepsItsLSNSince17() throws {
    let empty = S.squeeze(tuples: 0, isPrevious: false)
    #expect(try Self.lsn(Self.replay(empty, 1, S.full, .v16)) == 8)
    #expect(try Self.replay(empty, 1, S.full, .v17) == S.full)
    for version in [PostgresVersion.v16, .v17] {
      let linked = try Self.replay(S.squeeze(tuples: 0, isPrevious: true), 1, S.full, version)
      #expect(Self.lsn(linked) == 8 && linked[8180] == 12)
    }
  }

  @Test func squeezingGivesAPageUp() throws {
    let squeeze = S.squeeze(tuples: 2, isPrevious: false)
    let target = try Self.replay(squeeze, 1, S.full)
    #expect(target.span.bytes.littleEndian16(12) == 24 + 11 * 4)
    let free = try Self.replay(squeeze, 5, S.full)
    #expect(Array(free[8...]) == Array(S.page(bucket: .max, flags: 0)[8...]))
    #expect(try Self.replay(squeeze, 11, S.bucket)[8180] == 12)
    #expect(try Self.replay(squeeze, 12, S.bucket)[8176] == 11)
    #expect(try Self.replay(squeeze, 3, S.bitmap)[24] == 0xdf)
    #expect(try Self.number(Self.replay(squeeze, 0, S.meta), 40) == 4)
    // The bucket's first page is locked only.
    #expect(try Self.replay(squeeze, 7, S.bucket) == S.bucket)
  }

  @Test func movedTuplesMustBeAsManyAsTheRecordSays() throws {
    var wrong = S.move
    wrong.main[0] = 3
    #expect(throws: RedoError.self) { try Self.replay(wrong, 1, S.full) }
    wrong.main[0] = 1
    #expect(throws: RedoError.self) { try Self.replay(wrong, 1, S.full) }
    let (written, read) = (try Self.replay(S.move, 1, S.full), try Self.replay(S.move, 5, S.full))
    #expect(written[12] == 24 + 11 * 4 && read[12] == 24 + 6 * 4)
  }

  @Test(arguments: PostgresVersion.allCases)
  func vacuumCountsInTheFormOfItsVersion(version: PostgresVersion) throws {
    var meta = S.meta
    meta.replaceSubrange(32..<40, with: S.number((10.0).bitPattern))
    var page = S.full
    page[8188] |= 0x80
    let vacuum = S.vacuum(isOld: version <= .v15)
    let cleaned = try Self.replay(vacuum, 1, page, version)
    #expect(cleaned[12] == 24 + 6 * 4 && cleaned[8188] == 2)
    let counted = try Self.replay(vacuum, 0, meta, version)
    #expect(Array(counted[32..<40]) == S.number((7.0).bitPattern))
  }

  @Test func bitsAndBitmapsStayWithinThePage() throws {
    var wrong = S.addOverflow
    wrong.blocks[2].data = S.number(UInt32(8152 * 8))
    #expect(throws: RedoError.self) { try Self.replay(wrong, 3, S.bitmap) }
    wrong = S.addOverflow
    wrong.main = S.number(UInt16(8153)) + [0]
    #expect(throws: RedoError.self) { try Self.replay(wrong, 10, nil) }
    var meta = S.meta
    meta.replaceSubrange(24 + 36..<24 + 40, with: S.number(UInt32(98)))
    #expect(throws: RedoError.self) { try Self.replay(S.addOverflow, 0, meta) }
    meta = S.meta
    meta.replaceSubrange(24 + 44..<24 + 48, with: S.number(UInt32(1024)))
    #expect(throws: RedoError.self) { try Self.replay(S.addOverflow, 0, meta) }
  }
}
