@testable import Engine
import Foundation
import IndexFormat
import Testing

/// The way round, for each version of PostgreSQL: a cluster works and crashes, its base and its WAL become a timeline,
/// that becomes a data directory, and a server that starts from it has the rows that the cluster has when it has
/// recovered.
@Suite(.enabled(if: PostgresPrograms.areComplete, PostgresPrograms.absence), .serialized)
struct GrownServerTests {
  private static let user = "scrubber"

  @Test(arguments: PostgresPrograms.installed)
  func aTimelineGrownFromWALBecomesTheClusterAgain(_ programs: PostgresPrograms) async throws {
    let cluster = try RecoveryCluster(programs, settings: [], hasChecksums: programs.version == .v16)
    try cluster.work([RecoveryWorkload.first], crashes: false)
    try cluster.copyBase()
    try cluster.work(RecoveryWorkload.rest, crashes: true)
    let growth = try await Self.grow(cluster, programs.version)
    let catalog = TimelineCatalog(
      growth.timeline(),
      TimelineFacts(shard: .unsharded(), pgVersion: UInt32(programs.version.major))
    )

    let server = try StockServer(programs)
    let backup = BaseBackup(catalog, at: BackupPoint(growth.lastLsn), kind: .full)
    let summary = try await backup.write(to: try FolderSink(server.data, syncs: false))
    try server.handOver()
    try server.start()
    let log = try server.log
    #expect(log.contains("database system was shut down at") && !log.contains("redo starts"))
    let rows = try server.rows(user: Self.user)
    let check = try server.amcheck(user: Self.user)
    #expect(check.isEmpty, "\(check.prefix(2000))")
    try server.stop()

    // The cluster itself recovers from its crash.
    let source = try StockServer(programs)
    try FileManager.default.copyItem(at: cluster.data, to: URL(filePath: source.data))
    try source.handOver()
    try source.start()
    #expect(try source.log.contains("redo done at"))
    let expected = try source.rows(user: Self.user)
    try source.stop()
    #expect(expected.rowCount > 10_000)
    #expect(rows.differences(from: expected) == [])
    print("\(programs): \(summary.pageCount) pages, \(rows.tableCount) tables, \(rows.rowCount) rows")
  }

  private static func grow(_ cluster: RecoveryCluster, _ version: PostgresVersion) async throws
    -> TimelineGrowth
  {
    // In the archive, all is below ".".
    try cluster.shell("tar -c -f base.tar -C base .")
    let archive = [UInt8](try Data(contentsOf: cluster.folder.appending(path: "base.tar")))
    let start = try cluster.redoStart()
    let rules = IngestRules(version: version, hasNeonHeapRecords: false)
    let backup = try BaseBackupImport(try .archive(archive), rules, at: start)
    let redo = RedoRules(version: version, hasNeonHeapRecords: false)
    let source = GrowingTimeline([try backup.values()], above: nil, redo: redo)
    let growth = try await TimelineGrowth.begin(above: source, at: start, rules)
    let wal = try cluster.wal()
    try await GoldenIngest.feed(growth, wal.bytes, from: wal.start)
    return growth
  }
}
