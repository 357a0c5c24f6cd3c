@testable import Engine
import IndexFormat
import Testing

/// Replay compared with the recovery of a real PostgreSQL 15, byte for byte, over everything that a cluster holds.
@Suite(.enabled(if: RecoveryCluster.isInstalled, RecoveryCluster.absence), .serialized)
struct RecoveryTests {
  struct Variant: CustomTestStringConvertible, Sendable {
    var compression: String
    var writesFullPages: Bool
    var hasChecksums: Bool
    var logsHints = false
    var isLogical = false

    var testDescription: String {
      "\(compression), full pages \(writesFullPages), checksums \(hasChecksums), hints \(logsHints), logical \(isLogical)"
    }

    var settings: [String] {
      [
        "wal_compression=\(compression)", "full_page_writes=\(writesFullPages)", "wal_log_hints=\(logsHints)",
        "wal_level=\(isLogical ? "logical" : "replica")",
      ]
    }

    var rules: RedoRules {
      RedoRules(
        version: .v15,
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

  @Test(arguments: variants)
  func everyPageIsThatOfTheServersRecovery(variant: Variant) throws {
    let cluster = try RecoveryCluster(settings: variant.settings, hasChecksums: variant.hasChecksums)
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
      let comparison = RecoveryComparison(base, recovered, histories, variant.rules, variant.hasChecksums)
      #expect(comparison.wrong == [])
      #expect(Set(comparison.unsupported.keys).isSubset(of: Self.unsupported))
      for (name, count) in Self.leastEqual {
        #expect(comparison.equal[name, default: 0] >= count, "\(name)")
      }
      if variant.writesFullPages, variant.compression != "off" {
        #expect(histories.compressions.contains { "\($0)" == variant.compression })
      }
      guard point == RecoveryWorkload.end else { continue }
      #expect(Self.operations.filter { histories.operations[$0] == nil } == [])
      guard looksTwice else { continue }
      // The judge can tell: by the other rule, pages have wrong LSNs.
      var rules = variant.rules
      rules.logsHintBits.toggle()
      #expect(!RecoveryComparison(base, recovered, histories, rules, variant.hasChecksums).wrong.isEmpty)
    }
  }

  /// Resource managers whose records are not replayed yet; pages that these are among the records of are not compared.
  private static let unsupported: Set<String> = ["Gin", "Gist", "SPGist"]

  /// How many pages at least are compared that records of a resource manager made.
  private static let leastEqual = [
    "Heap": 1500, "Heap2": 1500, "Btree": 100, "Hash": 50, "BRIN": 15, "Generic": 4, "Sequence": 1, "XLOG": 5,
    "clearVisibilityMapFlags": 3,
  ]

  /// What the workload is there for. Of B-trees, a split of the page below the root that searches begin with and the
  /// deletion that changes that page are missing; of heaps, an update in the same page that makes it anew.
  private static let operations = [
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
}
