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
    try cluster.recover(to: RecoveryWorkload.end)
    let histories = BlockHistories(try cluster.wal(), from: try cluster.redoStart(), to: RecoveryWorkload.end)
    #expect(histories.problems == [])
    let comparison = RecoveryComparison(
      try RelationFiles(cluster.base),
      try RelationFiles(cluster.recovered),
      histories,
      variant.rules,
      hasChecksums: variant.hasChecksums
    )
    #expect(comparison.wrong == [])
    print(
      variant.testDescription,
      comparison.equal,
      comparison.untouched,
      comparison.zeros,
      comparison.freeSpaceMap,
      comparison.unsupported
    )
  }
}
