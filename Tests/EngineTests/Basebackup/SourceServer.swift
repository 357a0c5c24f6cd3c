import Engine
import Foundation
import IndexFormat
import Synchronization
import Testing

/// The clusters that golden tenants were made of, as they were at a place in their WAL: a stock server recovers a base
/// backup up to there, with nothing of ours in between, and then lets us in.
enum SourceServer {
  /// What recovery begins with.
  enum Base {
    /// A base backup of the cluster: below the golden folder.
    case archive(String)
    /// The first image layers of a tenant, which page servers made of a base backup, as `BaseBackup` writes them.
    case layers(tenant: String, timeline: String)
  }

  struct Cluster {
    var base: Base
    var version: PostgresVersion
    /// Folders with WAL. Of a segment that several have, the last one's counts.
    var wal: [String]
  }

  /// Of all golden clusters.
  static let user = "cloud_admin"
  private static let start = Lsn(0x200_0028)

  /// The source of a point such as `A.dev@fend`; nil where there is none that a stock server can recover: WAL of Neon's
  /// computes, and of tenants that share that of another one.
  static func cluster(of point: String) -> Cluster? {
    let letter = point.prefix(1)
    let isOfFork = point.hasPrefix("A.dev") || point.hasPrefix("A.grand")
    switch letter {
    case "A", "B", "I":
      // B and I were given the WAL of A.
      let wal = isOfFork ? ["A-main", "A-fork"] : ["A-main"]
      return Cluster(base: .archive("pageserver/base/A.base.tar.zst"), version: .v17, wal: wal)
    case "D":
      let base = Base.layers(tenant: "D", timeline: "b34fca8be01413e3c84cc55ed97043a2")
      return Cluster(base: base, version: .v16, wal: ["D-main"])
    case "H":
      let base = Base.layers(tenant: "H", timeline: "9f8ce30251307c5e732fff2407921b58")
      return Cluster(base: base, version: .v17, wal: ["H-main"])
    default: return nil
    }
  }

  private static let known = Mutex<[String: TableRows]>([:])

  /// What the tables of the source held; recovered once for each place.
  static func rows(of cluster: Cluster, at lsn: Lsn) async throws -> TableRows {
    let name = "\(cluster.version) \(cluster.wal) \(lsn)"
    if let rows = known.withLock({ $0[name] }) { return rows }
    let server = try StockServer(
      try #require(PostgresPrograms.installed.last { $0.version == cluster.version })
    )
    try await writeBase(cluster.base, to: server)
    try prepare(server, cluster.wal, upTo: lsn)
    try server.start()
    // pg_ctl takes a server that recovers for one that has started; nobody is let in before recovery has ended.
    try server.run(
      "for i in $(seq 600); do '\(server.programs.folder)/pg_isready' -q -h '\(server.folder.path)' && exit 0; "
        + "sleep 0.2; done; exit 1"
    )
    let log = try server.log
    #expect(log.contains("recovery stopping before WAL location (LSN) \"\(lsn)\""), "\(log)")
    let rows = try server.rows(user: user)
    try server.stop()
    known.withLock { $0[name] = rows }
    return rows
  }

  private static func writeBase(_ base: Base, to server: StockServer) async throws {
    switch base {
    case .archive(let path):
      let folder = URL(filePath: server.data)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
      try Golden.unpack(path, into: folder)
    case .layers(let tenant, let timeline):
      let golden = try GoldenTenant(tenant)
      let place = GoldenTenant.Place(shard: .unsharded, timeline: try #require(TimelineID(timeline)))
      let backup = BaseBackup(
        try golden.catalog(place),
        at: BackupPoint(start, of: try golden.index(place)),
        kind: .full
      )
      _ = try await backup.write(to: try FolderSink(server.data, syncs: false))
      let segments = URL(filePath: server.data).appending(path: "pg_wal")
      for name in try FileManager.default.contentsOfDirectory(atPath: segments.path)
      where name.utf8.count == 24 {
        try FileManager.default.removeItem(at: segments.appending(path: name))
      }
      // Of all base backups the same, but that 17 begins a checkpoint with a record of its own.
      let checkpoint = server.programs.version == .v17 ? "0/2000080" : "0/2000060"
      let label = """
        START WAL LOCATION: \(start) (file 000000010000000000000002)
        CHECKPOINT LOCATION: \(checkpoint)
        BACKUP METHOD: streamed
        BACKUP FROM: primary
        START TIMELINE: 1

        """
      try Data(label.utf8).write(to: URL(filePath: server.data).appending(path: "backup_label"))
    }
  }

  /// The archive, settings of ours alone, and the wish to recover all records that begin before a place.
  private static func prepare(_ server: StockServer, _ wal: [String], upTo lsn: Lsn) throws {
    for name in wal {
      let folder = try #require(GoldenWAL.folders.first { $0.name == name })
      for file in folder.files {
        let bytes = try UnpackedArchive.decompress("pageserver/wal/\(name)/\(file.lastPathComponent)")
        let segment = String(file.lastPathComponent.prefix(24))
        try Data(bytes).write(to: server.folder.appending(path: segment))
      }
    }
    let settings = [
      "restore_command = 'cp \"\(server.folder.path)/%f\" \"%p\"'", "recovery_target_lsn = '\(lsn)'",
      "recovery_target_inclusive = off", "recovery_target_action = promote", "hot_standby = off",
      "fsync = off", "autovacuum = off", "max_prepared_transactions = 10", "max_replication_slots = 10",
      "wal_level = logical",
    ]
    let data = URL(filePath: server.data)
    for (name, lines) in [
      ("postgresql.conf", settings), ("postgresql.auto.conf", []), ("recovery.signal", []),
      ("pg_hba.conf", ["local all all trust"]), ("pg_ident.conf", []),
    ] {
      let text = lines.map { $0 + "\n" }.joined()
      try Data(text.utf8).write(to: data.appending(path: name))
    }
    try server.handOver()
    try server.run("chmod 700 '\(server.data)'")
  }
}
