import Engine
import IndexFormat
import Testing

/// Lengths of ranges, fragments and parts, with the figures of page servers' own tests.
struct ShardedRangeTests {
  private static let relation = Key(0, 0x67f, 1, 0xae, 0, 0)

  private static func block(_ number: UInt32, fork: UInt8 = 0) -> Key {
    Key(0, 0x67f, 1, 0xae, fork, number)
  }

  private static func key(_ text: String) throws -> Key { try #require(Key(text)) }

  private static func shard(_ number: UInt8, of count: UInt8 = 4, stripe: UInt32 = 2048) throws
    -> ShardIdentity
  {
    try ShardIdentity(number: number, count: count, stripeSizePages: stripe)
  }

  private static func fragments(_ range: KeyRange, _ shard: ShardIdentity, _ target: UInt32) throws
    -> [ShardedRange.Fragment]
  {
    var budget = 1_000_000
    return try ShardedRange(range, shard).fragments(target: target, budget: &budget)
  }

  private static func blocks(_ start: UInt32, _ end: UInt32) -> KeyRange {
    KeyRange(start: block(start), end: block(end))
  }

  @Test func rangesOverSizeAndNextForkAreContiguous() throws {
    let prefix = "000000067F00000001000004DF"
    let cases: [(String, String, UInt32?)] = [
      ("00FFFFFFFE", "0100000003", nil), ("00FFFFFFFE", "0100000000", nil),
      ("00FFFFFFFF", "0100000080", 0x81),
      ("00FFFFFFFF", "0100000000", 1), ("0000000000", "0000000000", 0), ("0000000010", "0000000030", 0x20),
      ("0000000010", "0000000008", 0), ("00FFFFFFFF", "01FFFFFFFF", .max), ("00FFFFFFFF", "00FFFFFFFF", 0),
      ("FFFFFFFFFF", "0000000000", nil),
    ]
    for (start, end, length) in cases {
      let range = KeyRange(start: try Self.key(prefix + start), end: try Self.key(prefix + end))
      #expect(range.isContiguous == (length != nil), "\(range)")
      #expect(range.rawLength == length ?? .max, "\(range)")
    }
  }

  @Test func rangeOverRelationsHasNoLength() throws {
    let end = try Self.key("000000068F00000001000000AE0000010000")
    let range = KeyRange(start: Self.relation, end: end)
    #expect(
      try Self.fragments(range, .unsharded(), 100) == [ShardedRange.Fragment(pageCount: .max, range: range)]
    )
    let other = KeyRange(
      start: try Self.key("000000067F00000005000040100300000000"),
      end: try Self.key("000000067F00000005000040130000004000")
    )
    #expect(ShardedRange(other, try Self.shard(0)).pageCount == .max)
  }

  @Test func singleKeysCountWhereTheyAreKept() throws {
    let one = Self.blocks(0, 1)
    #expect(try (0..<4).map { ShardedRange(one, try Self.shard($0)).pageCount } == [1, 0, 0, 0])
    let size = KeyRange(
      start: try Self.key("000000067F000000010000007000FFFFFFFF"),
      end: try Self.key("000000067F00000001000000700100000000")
    )
    #expect(ShardedRange(size, try Self.shard(1)).pageCount == 1)
  }

  @Test func sizeIsCountedOnEveryShardAndBlocksOnTheirs() throws {
    let range = KeyRange(start: Self.block(.max), end: Self.block(0x2000, fork: 1))
    #expect(try (0..<4).map { ShardedRange(range, try Self.shard($0)).pageCount } == [2049, 1, 2049, 4097])
    #expect(try Self.fragments(range, try Self.shard(0), 4096).map(\.pageCount) == [2049])
    #expect(try Self.fragments(range, try Self.shard(1), 4096) == [.init(pageCount: 1, range: range)])
  }

  @Test func fragmentsTakeForeignStripesAlong() throws {
    let shard = try Self.shard(0)
    let stripe = Self.blocks(0, 2048)
    for target in [2048, 20480] as [UInt32] {
      #expect(try Self.fragments(stripe, shard, target) == [.init(pageCount: 2048, range: stripe)])
    }
    #expect(
      try Self.fragments(stripe, shard, 1024)
        == [
          .init(pageCount: 1024, range: Self.blocks(0, 1024)),
          .init(pageCount: 1024, range: Self.blocks(1024, 2048)),
        ]
    )
    let four = Self.blocks(0, 8192)
    #expect(try Self.fragments(four, shard, 8192) == [.init(pageCount: 2048, range: four)])
    #expect(
      try Self.fragments(four, shard, 683)
        == [
          .init(pageCount: 683, range: Self.blocks(0, 683)),
          .init(pageCount: 683, range: Self.blocks(683, 1366)),
          .init(pageCount: 682, range: Self.blocks(1366, 8192)),
        ]
    )
    let behindFirst = Self.blocks(1, 8192)
    #expect(try Self.fragments(behindFirst, shard, 8192) == [.init(pageCount: 2047, range: behindFirst)])
  }

  @Test func unshardedFragmentsHaveTheTargetLength() throws {
    let half = try Self.fragments(Self.blocks(0, 0x10000), .unsharded(), 0x8000)
    #expect(half.map(\.pageCount) == [0x8000, 0x8000])
    let prefix = "000000067F00000001000004E1"
    let range = KeyRange(start: try Self.key(prefix + "0000000000"), end: try Self.key(prefix + "0000000038"))
    #expect(try Self.fragments(range, .unsharded(), 16).map(\.pageCount) == [16, 16, 16, 8])
    #expect(try Self.fragments(Self.blocks(5, 5), .unsharded(), 16).isEmpty)
  }

  /// Every small world: the fragments lie side by side, their pages are those that a key by key count finds.
  @Test func fragmentsCoverTheRangeAndCountEveryPage() throws {
    for stripe in [1, 2, 3, 5] as [UInt32] {
      for number in 0..<3 as Range<UInt8> {
        let shard = try Self.shard(number, of: 3, stripe: stripe)
        for start in 0..<6 as Range<UInt32> {
          for length in 0..<14 as Range<UInt32> {
            try check(Self.blocks(start, start + length), shard)
            try check(KeyRange(start: Self.block(.max), end: Self.block(length, fork: 1)), shard)
          }
        }
      }
    }
  }

  private func check(_ range: KeyRange, _ shard: ShardIdentity) throws {
    var expected: UInt32 = 0
    var key = range.start
    while key < range.end {
      if !shard.isDisposable(key) { expected += 1 }
      key = try #require(key.successor)
    }
    #expect(ShardedRange(range, shard).pageCount == expected, "\(range)")
    for target in [1, 2, 3, 100] as [UInt32] {
      let fragments = try Self.fragments(range, shard, target)
      #expect(fragments.reduce(0) { $0 + $1.pageCount } == expected, "\(range) \(target)")
      #expect(fragments.allSatisfy { $0.pageCount <= target })
      guard !range.isEmpty else { continue }
      #expect(fragments.first?.range.start == range.start && fragments.last?.range.end == range.end)
      for (left, right) in zip(fragments, fragments.dropFirst()) {
        #expect(left.range.end == right.range.start)
      }
    }
  }

  @Test func partsHaveTheSizesOfPageServers() throws {
    let database = DatabaseTag(tablespace: 1663, database: 5)
    let tag = RelationTag(database, relation: 16384)
    var list = KeyRangeList()
    for key in [.databaseDirectory, .relationMap(database), .relationDirectoryV1(database)] as [Key] {
      try list.append(key)
    }
    try list.append(
      KeyRange(start: .relationBlock(tag, BlockNumber(0)), end: .relationBlock(tag, BlockNumber(40000)))
    )
    try list.append(.relationSize(tag))
    #expect(list.ranges.count == 4)
    let whole = try KeyPartition(list, shard: .unsharded())
    #expect(whole.parts.map(\.pageCount) == [3, 16384, 16384, 7233])
    let shards = try (0..<4).map { try KeyPartition(list, shard: try Self.shard($0)).parts.map(\.pageCount) }
    #expect(shards == [[15428], [8196], [4100], [12292]])
  }

  @Test func listsKeepEmptyRangesAndJoinTouchingOnes() throws {
    var list = KeyRangeList()
    try list.append(Self.blocks(0, 3))
    try list.append(Self.blocks(3, 5))
    try list.append(Self.blocks(7, 7))
    try list.append(Self.block(.max))
    #expect(
      list.ranges == [
        Self.blocks(0, 5), Self.blocks(7, 7), KeyRange(start: Self.block(.max), end: Self.block(0, fork: 1)),
      ]
    )
    #expect(list.rawLength == 6 && list.keySpace.ranges.count == 2)
    let before = list
    #expect(formatError { () throws(FormatError) in try list.append(Self.block(9)) }?.kind == .badValue)
    #expect(formatError { () throws(FormatError) in try list.append(Self.blocks(9, 8)) } != nil)
    #expect(list == before)
  }

  @Test func hugeLengthsAreRefusedBeforeTheyTakeMemory() throws {
    var list = KeyRangeList()
    for relation in 1...UInt32(4000) {
      try list.append(
        KeyRange(start: Key(0, 1663, 5, relation, 0, 0), end: Key(0, 1663, 5, relation, 0, .max - 1))
      )
    }
    let error = formatError { () throws(FormatError) in
      try KeyPartition(list, shard: .unsharded(), targetByteCount: 1 << 40)
    }
    #expect(error == nil)
    let many = formatError { () throws(FormatError) in
      try KeyPartition(list, shard: .unsharded(), targetByteCount: 1)
    }
    #expect(many?.kind == .limitExceeded)
  }
}
