@testable import Engine
import Foundation
import IndexFormat
import Testing

/// Tenant D of the golden data: its page server had no process to replay records, and gave no page that needs it. A
/// stock PostgreSQL 16 replays the same WAL on the same base backup, and stops at the same places.
///
/// | what | where from |
/// |---|---|
/// | base backup | the first image layers, at 0/2000028, written as a data directory by `BaseBackup` |
/// | its label | the WAL: redo at 0/2000028, the checkpoint at 0/2000060, the end of the backup behind it |
/// | WAL | the segments that the page server was given, and what comes behind its end |
/// | our pages | layers and replay up to 0/3D789A8, where they end; from there our own ingest of the rest |
@Suite(
  .enabled(if: Golden.isPresent, Golden.absence),
  .enabled(if: PostgresPrograms.areComplete, PostgresPrograms.absence)
)
struct GoldenRecoveryTests {
  /// Where recovery stops: all behind a checkpoint, so that the server writes its pages when it ends. With the pages
  /// that are compared there.
  private static let points = [
    ("w1", Lsn(0x379_b0a8), 2690), ("ckpt", Lsn(0x3c4_3e00), 3549), ("bench1", Lsn(0x3d7_5d40), 3598),
    ("multixact", Lsn(0x3d7_89a8), 3599), ("end", Lsn(0x3fd_eed8), 3624),
  ]
  private static let start = Lsn(0x200_0028)
  private static let endOfLayers = Lsn(0x3d7_89a8)

  @Test func everyPageIsThatOfTheRecoveryOfAStockServer() async throws {
    let golden = try GoldenTenant("D")
    let timeline = try #require(TimelineID("b34fca8be01413e3c84cc55ed97043a2"))
    let place = GoldenTenant.Place(shard: .unsharded, timeline: timeline)
    let layers: Timeline = try #require(golden.timelines[place])
    let wal = try #require(GoldenWAL.folders.first { $0.name == "D-main" })
    let grown = try await Self.grow(layers, wal)
    let server = try StockServer(try #require(PostgresPrograms.installed.first { $0.version == .v16 }))
    let backup = BaseBackup(
      try golden.catalog(place),
      at: BackupPoint(Self.start, of: try golden.index(place)),
      kind: .full
    )
    _ = try await backup.write(to: try FolderSink(server.folder.path + "/base", syncs: false))
    try Self.addWAL(wal, to: server)
    for (name, lsn, pageCount) in Self.points {
      try Self.recover(server, to: lsn)
      let ours =
        try lsn <= Self.endOfLayers
        ? GrowingTimeline([], above: layers, redo: #require(layers.redo)) : grown
      let comparison = try await GoldenRecoveryComparison(
        URL(filePath: server.data),
        ours,
        TimelineCatalog(ours, try golden.catalog(place).facts),
        at: lsn
      )
      print("D at \(name): \(comparison)")
      #expect(comparison.wrong == [], "\(name)")
      #expect(comparison.replayedCount + comparison.imageCount == pageCount, "\(name)")
      #expect(comparison.replayedCount > 200, "\(name)")
    }
  }

  /// Ingests what comes behind the layers' end.
  private static func grow(_ layers: Timeline, _ wal: GoldenWAL) async throws -> GrowingTimeline {
    let base = GrowingTimeline([], above: layers, redo: RedoRules(version: .v16))
    let growth = try await TimelineGrowth.begin(above: base, at: endOfLayers, IngestRules(version: .v16))
    try await GoldenIngest.feed(growth, try wal.bytes(), from: wal.segment)
    #expect(growth.lastLsn > Lsn(0x3fd_eed8))
    return growth.timeline()
  }

  /// Makes the copy one that a server recovers from an archive.
  private static func addWAL(_ wal: GoldenWAL, to server: StockServer) throws {
    for file in wal.files {
      let name = String(file.lastPathComponent.prefix(24))
      let bytes = try UnpackedArchive.decompress("pageserver/wal/\(wal.name)/\(file.lastPathComponent)")
      try Data(bytes).write(to: server.folder.appending(path: name))
    }
    let base = server.folder.appending(path: "base")
    let segments = base.appending(path: "pg_wal")
    for name in try FileManager.default.contentsOfDirectory(atPath: segments.path) where name.utf8.count == 24
    {
      try FileManager.default.removeItem(at: segments.appending(path: name))
    }
    let label = """
      START WAL LOCATION: 0/2000028 (file 000000010000000000000002)
      CHECKPOINT LOCATION: 0/2000060
      BACKUP METHOD: streamed
      BACKUP FROM: primary
      START TIMELINE: 1

      """
    try Data(label.utf8).write(to: base.appending(path: "backup_label"))
    try Data().write(to: base.appending(path: "recovery.signal"))
    try server.handOver()
  }

  /// Replays on a copy of the base all records that begin before a place. Nobody is let in.
  private static func recover(_ server: StockServer, to lsn: Lsn) throws {
    let settings = [
      "restore_command='cp \"\(server.folder.path)/%f\" \"%p\"'", "recovery_target_lsn='\(lsn)'",
      "recovery_target_inclusive=off", "recovery_target_action=shutdown", "hot_standby=off",
      "listen_addresses=''", "unix_socket_directories='\(server.folder.path)'", "fsync=off",
      "max_prepared_transactions=10",
    ]
    let lines = settings.map { "echo \"\($0.replacing("\"", with: "\\\""))\"" }.joined(separator: "; ")
    try server.run("rm -rf data; cp -a base data; (\(lines)) >> data/postgresql.conf")
    try server.run("'\(server.programs.folder)/postgres' -D data > log 2>&1 || (cat log; exit 1)")
    let log = try server.log
    #expect(log.contains("recovery stopping before WAL location (LSN) \"\(lsn)\""), "\(log)")
    #expect(log.contains("restartpoint complete"), "\(log)")
  }
}
