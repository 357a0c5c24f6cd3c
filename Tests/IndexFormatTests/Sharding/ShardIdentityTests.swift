import Testing

@testable import IndexFormat

struct ShardIdentityTests {
  @Test func validNumbers() throws {
    let last = try ShardIdentity(number: 254, count: 255, stripeSizePages: 1)
    #expect(last.index == ShardIndex(number: 254, count: 255))
    #expect(last.stripeSize.pages == 1)
  }

  @Test(
    arguments: [
      (255, 255, 1, .number), (10, 10, 32768, .number), (11, 10, 32768, .number), (0, 0, 32768, .count),
      (0, 1, 0, .stripeSize),
    ] as [(UInt8, UInt8, UInt32, ShardIdentity.Invalid)]
  )
  func invalidNumbers(number: UInt8, count: UInt8, stripe: UInt32, reason: ShardIdentity.Invalid) {
    #expect(throws: reason) { try ShardIdentity(number: number, count: count, stripeSizePages: stripe) }
  }

  @Test func fromKeysOfObjects() throws {
    let stripeSize = StripeSize.defaultSince2025
    #expect(try ShardIdentity(.unsharded, stripeSize: stripeSize) == .unsharded())
    #expect(throws: ShardIdentity.Invalid.count) {
      try ShardIdentity(ShardIndex(number: 1, count: 0), stripeSize: stripeSize)
    }
    #expect(throws: ShardIdentity.Invalid.number) {
      try ShardIdentity(ShardIndex(number: 2, count: 2), stripeSize: stripeSize)
    }
  }

  @Test func stripeSizes() {
    #expect(StripeSize.defaultSince2025.pages * 8192 == 16 << 20)
    #expect(StripeSize.defaultBefore2025.pages * 8192 == 256 << 20)
    #expect(StripeSize(pages: 0) == nil)
  }

  @Test(
    arguments: [
      (0, 0), (1, 0x514e_28b7), (2, 0x30f4_c306), (0x4000, 0x5308_5746), (0x400c, 0xcb77_6f3e),
      (0xdead_beef, 0x0de5_c6a9), (0xffff_ffff, 0x81f1_6f39),
    ] as [(UInt32, UInt32)]
  )
  func murmurhash(value: UInt32, hash: UInt32) { #expect(ShardHash.murmurhash32(value) == hash) }

  @Test(
    arguments: [
      (0xb1ff_3b40, 0, 0xfb79_23c9), (0, 0, 0x9e37_79b9), (0xffff_ffff, 0xffff_ffff, 0x21c8_8688),
    ] as [(UInt32, UInt32, UInt32)]
  )
  func combine(left: UInt32, right: UInt32, hash: UInt32) { #expect(ShardHash.combine(left, right) == hash) }

  private func owner(_ relation: UInt32, _ block: UInt32, fork: UInt8 = 0, count: UInt8, stripe: UInt32)
    -> UInt8?
  {
    StripeSize(pages: stripe).map {
      ShardIdentity.owner(of: Key(0, 1663, 5, relation, fork, block), count: count, stripeSize: $0)
    }
  }

  @Test func singleOwners() {
    #expect(owner(0x400c, 0x7d06, count: 10, stripe: 32768) == 8)
    #expect(owner(0x400c, 0x7d06, count: 2, stripe: 2048) == 1)
    #expect(owner(0x400c, 0x7d06, count: 2, stripe: 32768) == 0)
    #expect(owner(0x400c, 0x7d06, count: 4, stripe: 2048) == 3)
    #expect(owner(0x400c, 0x7d06, count: 8, stripe: 32768) == 6)
    #expect(owner(0xae, 0, count: 4, stripe: 2048) == 0)
    #expect(owner(16384, 0, fork: 3, count: 8, stripe: 2048) == 0)
    #expect(owner(16384, 0, fork: 0, count: 8, stripe: 2048) == 4)
    #expect(owner(0x400c, 0x7d06, count: 0, stripe: 2048) == 0)
    #expect(owner(0x400c, 0x7d06, count: 1, stripe: 2048) == 0)
  }

  @Test(
    arguments: [
      (16384, [0, 3, 2, 3, 1, 1, 0, 0, 3, 3, 0, 0, 3, 2, 1, 1]), (0xae, [0, 3, 2, 3, 1, 1, 0, 0]),
      (1259, [2, 1, 0]),
    ] as [(UInt32, [UInt8])]
  )
  func ownersOfStripes(relation: UInt32, owners: [UInt8]) {
    for (stripe, expected) in owners.enumerated() {
      let first = UInt32(stripe) * 2048
      #expect(owner(relation, first, count: 4, stripe: 2048) == expected)
      #expect(owner(relation, first + 2047, count: 4, stripe: 2048) == expected)
    }
  }

  @Test(
    arguments: [
      (16384, 0, [0, 1, 0, 4, 12], [0, 1, 0, 4, 12]), (16384, 2048, [1, 0, 3, 7, 7], [0, 1, 0, 4, 12]),
      (16384, 32768, [0, 1, 0, 0, 0], [1, 0, 3, 7, 7]), (16384, 131_071, [0, 2, 0, 4, 4], [1, 1, 3, 7, 7]),
      (1259, 0, [0, 2, 2, 2, 2], [0, 2, 2, 2, 2]), (1259, 2048, [1, 2, 1, 5, 13], [0, 2, 2, 2, 2]),
      (16396, 65536, [0, 2, 2, 6, 14], [0, 1, 0, 0, 0]), (.max, 0, [0, 1, 2, 6, 14], [0, 1, 2, 6, 14]),
    ] as [(UInt32, UInt32, [UInt8], [UInt8])]
  )
  func ownersOfBlocks(relation: UInt32, block: UInt32, small: [UInt8], large: [UInt8]) {
    let counts: [UInt8] = [2, 3, 4, 8, 16]
    #expect(counts.compactMap { owner(relation, block, count: $0, stripe: 2048) } == small)
    #expect(counts.compactMap { owner(relation, block, count: $0, stripe: 32768) } == large)
  }

  @Test func placeOfARelationDoesNotCount() {
    let stripe = StripeSize.defaultSince2025
    let owners = [Key(0, 1663, 5, 1259, 0, 9), Key(0, 1664, 0, 1259, 1, 9), Key(0, 99, 77, 1259, 2, 2047)]
      .map { ShardIdentity.owner(of: $0, count: 16, stripeSize: stripe) }
    #expect(owners == [2, 2, 2])
  }

  @Test func globalKeys() {
    let database = DatabaseTag(tablespace: 1663, database: 5)
    let tag = RelationTag(database, relation: 16384)
    let segment = SLRUSegment(.transactionStatus, number: 0)
    let global: [Key] = [
      .databaseDirectory, .relationMap(database), .relationDirectoryV1(database), .relationSize(tag),
      .twoPhaseDirectory, .twoPhaseFile(transaction: 7), .controlFile, .checkpoint, .auxFilesV1,
      .replicationOrigin(1), .relationDirectoryV2(tag), .relationDirectoryV1(.global),
    ]
    let others: [Key] = [
      .relationBlock(tag, BlockNumber(0)), .slruDirectory(.transactionStatus),
      .slruBlock(segment, BlockNumber(0)),
      .slruSegmentSize(segment), AuxFileKey(path: "pg_replslot/x").key,
    ]
    #expect(global.allSatisfy { ShardIdentity.isGlobal($0) })
    #expect(!others.contains { ShardIdentity.isGlobal($0) })
  }

  @Test func disposableKeys() throws {
    let zero = try ShardIdentity(number: 0, count: 4, stripeSizePages: 2048)
    let one = try ShardIdentity(number: 1, count: 4, stripeSizePages: 2048)
    let clog = Key.slruDirectory(.transactionStatus)
    #expect(zero.isLocal(clog) && !zero.isDisposable(clog))
    #expect(!one.isLocal(clog) && one.isDisposable(clog))
    #expect(!one.isLocal(.checkpoint) && !one.isDisposable(.checkpoint))
    let initFork = Key(0, 1663, 5, 16384, 3, 4 * 2048)
    #expect(zero.isLocal(initFork) && one.isDisposable(initFork))
    let main = Key(0, 1663, 5, 16384, 0, 4 * 2048)
    #expect(zero.isDisposable(main) && one.isLocal(main))
    let only = try ShardIdentity(number: 0, count: 1, stripeSizePages: 2048)
    #expect(only.isLocal(main) && !only.isDisposable(main))
    #expect(ShardIdentity.unsharded().isLocal(main) && !ShardIdentity.unsharded().isDisposable(main))
  }

  /// Children of a split own together, and without overlap, what the parent owned.
  @Test func childrenShareWhatTheParentOwned() throws {
    var generator = RepeatableGenerator(seed: 3)
    let stripe = StripeSize.defaultSince2025
    for _ in 0..<2000 {
      let key = Key(
        0,
        1663,
        5,
        .random(in: 1 ... .max, using: &generator),
        .random(in: 0...3, using: &generator),
        .random(in: 0..<(.max), using: &generator)
      )
      for (old, new) in [(0, 2), (1, 4), (2, 8), (4, 8), (4, 16)] as [(UInt8, UInt8)] {
        let parent = ShardIdentity.owner(of: key, count: old, stripeSize: stripe)
        let child = ShardIndex(
          number: ShardIdentity.owner(of: key, count: new, stripeSize: stripe),
          count: new
        )
        #expect(child.parent(count: old).number == parent)
      }
    }
  }

  /// Four shards of a real tenant with stripes of 16 pages: what a shard lists is its own or everybody's.
  @Test(.enabled(if: Golden.isPresent, Golden.absence), arguments: 0...3 as ClosedRange<UInt8>)
  func storedKeysOfShards(number: UInt8) throws {
    let shard = try ShardIdentity(number: number, count: 4, stripeSizePages: 16)
    let lines = try Golden.archiveLines(
      "pageserver/oracle/B.tar.zst",
      member: "B.\(shard.index).main@end.pages.tsv"
    )
    let keys = try lines.filter { !$0.hasPrefix("#") }.map {
      try #require(Key(String($0.prefix(Key.textLength))))
    }
    #expect(keys.count > 500)
    #expect(keys.filter { shard.isDisposable($0) } == [])
    #expect(keys.filter { $0.isRelationBlock }.allSatisfy { shard.isLocal($0) })
    #expect(keys.contains { shard.isLocal($0) })
  }
}
