@testable import Engine
import IndexFormat
import Testing

/// What becomes of single values, and what is refused.
struct BaseBackupTests {
  private static let lsn = Lsn(0x200_0100)

  /// A small cluster with all of its pages.
  private static func cluster() -> ClusterBuilder {
    var cluster = ClusterBuilder()
    for (relation, fork, count) in [(UInt32(16384), UInt8(0), UInt32(10)), (16384, 1, 3), (16384, 2, 1)] {
      putPages(of: &cluster, ClusterBuilder.database, relation, fork, count)
    }
    putPages(of: &cluster, .global, 1260, 0, 1)
    cluster.values[.controlFile] = control()
    return cluster
  }

  private static func control(segmentSize: UInt32 = 16 << 20, checksums: UInt8 = 0) -> [UInt8] {
    ValueFuzzTests.controlFile { bytes in
      for index in 0..<4 { bytes[228 + index] = UInt8(truncatingIfNeeded: segmentSize >> UInt32(8 * index)) }
      bytes[252] = checksums
    }
  }

  private static func putPages(
    of cluster: inout ClusterBuilder,
    _ database: DatabaseTag,
    _ relation: UInt32,
    _ fork: UInt8,
    _ count: UInt32
  ) {
    let tag = RelationTag(database, relation: relation, fork: RelationFork(fork))
    for block in 0..<count {
      cluster.values[.relationBlock(tag, BlockNumber(block))] = page(block, fork)
    }
  }

  private static func page(_ block: UInt32, _ fork: UInt8) -> [UInt8] {
    [UInt8](repeating: fork &+ 1, count: 8188) + [UInt8(block), 0, 0, 0]
  }

  private static func write(
    _ cluster: ClusterBuilder,
    _ kind: BaseBackup.Kind = .full,
    _ change: (inout BaseBackup) -> Void = { _ in }
  ) async throws -> RecordingSink {
    let sink = try RecordingSink { _ in true }
    var backup = BaseBackup(
      cluster.catalog { $0.rules.listsReplicationOrigins = true },
      at: BackupPoint(lsn),
      kind: kind
    )
    change(&backup)
    _ = try await backup.write(to: sink)
    return sink
  }

  private static func error(_ cluster: ClusterBuilder) async -> String? {
    do {
      _ = try await write(cluster)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func allForksAreFilesOfTheirPages() async throws {
    let contents = try await Self.write(Self.cluster()).contents
    #expect(contents["base/5/16384"] == (0..<10).flatMap { Self.page($0, 0) })
    #expect(contents["base/5/16384_fsm"] == (0..<3).flatMap { Self.page($0, 1) })
    #expect(contents["base/5/16384_vm"] == Self.page(0, 2))
    #expect(contents["base/5/16390"] == [])
    #expect(contents["global/1260"] == Self.page(0, 0))
    #expect(contents["zenith.signal"] == Array("PREV LSN: invalid".utf8))
  }

  @Test func aComputeGetsInitForksAlone() async throws {
    var cluster = Self.cluster()
    cluster.putRelations([(16384, 0, 10), (16400, 0, 2), (16400, 3, 1)], of: ClusterBuilder.database)
    Self.putPages(of: &cluster, ClusterBuilder.database, 16400, 0, 2)
    Self.putPages(of: &cluster, ClusterBuilder.database, 16400, 3, 1)
    for kind in BaseBackup.Kind.allCases {
      let contents = try await Self.write(cluster, kind).contents
      #expect(contents["base/5/16400"] == Self.page(0, 3))
      #expect(contents["base/5/16400_init"] == Self.page(0, 3))
      #expect((contents["base/5/16384"] != nil) == (kind == .full))
    }
  }

  @Test func relationsAreCutIntoFilesOfAGibibyte() {
    let tag = RelationTag(ClusterBuilder.database, relation: 16384)
    let pieces = Array(RelationPieces(RelationSize(tag, blockCount: 300_000), as: tag, limit: 100_000))
    #expect(
      pieces.map(\.blocks) == [
        0..<100_000, 100_000..<131_072, 131_072..<231_072, 231_072..<262_144, 262_144..<300_000,
      ]
    )
    #expect(
      pieces.map(\.path.text) == [
        "base/5/16384", "base/5/16384", "base/5/16384.1", "base/5/16384.1", "base/5/16384.2",
      ]
    )
    #expect(pieces.map(\.isFirst) == [true, false, true, false, true])
    #expect(pieces.map(\.isLast) == [false, true, false, true, true])
    #expect(pieces.map(\.fileBlockCount) == [131_072, 131_072, 131_072, 131_072, 37_856])
    for count in [UInt32(1), 131_072, .max] {
      let all = RelationPieces(RelationSize(tag, blockCount: count), as: tag, limit: 1 << 20)
      #expect(all.reduce(0) { $0 + UInt64($1.blocks.count) } == UInt64(count))
    }
  }

  @Test func pagesGetChecksumsWhereTheClusterHasThem() async throws {
    var cluster = Self.cluster()
    cluster.values[.controlFile] = Self.control(checksums: 1)
    let zeros = RelationTag(ClusterBuilder.database, relation: 16384)
    cluster.values[.relationBlock(zeros, BlockNumber(4))] = [UInt8](repeating: 0, count: 8192)
    let file = try #require(try await Self.write(cluster).contents["base/5/16384"])
    for block in 0..<10 {
      let page = Array(file[block * 8192..<(block + 1) * 8192])
      #expect(PageChecksum.problem(of: page.span.bytes, at: BlockNumber(UInt32(block))) == nil)
    }
    #expect(file[4 * 8192..<5 * 8192].allSatisfy { $0 == 0 })
  }

  @Test func preparedTransactionsHaveOneChecksum() async throws {
    var cluster = Self.cluster()
    let name = "pg_twophase/0000000A000002E4"
    let bare = try #require(try await Self.write(cluster).contents[name])
    #expect(bare.count == 7 && bare.starts(with: [1, 2, 3]))
    // Imported: its length is in its second number.
    let whole: [UInt8] = [1, 2, 3, 4, 12, 0, 0, 0, 9, 9, 9, 9]
    cluster.values[.twoPhaseFile(transaction: 0xa_0000_02e4)] = whole
    #expect(try await Self.write(cluster).contents[name] == whole)
  }

  @Test func slotsAndOriginsAskForSettings() async throws {
    var cluster = Self.cluster()
    let plain = try #require(try await Self.write(cluster).contents["postgresql.conf"])
    #expect(String(decoding: plain, as: UTF8.self).contains("max_prepared_transactions = 1\n"))
    #expect(!String(decoding: plain, as: UTF8.self).contains("wal_level"))
    var state = [UInt8](repeating: 0, count: 200)
    state[80] = 5
    state[96] = 0x77
    let paths = (0..<11).map { "pg_replslot/slot\($0)/state" }
    for path in paths { Self.put(AuxFile(AuxFilePath(path), content: state), in: &cluster) }
    cluster.values[.replicationOrigin(1)] = [UInt8](hex: "00000000016b5a50")
    let contents = try await Self.write(cluster).contents
    let settings = String(decoding: try #require(contents["postgresql.conf"]), as: UTF8.self)
    #expect(settings.contains("max_replication_slots = 11\n") && settings.contains("wal_level = logical\n"))
    #expect(contents["restart.lsn"] == [0x77, 0, 0, 0, 0, 0, 0, 0])
    #expect(
      contents["pg_logical/replorigin_checkpoint"]
        == [UInt8](hex: "deda57120100000000000000505a6b0100000000c7b5320c")
    )
    let replica = try await Self.write(cluster, .compute) { $0.isForReplica = true }
    #expect(!replica.order.contains { $0.hasPrefix("pg_replslot/") || $0 == "restart.lsn" })
  }

  private static func put(_ file: AuxFile, in cluster: inout ClusterBuilder) {
    var list = AuxFileList()
    list.update(file.path, content: file.content)
    cluster.put(file.path.key.key, list)
  }

  @Test func statisticsAreThoseOfACleanShutdown() async throws {
    var cluster = Self.cluster()
    Self.put(AuxFile(AuxFilePath("pg_stat/pgstat.stat"), content: [1]), in: &cluster)
    #expect(try await Self.write(cluster).contents["pg_stat/pgstat.stat"] == nil)
    var checkpoint = try Checkpoint(parsing: [UInt8](hex: ValueFuzzTests.checkpoint).span.bytes)
    checkpoint.redo = Self.lsn
    cluster.put(.checkpoint, checkpoint)
    #expect(try await Self.write(cluster).contents["pg_stat/pgstat.stat"] == [1])
  }

  /// Aux files are what somebody wrote into WAL: none may be what the server obeys, or replace what is made here.
  @Test(arguments: [
    "postgresql.conf", "postgresql.auto.conf", "recovery.signal", "backup_label", "global/pg_control",
    "base/5/16384", "pg_xact/0000", "../outside", "/etc/passwd", "pg_wal/x", "postmaster.pid", "pg_stat",
  ])
  func auxFilesThatAreNoneOfAComputesAreRefused(path: String) async {
    var cluster = Self.cluster()
    Self.put(AuxFile(AuxFilePath(path), content: [1]), in: &cluster)
    let error = await Self.error(cluster)
    #expect(error?.contains("aux file") == true || error?.contains("path") == true, "\(error ?? "none")")
  }

  @Test func whatCannotBePartOfADirectoryIsRefused() async throws {
    let first = RelationTag(ClusterBuilder.database, relation: 16384)
    let changes: [(String, (inout ClusterBuilder) -> Void)] = [
      ("no value for key", { $0.values[.relationBlock(first, BlockNumber(7))] = nil }),
      ("8191 bytes", { $0.values[.relationBlock(first, BlockNumber(7))]?.removeLast() }),
      ("no value for key", { $0.values[.checkpoint] = nil }),
      ("xlog_seg_size", { $0.values[.controlFile] = Self.control(segmentSize: 12345) }),
      ("crc", { $0.values[.controlFile]?[100] ^= 1 }),
      ("fork of 1663/5/16384", { $0.putRelations([(16384, 9, 0)], of: ClusterBuilder.database) }),
      ("tablespace", { Self.putUserTablespace(in: &$0) }),
      (
        "at most 32",
        { $0.put(.slruSegmentSize(SLRUSegment(.multixactOffsets, number: 0)), BlockCountValue(33)) }
      ),
    ]
    for (text, change) in changes {
      var cluster = Self.cluster()
      change(&cluster)
      let error = await Self.error(cluster)
      #expect(error?.contains(text) == true, "\(text): \(error ?? "none")")
    }
  }

  /// A further database in a tablespace of a user.
  private static func putUserTablespace(in cluster: inout ClusterBuilder) {
    let database = DatabaseTag(tablespace: 20000, database: 5)
    cluster.putRelations([(16384, 0, 0)], of: database)
    cluster.put(
      .databaseDirectory,
      DatabaseDirectory([
        .init(ClusterBuilder.database, hasRelationMap: true), .init(.global, hasRelationMap: true),
        .init(database, hasRelationMap: false),
      ])
    )
  }

  /// Shards that hold their own pages alone give the same together.
  @Test(arguments: [2, 4])
  func shardsTogetherGiveTheWhole(count: Int) async throws {
    let cluster = Self.cluster()
    let stripe = try #require(StripeSize(pages: 2))
    let shards = (0..<count).map { number in
      MemoryValueSource(
        cluster.values.filter {
          Int(ShardIdentity.owner(of: $0.key, count: UInt8(count), stripeSize: stripe)) == number
        }
      )
    }
    let union = try #require(ShardUnion(shards, stripeSize: stripe))
    let sink = try RecordingSink()
    let catalog = TimelineCatalog(union, ClusterBuilder.facts)
    _ = try await BaseBackup(catalog, at: BackupPoint(Self.lsn), kind: .full).write(to: sink)
    #expect(sink.files == (try await Self.write(cluster).files))
    #expect(ShardUnion([], stripeSize: stripe) == nil)
  }
}
