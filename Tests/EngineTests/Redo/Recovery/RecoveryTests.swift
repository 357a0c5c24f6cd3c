@testable import Engine
import IndexFormat
import Testing

/// Replay compared with the recovery of a real PostgreSQL, byte for byte, over everything that a cluster holds.
@Suite(.serialized)
struct RecoveryTests {
  struct Variant: CustomTestStringConvertible, Sendable {
    var compression: String
    var writesFullPages: Bool
    var hasChecksums: Bool
    var logsHints = false
    var isLogical = false

    var testDescription: String {
      "\(compression), full pages \(writesFullPages), checksums \(hasChecksums), hints \(logsHints), "
        + "logical \(isLogical)"
    }

    func settings(_ version: PostgresVersion) -> [String] {
      // 14 knows no other way to compress.
      let compression = version == .v14 && self.compression == "pglz" ? "on" : self.compression
      return [
        "wal_compression=\(compression)", "full_page_writes=\(writesFullPages)", "wal_log_hints=\(logsHints)",
        "wal_level=\(isLogical ? "logical" : "replica")",
      ]
    }

    func rules(_ version: PostgresVersion) -> RedoRules {
      RedoRules(
        version: version,
        hasNeonHeapRecords: false,
        stampsClearedVisibilityMap: false,
        logsHintBits: hasChecksums || logsHints
      )
    }
  }

  static let variants = [
    Variant(compression: "off", writesFullPages: true, hasChecksums: false),
    Variant(compression: "pglz", writesFullPages: true, hasChecksums: true),
    Variant(compression: "lz4", writesFullPages: true, hasChecksums: false, logsHints: true),
    Variant(compression: "zstd", writesFullPages: true, hasChecksums: true, isLogical: true),
    Variant(compression: "off", writesFullPages: false, hasChecksums: false),
    Variant(compression: "off", writesFullPages: false, hasChecksums: true),
  ]

  @Test(
    .enabled(if: PostgresPrograms.installed.contains { $0.version == .v15 }, PostgresPrograms.absence),
    arguments: variants
  )
  func everyPageIsThatOfTheServersRecovery(variant: Variant) throws {
    try Self.compare(try #require(PostgresPrograms.installed.first { $0.version == .v15 }), variant)
  }

  private static let others = PostgresPrograms.installed.filter { $0.version != .v15 }

  /// Not with LZ4 and zstd, which not every build has; the rest of the variants is left to the test above.
  @Test(
    .enabled(if: PostgresPrograms.areComplete, PostgresPrograms.absence),
    arguments: others,
    [variants[1], variants[5]]
  )
  func everyPageIsThatOfOtherVersions(server: PostgresPrograms, variant: Variant) throws {
    try Self.compare(server, variant)
  }

  private static func compare(_ server: PostgresPrograms, _ variant: Variant) throws {
    let rules = variant.rules(server.version)
    let cluster = try RecoveryCluster(
      server,
      settings: variant.settings(server.version),
      hasChecksums: variant.hasChecksums
    )
    try cluster.work([RecoveryWorkload.first], crashes: false)
    try cluster.copyBase()
    try cluster.work(RecoveryWorkload.rest, crashes: true)
    let base = try RelationFiles(cluster.base)
    let wal = try cluster.wal()
    // With full pages, images hide much of what was before: the state in between says less.
    let looksTwice = !variant.writesFullPages && !variant.hasChecksums
    for point in looksTwice ? [RecoveryWorkload.middle, RecoveryWorkload.end] : [RecoveryWorkload.end] {
      try cluster.recover(to: point)
      let histories = BlockHistories(wal, from: try cluster.redoStart(), to: point)
      #expect(histories.problems == [])
      let recovered = try RelationFiles(cluster.recovered)
      let comparison = RecoveryComparison(base, recovered, histories, rules, variant.hasChecksums)
      #expect(comparison.wrong == [])
      #expect(comparison.equalCount > 2000 && comparison.untouched > 2000)
      // Not every build has the extension whose index has such records.
      for (name, count) in Self.leastEqual where name != "Generic" || server.version == .v15 {
        #expect(comparison.equal[name, default: 0] >= count, "\(name)")
      }
      if variant.writesFullPages, variant.compression != "off" {
        #expect(histories.compressions.contains { "\($0)" == variant.compression })
      }
      guard point == RecoveryWorkload.end else { continue }
      #expect(Self.operations(server.version).filter { histories.operations[$0] == nil } == [])
      guard looksTwice else { continue }
      // The judge can tell: by the other rule, pages have wrong LSNs.
      var wrong = rules
      wrong.logsHintBits.toggle()
      #expect(!RecoveryComparison(base, recovered, histories, wrong, variant.hasChecksums).wrong.isEmpty)
    }
  }

  /// How many pages at least are compared that records of a resource manager made.
  private static let leastEqual = [
    "Heap": 1500, "Heap2": 1500, "Btree": 100, "Hash": 50, "BRIN": 15, "Generic": 4, "Sequence": 1, "XLOG": 5,
    "clearVisibilityMapFlags": 3, "Gin": 15, "Gist": 15, "SPGist": 15,
  ]

  /// What the workload is there for. Of B-trees, a split of the page below the root that searches begin with and the
  /// deletion that changes that page are missing; of heaps, an update in the same page that makes it anew.
  private static let operations15 = [
    "XLOG/FPI", "Heap/INSERT", "Heap/INSERT+INIT", "Heap/DELETE", "Heap/UPDATE", "Heap/UPDATE+INIT",
    "Heap/HOT_UPDATE", "Heap/HEAP_CONFIRM", "Heap/LOCK", "Heap/INPLACE", "Heap2/PRUNE", "Heap2/VACUUM",
    "Heap2/FREEZE_PAGE", "Heap2/VISIBLE", "Heap2/MULTI_INSERT", "Heap2/MULTI_INSERT+INIT",
    "Heap2/LOCK_UPDATED",
    "Btree/INSERT_LEAF", "Btree/INSERT_UPPER", "Btree/SPLIT_L", "Btree/SPLIT_R", "Btree/INSERT_POST",
    "Btree/DEDUP", "Btree/DELETE", "Btree/UNLINK_PAGE", "Btree/NEWROOT", "Btree/MARK_PAGE_HALFDEAD",
    "Btree/VACUUM", "Btree/META_CLEANUP", "Hash/INIT_META_PAGE", "Hash/INIT_BITMAP_PAGE", "Hash/INSERT",
    "Hash/ADD_OVFL_PAGE", "Hash/SPLIT_ALLOCATE_PAGE", "Hash/SPLIT_PAGE", "Hash/SPLIT_COMPLETE",
    "Hash/MOVE_PAGE_CONTENTS", "Hash/SQUEEZE_PAGE", "Hash/DELETE", "Hash/SPLIT_CLEANUP",
    "Hash/UPDATE_META_PAGE", "Hash/VACUUM_ONE_PAGE", "BRIN/INSERT", "BRIN/INSERT+INIT", "BRIN/UPDATE",
    "BRIN/UPDATE+INIT", "BRIN/SAMEPAGE_UPDATE", "BRIN/REVMAP_EXTEND", "BRIN/DESUMMARIZE", "Sequence/LOG",
    "Generic/Generic", "Storage/TRUNCATE",
  ]

  /// Other versions have other names for some, and 17 has one kind of record for the cleaning of tables.
  private static func operations(_ version: PostgresVersion) -> [String] {
    if version == .v15 { return operations15 }
    let cleaning = ["Heap2/PRUNE", "Heap2/VACUUM", "Heap2/FREEZE_PAGE"]
    let new = ["Heap2/PRUNE_ON_ACCESS", "Heap2/PRUNE_VACUUM_SCAN", "Heap2/PRUNE_VACUUM_CLEANUP"]
    let common = operations15.filter { !cleaning.contains($0) && $0 != "Generic/Generic" }
    return common + (version == .v17 ? new : cleaning)
  }
}
