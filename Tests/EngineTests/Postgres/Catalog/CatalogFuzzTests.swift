import Engine
import IndexFormat
import Testing

/// Catalogs of clusters with damaged values: an answer or an error, never a trap, and never a long wait.
struct CatalogFuzzTests {
  /// Bytes that a damaged number may make.
  private static let extremes: [[UInt8]] = [
    [], [0xff, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0x7f], [0, 0, 0, 0], [UInt8](repeating: 0xff, count: 8),
    [UInt8](repeating: 0, count: 8), [UInt8](repeating: 0xff, count: 8200),
    [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
  ]

  private static func cluster() -> ClusterBuilder {
    var cluster = ClusterBuilder()
    cluster.mark(20000, .exists, of: ClusterBuilder.database)
    cluster.putSize(20000, 0, 2, of: ClusterBuilder.database)
    cluster.put(.auxFilesV1, AuxFilesDirectory([AuxFile(AuxFilePath("a"), content: [1])]))
    var list = AuxFileList()
    list.update(AuxFilePath("a"), content: [1])
    cluster.put(AuxFileKey(path: "a").key, list)
    cluster.put(.replicationOrigin(1), ReplicationOriginValue(remoteLsn: Lsn(8)))
    return cluster
  }

  @Test func extremeValuesOfEachKeyAreAnsweredOrRefused() async {
    let whole = Self.cluster()
    for key in whole.values.keys {
      for bytes in Self.extremes {
        var cluster = whole
        cluster.values[key] = bytes
        await Self.askEverything(cluster)
      }
    }
  }

  @Test func randomDamageIsAnsweredOrRefused() async {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    let whole = Self.cluster()
    let keys = whole.values.keys.sorted()
    for _ in 0..<Fuzzing.count(percent: 1) / 4 {
      var cluster = whole
      for _ in 0...generator.below(3) {
        let key = keys[generator.below(keys.count)]
        switch generator.below(8) {
        case 0: cluster.values[key] = nil
        case 1: cluster.values[key] = Self.extremes[generator.below(Self.extremes.count)]
        default: cluster.values[key] = Fuzzing.mutate(cluster.values[key] ?? [], &generator)
        }
      }
      await Self.askEverything(cluster)
    }
  }

  private static func askEverything(_ cluster: ClusterBuilder) async {
    for (rules, layout) in [(PageserverRules.march2026, .first), (.june2024, .union)] as [(_, RelationLayout)]
    {
      let catalog = cluster.catalog {
        $0.rules = rules
        $0.relationLayout = layout
        $0.auxFilePolicy = .crossValidation
      }
      await ask(catalog)
    }
  }

  private static func ask(_ catalog: TimelineCatalog) async {
    let lsn = Lsn(0x100)
    if let keys = try? await catalog.keySpace(at: lsn) {
      for range in keys.dense.ranges { #expect(range.start <= range.end) }
      for (left, right) in zip(keys.dense.ranges, keys.dense.ranges.dropFirst()) {
        #expect(left.end < right.start)
      }
    }
    // Only that they come back counts.
    _ = try? await catalog.logicalByteCount(at: lsn)
    _ = try? await catalog.databaseByteCount(5, at: lsn)
    _ = try? await catalog.blockCount(of: RelationTag(ClusterBuilder.database, relation: 16384), at: lsn)
    _ = try? await catalog.auxFiles(at: lsn)
    _ = try? await catalog.replicationOrigins(at: lsn)
    _ = try? await catalog.controlFile(at: lsn)
    _ = try? await catalog.checkpoint(at: lsn)
    _ = try? await catalog.relationMap(of: .global, at: lsn)
    _ = try? await catalog.commitTime(at: lsn)
    _ = try? await catalog.lsn(of: PostgresTimestamp(microseconds: 5), from: Lsn(0), to: lsn)
  }
}
