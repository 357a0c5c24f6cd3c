import Engine
import IndexFormat
import Testing

/// The keys that a timeline has, in the order of page servers.
struct CollectedKeySpaceTests {
  private static let lsn = Lsn(0x100)
  private static let database = ClusterBuilder.database

  private func ranges(_ catalog: TimelineCatalog) async throws -> [String] {
    try await catalog.keySpace(at: Self.lsn).dense.ranges.map { range in
      "\(range.start)..\(range.end)".replacing("000000067F0000000500", with: "~")
    }
  }

  @Test func relationsAreListedWithTheirSizesAndEmptyRanges() async throws {
    let found = try await ranges(ClusterBuilder().catalog())
    #expect(
      found
        == [
          "000000000000000000000000000000000000..000000000000000000000000000000000001",
          "~0000000000000000..~0000000000000002", "~0040000000000000..~004000000000000A",
          "~00400000FFFFFFFF..~0040000100000003", "~00400001FFFFFFFF..~0040000200000001",
          "~00400002FFFFFFFF..~0040000300000000", "~0040060000000000..~0040060000000000",
          "~00400600FFFFFFFF..~0040060100000000",
          "000000068000000000000000000000000000..000000068000000000000000000000000002",
          "0000000680000000000000" + "04EC0000000000..000000068000000000" + "000004EC0000000001",
          "000000068000000000000004EC00FFFFFFFF..000000068000000000000004EC0100000000",
          "010000000000000000000000000000000000..010000000000000000000000000000000001",
          "010000000000000001000000000000000000..010000000000000001000000000000000001",
          "0100000000000000010000000000FFFFFFFF..010000000000000001000000000100000000",
          "010000000100000000000000000000000000..010000000100000000000000000000000001",
          "010000000100000001000000000000000000..010000000100000001000000000000000001",
          "0100000001000000010000000000FFFFFFFF..010000000100000001000000000100000000",
          "010000000200000000000000000000000000..010000000200000000000000000000000001",
          "010000000200000001000000000000000000..010000000200000001000000000000000001",
          "0100000002000000010000000000FFFFFFFF..010000000200000001000000000100000000",
          "020000000000000000000000000000000000..020000000000000000000000000000000001",
          "02000000000000000000000000" + "0A000002E4..02000000000000000000000000" + "0A000002E5",
          "030000000000000000000000000000000000..030000000000000000000000000000000002",
        ]
    )
  }

  @Test func sparseKeysAndAuxFilesFollowTheTime() async throws {
    var cluster = ClusterBuilder()
    cluster.put(.auxFilesV1, AuxFilesDirectory())
    let now = try await cluster.catalog().keySpace(at: Self.lsn)
    #expect(now.sparse == [.auxFiles, .replicationOrigins, .relationDirectoriesV2])
    #expect(!now.dense.keySpace.contains(.auxFilesV1))
    let then = try await cluster.catalog { $0.rules = .june2024 }.keySpace(at: Self.lsn)
    #expect(then.sparse == [.auxFiles])
    #expect(then.dense.ranges.last == KeyRange(start: .controlFile, end: Key(3, 0, 0, 0, 0, 3)))
    cluster.values[.auxFilesV1] = nil
    let without = try await cluster.catalog { $0.rules = .june2024 }.keySpace(at: Self.lsn)
    #expect(without.dense == now.dense)
  }

  @Test func relationMapIsListedWhereTheDirectorySaysSoAndOnceAlways() async throws {
    var cluster = ClusterBuilder()
    cluster.put(
      .databaseDirectory,
      DatabaseDirectory([.init(Self.database, hasRelationMap: false), .init(.global, hasRelationMap: true)])
    )
    let map = Key.relationMap(Self.database)
    #expect(try await !cluster.catalog().keySpace(at: Self.lsn).dense.keySpace.contains(map))
    let then = try await cluster.catalog { $0.rules = .june2024 }.keySpace(at: Self.lsn)
    #expect(then.dense.keySpace.contains(map))
  }

  @Test func otherShardsHadSLRUsOnce() async throws {
    let shard = try ShardIdentity(number: 1, count: 2, stripeSizePages: 16)
    let cluster = ClusterBuilder()
    let now = try await cluster.catalog { $0.shard = shard }.keySpace(at: Self.lsn)
    #expect(!now.dense.keySpace.contains(.slruDirectory(.transactionStatus)))
    let then = try await cluster.catalog {
      $0.shard = shard
      $0.rules = .june2024
    }
    .keySpace(at: Self.lsn)
    #expect(then.dense.keySpace.contains(.slruDirectory(.transactionStatus)))
  }

  @Test func auxFilesThatWaitForRecordsAreListed() async throws {
    var history = ClusterBuilder().values.mapValues { [MemoryValueSource.Version(lsn: .invalid, bytes: $0)] }
    history[.auxFilesV1] = [MemoryValueSource.Version(lsn: .invalid, bytes: nil)]
    var facts = ClusterBuilder.facts
    facts.rules = .june2024
    let keys = try await TimelineCatalog(MemoryValueSource(history), facts).keySpace(at: Self.lsn)
    #expect(keys.dense.keySpace.contains(.auxFilesV1))
  }

  /// Entries whose keys would be those of something else.
  @Test func entriesThatCannotBeAreDamage() async throws {
    var database = ClusterBuilder()
    database.put(
      .databaseDirectory,
      DatabaseDirectory([.init(DatabaseTag(tablespace: 0, database: 0), hasRelationMap: true)])
    )
    database.putRelations([], of: DatabaseTag(tablespace: 0, database: 0))
    var transaction = ClusterBuilder()
    transaction.put(.twoPhaseDirectory, TwoPhaseDirectory([0, 1], width: .full))
    for (cluster, key) in [(database, Key.databaseDirectory), (transaction, .twoPhaseDirectory)] {
      let catalog = cluster.catalog()
      let error = await readError { () async throws(ReadError) in try await catalog.keySpace(at: Self.lsn) }
      guard case .damagedValue(key, Self.lsn, _) = error else {
        Issue.record("\(key): \(String(describing: error))")
        continue
      }
    }
  }

  @Test func largestLengthsAndNumbersAreListed() async throws {
    var cluster = ClusterBuilder()
    cluster.putRelations([(.max, 255, .max), (.max, 3, .max - 1)], of: Self.database)
    cluster.put(.slruDirectory(.multixactMembers), SLRUSegmentDirectory([0, .max]))
    cluster.put(.slruSegmentSize(SLRUSegment(.multixactMembers, number: .max)), BlockCountValue(.max))
    cluster.put(.twoPhaseDirectory, TwoPhaseDirectory([.max], width: .full))
    let keys = try await cluster.catalog().keySpace(at: Self.lsn)
    #expect(
      keys.dense.keySpace.contains(
        .relationSize(RelationTag(Self.database, relation: .max, fork: RelationFork(255)))
      )
    )
    #expect(try KeyPartition(keys.dense, shard: .unsharded()).parts.count > 1000)
  }
}
