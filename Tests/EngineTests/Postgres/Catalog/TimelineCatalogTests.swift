import Engine
import IndexFormat
import Testing

/// What a timeline holds, told from values in memory.
struct TimelineCatalogTests {
  private static let lsn = Lsn(0x100)
  private static let database = ClusterBuilder.database

  private static func tag(_ relation: UInt32, _ fork: UInt8 = 0) -> RelationTag {
    RelationTag(database, relation: relation, fork: RelationFork(fork))
  }

  @Test func relationsAndTheirSizesAreListed() async throws {
    let cluster = ClusterBuilder()
    let catalog = cluster.catalog()
    let sizes = try await catalog.relationSizes(of: Self.database, at: Self.lsn)
    #expect(sizes.map(\.tag) == [Self.tag(16384), Self.tag(16384, 1), Self.tag(16384, 2), Self.tag(16390)])
    #expect(sizes.map(\.blockCount) == [10, 3, 1, 0])
    #expect(try await catalog.databaseByteCount(5, at: Self.lsn) == 14 * 8192)
    #expect(try await catalog.databaseByteCount(6, at: Self.lsn) == 0)
    #expect(try await catalog.logicalByteCount(at: Self.lsn) == 15 * 8192)
    #expect(try await catalog.blockCount(of: Self.tag(16384, 1), at: Self.lsn) == 3)
    let foreign = DatabaseTag(tablespace: 1663, database: 9)
    #expect(try await catalog.relations(of: foreign, at: Self.lsn) == [])
  }

  @Test func otherShardsHaveNoLogicalSize() async throws {
    let shard = try ShardIdentity(number: 1, count: 2, stripeSizePages: 16)
    #expect(try await ClusterBuilder().catalog { $0.shard = shard }.logicalByteCount(at: Self.lsn) == 0)
  }

  @Test func sizesAreReadByOneCall() async throws {
    var cluster = ClusterBuilder()
    cluster.putRelations((1...5000).map { (UInt32($0), 0, UInt32($0)) }, of: Self.database)
    let source = MemoryValueSource(cluster.values)
    let catalog = TimelineCatalog(source, ClusterBuilder.facts)
    #expect(try await catalog.relationSizes(at: Self.lsn).count == 5001)
    // Directories of both databases, and sizes.
    #expect(source.calls == 2)
  }

  @Test func droppedRelationsAreGoneThoughTheirSizesStay() async throws {
    var cluster = ClusterBuilder()
    cluster.putSize(777, 0, 5, of: Self.database)
    let catalog = cluster.catalog()
    #expect(try await !catalog.relationExists(Self.tag(777), at: Self.lsn))
    #expect(try await catalog.blockCount(of: Self.tag(777), at: Self.lsn) == nil)
    #expect(try await !catalog.relationExists(Self.tag(0), at: Self.lsn))
    let foreign = RelationTag(tablespace: 1663, database: 9, relation: 16384)
    #expect(try await !catalog.relationExists(foreign, at: Self.lsn))
  }

  @Test func layoutsDecideWhatExists() async throws {
    var cluster = ClusterBuilder()
    cluster.putSize(20000, 0, 7, of: Self.database)
    cluster.mark(20000, .exists, of: Self.database)
    cluster.mark(16390, .removed, of: Self.database)
    cluster.mark(16384, .exists, of: Self.database)
    let (old, new) = ([16384, 16384, 16384, 16390], [16384, 20000])
    let expected: [(RelSizeMigration?, Lsn?, [Int])] = [
      (nil, nil, old), (.legacy, nil, old), (.migrating, Lsn(0x50), old), (.migrating, Lsn(0x200), old),
      (.migrated, Lsn(0x101), old), (.migrated, Lsn(0x100), new), (.migrated, Lsn(0), new),
      (.migrating, nil, old + [20000]), (.migrated, nil, old + [20000]),
    ]
    for (mode, start, relations) in expected {
      let layout = try RelationLayout(mode, migratedAt: start)
      let catalog = cluster.catalog { $0.relationLayout = layout }
      let found = try await catalog.relations(of: Self.database, at: Self.lsn)
      #expect(found.map { Int($0.relation) } == relations, "\(layout)")
      for relation in [16384, 16390, 20000] {
        let exists = try await catalog.relationExists(Self.tag(UInt32(relation)), at: Self.lsn)
        #expect(exists == relations.contains(relation), "\(layout) \(relation)")
      }
    }
    let unknown = formatError { () throws(FormatError) in
      try RelationLayout(RelSizeMigration(rawValue: "later"), migratedAt: nil)
    }
    #expect(unknown?.field == "rel_size_migration")
  }

  @Test func strayKeysAndMarkersOfTheSecondLayoutAreDamage() async throws {
    let stray = Key(0x65, 1663, 5, 16384, 0, 2)
    let entry = Key.relationDirectoryV2(Self.tag(16384))
    for (key, bytes) in [(stray, [0x72]), (entry, [0x73])] as [(Key, [UInt8])] {
      var cluster = ClusterBuilder()
      cluster.values[key] = bytes
      let catalog = cluster.catalog { $0.relationLayout = .union }
      let error = await readError { () async throws(ReadError) in
        try await catalog.relations(of: Self.database, at: Self.lsn)
      }
      guard case .damagedValue(key, Self.lsn, _) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  @Test func whatMustBeThereAndIsNotIsNamed() async throws {
    let missing: [Key] = [
      .databaseDirectory, .relationDirectoryV1(.global), .relationSize(Self.tag(16384, 2)),
      .slruDirectory(.multixactMembers), .slruSegmentSize(SLRUSegment(.transactionStatus, number: 0)),
      .twoPhaseDirectory,
    ]
    for key in missing {
      var cluster = ClusterBuilder()
      cluster.values[key] = nil
      let catalog = cluster.catalog()
      let error = await readError { () async throws(ReadError) in try await catalog.keySpace(at: Self.lsn) }
      guard case .missingKey(let found) = error else {
        Issue.record("\(key): \(String(describing: error))")
        continue
      }
      #expect(found.key == key)
    }
  }

  @Test func damagedValuesAreNamedByTheirKeys() async throws {
    let damaged: [Key] = [
      .databaseDirectory, .relationDirectoryV1(.global), .relationSize(Self.tag(16384, 2)),
      .slruDirectory(.multixactMembers), .slruSegmentSize(SLRUSegment(.transactionStatus, number: 0)),
      .twoPhaseDirectory,
    ]
    for key in damaged {
      var cluster = ClusterBuilder()
      cluster.values[key] = [1, 2]
      let catalog = cluster.catalog()
      let error = await readError { () async throws(ReadError) in try await catalog.keySpace(at: Self.lsn) }
      guard case .damagedValue(key, Self.lsn, _) = error else {
        Issue.record("\(key): \(String(describing: error))")
        continue
      }
    }
  }

  @Test func filesBesideTheRelationsAreRead() async throws {
    var cluster = ClusterBuilder()
    cluster.put(.replicationOrigin(1), ReplicationOriginValue(remoteLsn: Lsn("0/16B5A50")))
    cluster.put(.replicationOrigin(2), ReplicationOriginValue(remoteLsn: .invalid))
    cluster.put(.replicationOrigin(3), ReplicationOriginValue(remoteLsn: nil))
    let catalog = cluster.catalog()
    #expect(
      try await catalog.replicationOrigins(at: Self.lsn) == [ReplicationOrigin(1, remoteLsn: Lsn(0x16b_5a50))]
    )
    #expect(try await catalog.preparedTransactions(at: Self.lsn).transactions == [0xa_0000_02e4])
    #expect(try await catalog.twoPhaseFile(of: 0xa_0000_02e4, at: Self.lsn) == [1, 2, 3])
    #expect(try await catalog.relationMap(of: .global, at: Self.lsn).mappings.count == 20)
    #expect(try await catalog.controlFile(at: Self.lsn).state == .shutDown)
    #expect(try await catalog.checkpoint(at: Self.lsn).nextTransaction == 0x2e8)
    let old = cluster.catalog { $0.pgVersion = 15 }
    #expect(
      await readError { () async throws(ReadError) in try await old.relationMap(of: .global, at: Self.lsn) }
        != nil
    )
    #expect(
      await readError { () async throws(ReadError) in try await old.preparedTransactions(at: Self.lsn) }
        != nil
    )
  }

  @Test func auxFilesFollowPolicyAndTime() async throws {
    var cluster = ClusterBuilder()
    let (a, b) = (AuxFilePath("pg_replslot/a/state"), AuxFilePath("pg_logical/mappings/b"))
    cluster.put(.auxFilesV1, AuxFilesDirectory([AuxFile(a, content: [1])]))
    for path in [a, b] {
      var list = AuxFileList()
      list.update(path, content: [1])
      cluster.put(path.key.key, list)
    }
    let expected: [(PageserverRules, AuxFilePolicy.Meaning?, [AuxFilePath])] = [
      (.march2026, nil, [b, a]), (.march2026, .v1, [b, a]), (.june2024, nil, [a]), (.june2024, .v1, [a]),
      (.june2024, .v2, [b, a]),
    ]
    for (rules, policy, paths) in expected {
      let catalog = cluster.catalog {
        $0.rules = rules
        $0.auxFilePolicy = policy
      }
      #expect(try await catalog.auxFiles(at: Self.lsn).map(\.path) == paths)
    }
    let crossed = { (cluster: ClusterBuilder) in
      cluster.catalog {
        $0.rules = .june2024
        $0.auxFilePolicy = .crossValidation
      }
    }
    let catalog = crossed(cluster)
    let error = await readError { () async throws(ReadError) in try await catalog.auxFiles(at: Self.lsn) }
    guard case .damagedValue(.auxFilesV1, _, let difference) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(difference.expected.contains("pg_logical/mappings/b"))
    cluster.values[b.key.key] = []
    #expect(try await crossed(cluster).auxFiles(at: Self.lsn).map(\.path) == [a])
    cluster.values[.auxFilesV1] = nil
    #expect(try await cluster.catalog { $0.rules = .june2024 }.auxFiles(at: Self.lsn) == [])
  }
}
