@testable import Engine
import IndexFormat
import Testing

/// What single records become.
struct WALIngestTests {
  private static let relation = IngestRecord.relation
  private static func fork(_ fork: RelationFork) -> RelationTag {
    RelationTag(relation.database, relation: relation.relation, fork: fork)
  }
  private static func size(_ count: UInt32) -> LayerValue { LayerValue(BlockCountValue(count)) }

  // MARK: Blocks

  @Test func aBlockWithinTheRelationIsTheRecordAlone() async throws {
    let fixture = try await IngestFixture()
    let record = IngestRecord(.btree, 0, blocks: [(Self.relation, 3)])
    let values = try await fixture.ingest(record)
    #expect(
      values == [
        .relationBlock(Self.relation, BlockNumber(3)): .record(
          .postgres(willInit: false, record: record.bytes)
        )
      ]
    )
  }

  /// As the page server's own test has it: the gap is zeros, and the length follows.
  @Test func aBlockBehindTheEndFillsTheGap() async throws {
    let fixture = try await IngestFixture()
    let empty = RelationTag(Self.relation.database, relation: 16390)
    var values = try await fixture.ingest(IngestRecord(.btree, 0, blocks: [(empty, 1)]))
    #expect(values.count == 3 && values[.relationSize(empty)] == Self.size(2))
    #expect(values[.relationBlock(empty, BlockNumber(0))] == .zeroPage)
    values = try await fixture.ingest(IngestRecord(.btree, 0, blocks: [(empty, 1500)]))
    #expect(values[.relationSize(empty)] == Self.size(1501))
    #expect(values.values.filter { $0 == .zeroPage }.count == 1498)
  }

  @Test func aGapNeverReplacesABlockOfTheSameRecord() async throws {
    let fixture = try await IngestFixture()
    let blocks = [(Self.relation, UInt32(6)), (Self.relation, 12), (Self.relation, 11), (Self.relation, 10)]
    let record = IngestRecord(.spgist, 0x50, blocks: blocks)
    let values = try await fixture.ingest(record)
    for block in [10, 11, 12] as [UInt32] {
      let value = values[.relationBlock(Self.relation, BlockNumber(block))]
      #expect(value == .record(.postgres(willInit: false, record: record.bytes)), "\(block)")
    }
  }

  @Test func aGapThatNoRecordLeavesIsRefused() async throws {
    let fixture = try await IngestFixture()
    let fault = await fixture.refusal(IngestRecord(.btree, 0, blocks: [(Self.relation, 0xffff_0000)]))
    guard case .limitExceeded? = fault else { return #expect(Bool(false), "\(String(describing: fault))") }
  }

  @Test func anUnknownRelationIsMade() async throws {
    let fixture = try await IngestFixture()
    let other = RelationTag(tablespace: 1663, database: 77, relation: 5, fork: .freeSpaceMap)
    let values = try await fixture.ingest(IngestRecord(.btree, 0, blocks: [(other, 0)]))
    let databases = DatabaseDirectory([
      .init(ClusterBuilder.database, hasRelationMap: true), .init(.global, hasRelationMap: true),
      .init(other.database, hasRelationMap: false),
    ])
    #expect(values[.databaseDirectory] == LayerValue(databases))
    let directory = RelationDirectory([.init(relation: 5, fork: .freeSpaceMap)])
    #expect(values[.relationDirectoryV1(other.database)] == LayerValue(directory))
    #expect(values[.relationSize(other)] == Self.size(1))
  }

  @Test func aTablespaceOfMoreThan16BitsIsRefused() async throws {
    let fixture = try await IngestFixture()
    let other = RelationTag(tablespace: 70_000, database: 77, relation: 5)
    guard case .unsupportedKey? = await fixture.refusal(IngestRecord(.btree, 0, blocks: [(other, 0)])) else {
      return #expect(Bool(false), "a key that page servers refuse")
    }
  }

  @Test func anImageIsAPageWithTheLSNOfTheRecord() async throws {
    let fixture = try await IngestFixture(.v15)
    let values = try await fixture.ingest(WALVector.hole.bytes)
    let tag = RelationTag(tablespace: 1663, database: 5, relation: 16388)
    var page = try restored(WALVector.hole.bytes, .v15)[0]
    page.replaceSubrange(0..<8, with: [UInt8](numbers: 0, 0x1008))
    #expect(values[.relationBlock(tag, BlockNumber(0))] == .image(page))
  }

  @Test func aCompressedImageStaysARecordThatMakesThePage() async throws {
    let fixture = try await IngestFixture()
    for vector in [WALVector.lz4, .zstd] {
      let values = try await fixture.ingest(vector.bytes)
      #expect(values.values.contains(.record(.postgres(willInit: true, record: vector.bytes))))
    }
  }

  // MARK: Storage

  @Test func truncationShortensTheMapsWithTheRelation() async throws {
    let fixture = try await IngestFixture()
    let main = [UInt8](numbers: 14, 1663, 5, 16384, 7)
    var values = try await fixture.ingest(IngestRecord(.storage, 0x21, main))
    // Not compared with the length before.
    #expect(values[.relationSize(Self.relation)] == Self.size(14))
    #expect(values[.relationBlock(Self.fork(.freeSpaceMap), BlockNumber(2))] == .zeroPage)
    #expect(
      values[.relationBlock(Self.fork(.visibilityMap), BlockNumber(0))]
        == .record(.truncateVisibilityMap(byte: 3, bitOffset: 4))
    )
    #expect(values.count == 3)
    values = try await fixture.ingest(IngestRecord(.storage, 0x21, [UInt8](numbers: 0, 1663, 5, 16384, 7)))
    #expect(values[.relationSize(Self.relation)] == Self.size(0))
    #expect(values[.relationSize(Self.fork(.freeSpaceMap))] == Self.size(2))
    #expect(values[.relationSize(Self.fork(.visibilityMap))] == Self.size(0))
    #expect(values.count == 3)
  }

  @Test(arguments: [(0, 2), (1, 3), (2, 4), (4068, 4070), (4069, 4072), (4070, 4073), (8138, 8142)])
  func pagesOfTheFreeSpaceMapGoDepthFirst(logical: UInt32, physical: UInt32) {
    #expect(FreeSpaceMap.page(ofHeapBlock: logical * FreeSpaceMap.slotsPerPage) == physical)
  }

  @Test func makingARelationThatIsThereIsRefused() async throws {
    let fixture = try await IngestFixture()
    let create = { (relation: UInt32) in IngestRecord(.storage, 0x11, [UInt8](numbers: 1663, 5, relation, 0))
    }
    #expect(
      try await fixture.ingest(create(20000))[
        .relationSize(RelationTag(Self.relation.database, relation: 20000))
      ] == Self.size(0)
    )
    guard case .relationExists? = await fixture.refusal(create(16384)),
      case .relationExists? = await fixture.refusal(create(20000)),
      case .badRelation? = await fixture.refusal(create(0))
    else { return #expect(Bool(false), "relations that cannot be made") }
  }

  @Test func aDroppedDatabaseLeavesItsDirectoryAlone() async throws {
    let fixture = try await IngestFixture()
    _ = try await fixture.ingest(IngestRecord(.btree, 0, blocks: [(Self.relation, 0)]))
    let values = try await fixture.ingest(IngestRecord(.database, 0x21, [UInt8](numbers: 5, 2, 1663, 9999)))
    let left = DatabaseDirectory([.init(.global, hasRelationMap: true)])
    #expect(values == [.databaseDirectory: LayerValue(left)])
    // One with the same number begins anew.
    let again = try await fixture.ingest(IngestRecord(.btree, 0, blocks: [(Self.relation, 0)]))
    #expect(again[.relationSize(Self.relation)] == Self.size(1))
  }

  @Test func aRelationMapMarksItsDatabaseOnce() async throws {
    let fixture = try await IngestFixture()
    let map = [UInt8](repeating: 7, count: 524)
    let new = DatabaseTag(tablespace: 1663, database: 99)
    var values = try await fixture.ingest(
      IngestRecord(.relationMap, 0, [UInt8](numbers: 99, 1663, 524) + map)
    )
    #expect(values[.relationMap(new)] == .image(map))
    #expect(values[.relationDirectoryV1(new)] == LayerValue(RelationDirectory()))
    #expect(values.count == 3)
    values = try await fixture.ingest(IngestRecord(.relationMap, 0, [UInt8](numbers: 99, 1663, 524) + map))
    #expect(values == [.relationMap(new): .image(map)])
  }

  // MARK: Heap

  @Test func heapRecordsClearTheVisibilityMap() async throws {
    let fixture = try await IngestFixture()
    let map = Key.relationBlock(Self.fork(.visibilityMap), BlockNumber(0))
    let delete = IngestRecord(.heap, 0x10, blocks: [(Self.relation, 0)], [0xdc, 2, 0, 0, 5, 0, 16, 1])
    #expect(
      try await fixture.ingest(delete)[map]
        == .record(.clearVisibilityMapFlags(newHeapBlock: 0, oldHeapBlock: nil, flags: 3))
    )
    let update = IngestRecord(
      .heap,
      0x20,
      blocks: [(Self.relation, 4), (Self.relation, 1)],
      [0xdc, 2, 0, 0, 5, 0, 16, 3, 0, 0, 0, 0, 1, 0]
    )
    #expect(
      try await fixture.ingest(update)[map]
        == .record(.clearVisibilityMapFlags(newHeapBlock: 4, oldHeapBlock: 1, flags: 3))
    )
    let lock = IngestRecord(.heap, 0x60, blocks: [(Self.relation, 2)], [0xdc, 2, 0, 0, 5, 0, 16, 1])
    #expect(
      try await fixture.ingest(lock)[map]
        == .record(.clearVisibilityMapFlags(newHeapBlock: nil, oldHeapBlock: 2, flags: 2))
    )
    // A page that the map does not have.
    let far = IngestRecord(.heap, 0x10, blocks: [(Self.relation, 32_672)], [0xdc, 2, 0, 0, 5, 0, 16, 1])
    let values = try await fixture.ingest(far)
    #expect(values.keys.allSatisfy { $0.field5 == 0 })
  }

  @Test func recordsOfNeonsResourceManagerAreOf16And17() async throws {
    let insert = IngestRecord(.neon, 0x00, blocks: [(Self.relation, 0)], [1, 0, 1])
    let map = Key.relationBlock(Self.fork(.visibilityMap), BlockNumber(0))
    #expect(try await IngestFixture(.v16).ingest(insert)[map] != nil)
    guard case .wrongVersion(.v15)? = try await IngestFixture(.v15).refusal(insert) else {
      return #expect(Bool(false), "a resource manager that 15 does not have")
    }
    guard case .unknownOperation? = try await IngestFixture().refusal(IngestRecord(.neon, 0x60, [0])) else {
      return #expect(Bool(false), "an operation that does not exist")
    }
  }

  // MARK: Shards

  @Test func otherShardsBlocksAreLeftOutButShardZeroKeepsTheLength() async throws {
    let record = IngestRecord(.btree, 0, blocks: [(Self.relation, 2048)])
    // The hash gives block 2048 to shard 3, block 0 and those behind it to shard 0.
    var sizes: [LayerValue?] = []
    for number in 0..<4 as Range<UInt8> {
      let shard = try ShardIdentity(number: number, count: 4, stripeSizePages: 2048)
      let values = try await IngestFixture(shard: shard).ingest(record)
      sizes.append(values[.relationSize(Self.relation)])
      #expect(values.keys.contains(.relationBlock(Self.relation, BlockNumber(2048))) == (number == 3))
      #expect(values.keys.contains(.relationBlock(Self.relation, BlockNumber(10))) == (number == 0))
    }
    #expect(sizes == [Self.size(2049), nil, nil, Self.size(2049)])
  }

  @Test func onlyShardZeroKeepsStatesOfTransactionsAndAuxFiles() async throws {
    let shard = try ShardIdentity(number: 1, count: 2, stripeSizePages: 2048)
    let commit = IngestRecord(.transaction, 0, transaction: 725, [UInt8](repeating: 1, count: 8))
    #expect(try await IngestFixture(shard: shard).ingest(commit).keys.allSatisfy { $0 == .checkpoint })
    #expect(try await IngestFixture(.v15, shard: shard).ingest(WALVector.logicalMessage.bytes).isEmpty)
    #expect(try await IngestFixture().ingest(commit).count == 2)
  }
}
