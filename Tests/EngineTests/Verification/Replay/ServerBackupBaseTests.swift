@testable import Engine
import Foundation
import IndexFormat
import Testing

/// A timeline that was grown from a cluster's WAL, against base backups that PostgreSQL itself made of the cluster.
@Suite(.enabled(if: PostgresPrograms.areComplete, PostgresPrograms.absence), .serialized)
struct ServerBackupBaseTests {
  /// A cluster that worked while it was backed up, and the timeline of all its WAL.
  final class Grown {
    let cluster: RecoveryCluster
    let folder: TemporaryFolder
    let version: PostgresVersion
    let rules: IngestRules
    let redo: RedoRules
    let wal: MemoryWAL
    let end: Lsn
    let timeline: Timeline

    init(_ programs: PostgresPrograms) async throws {
      version = programs.version
      cluster = try RecoveryCluster(programs, settings: [], hasChecksums: version == .v16)
      folder = try TemporaryFolder()
      rules = IngestRules(version: version, hasNeonHeapRecords: false)
      redo = RedoRules(version: version, hasNeonHeapRecords: false)
      try cluster.work([RecoveryWorkload.first], crashes: false)
      try cluster.copyBase()
      try cluster.run(crashes: true) { [cluster] in
        try cluster.query("create unlogged table passing as select generate_series(1, 5000) x")
        try cluster.query("create index on passing (x); create temporary table gone as select 1 x")
        let backup =
          "\(RecoveryCluster.asUser)\(programs.folder)/pg_basebackup -h '\(cluster.folder.path)'"
          + " -U scrubber -D backup -Ft -X none -c fast --max-rate=12M --no-sync"
        try cluster.shell("(\(backup) > backup.log 2>&1; echo $? > backup.done) < /dev/null &")
        for script in RecoveryWorkload.rest { try cluster.query(script) }
        try cluster.shell(
          "while [ ! -s backup.done ]; do sleep 0.1; done; cat backup.log; exit $(cat backup.done)"
        )
        try cluster.query(
          "create table later as select generate_series(1, 20000) x; delete from later where x % 3 = 0"
        )
        try cluster.query("vacuum later; insert into passing values (1); checkpoint; drop table passing")
      }
      let all = try cluster.wal()
      wal = MemoryWAL(segmentSize: .standard, start: all.start, bytes: all.bytes)
      let start = try cluster.redoStart()
      let layers = GrownLayers(
        root: folder.path,
        tenant: GrownReplay.tenant,
        shard: .unsharded(),
        timeline: GrownReplay.id,
        generation: .valid(1),
        redo: redo
      )
      _ = try layers.write(try BaseBackupImport(try .folder(at: cluster.base.path), rules, at: start))
      let growth = try await TimelineGrowth.begin(
        above: GrowingTimeline([], above: layers.timeline(), redo: redo),
        at: start,
        rules
      )
      growth.destination = layers
      try await GoldenIngest.feed(growth, all.bytes, from: all.start)
      try await growth.flush()
      end = growth.lastLsn
      timeline = layers.timeline()
    }

    /// The archive with a bit flipped in a row of `pg_proc`.
    func flippedArchive(_ path: String) throws -> ClusterFiles {
      var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
      let file = try #require(try ClusterFiles.archive(bytes).files.first { $0.path == "base/5/1255" })
      bytes[Int(file.offset) + 10 * 8192 + 8100] ^= 8
      return try .archive(bytes)
    }

    func base(_ files: ClusterFiles) async throws -> BackupBase {
      let draft = BackupBase.Draft(
        files,
        try BackupOrigin(files),
        rules,
        redo,
        tenant: GrownReplay.tenant,
        timeline: GrownReplay.id,
        cacheByteCount: 8 << 20,
        runByteCount: 4 << 20
      )
      return try await BackupBase.make(draft, wal, before: end, scratchBelow: folder.path)
    }

    func verify(_ base: BackupBase) async throws -> VerificationResult {
      let plan = ReplayPlan(
        of: timeline,
        from: base.values,
        at: base.start,
        to: end,
        rules,
        trust: base.trust
      )
      let replayed = try await ReplayedTimeline.make(plan, wal, scratchBelow: folder.path)
      #expect(replayed.end == end && replayed.obstacle == nil)
      let facts = TimelineFacts(shard: .unsharded(), pgVersion: UInt32(version.major))
      return try await ReplayCheck.make(replayed, against: timeline, facts, history: .invalid).runAll().all
    }
  }

  @Test(arguments: PostgresPrograms.installed)
  func aBackupOfARunningServerIsABaseFromItsEndOn(_ programs: PostgresPrograms) async throws {
    let grown = try await Grown(programs)
    let archive = grown.cluster.folder.appending(path: "backup/base.tar").path
    let base = try await grown.base(try .archive(at: archive))
    let origin = try BackupOrigin(try .archive(at: archive))
    #expect(origin.isOfRunningServer && base.start > origin.start && base.start < grown.end)
    let result = try await grown.verify(base)
    #expect(result.findings.map { "\($0.message) \($0.seen ?? "") \($0.expected ?? "")" } == [])
    #expect(result.coverage.addsUp)
    let (values, keys) = (result.coverage.values, result.coverage.keys)
    #expect(values.skipped.merging(keys.skipped, uniquingKeysWith: +).keys.allSatisfy { $0 == .notInBackup })
    #expect(values.skippedSum < 20 && keys.skippedSum < 20)
    #expect(result.coverage.values.checked > 1000 && result.coverage.keys.checked > 3000)
    // A row of a table that nobody changed since.
    let damaged = try await grown.verify(try await grown.base(try grown.flippedArchive(archive)))
    #expect(damaged.findings.map(\.code) == [.replayValueDiffers], "\(damaged.findings.map(\.message))")
    #expect(
      damaged.findings.first?.message.contains("/1255 block 10") == true,
      "\(damaged.findings.map(\.message))"
    )
  }

  @Test(arguments: PostgresPrograms.installed.prefix(1))
  func aServerThatWasShutDownIsABase(_ programs: PostgresPrograms) async throws {
    let grown = try await Grown(programs)
    let base = try await grown.base(try .folder(at: grown.cluster.base.path))
    let result = try await grown.verify(base)
    #expect(result.findings.isEmpty && result.coverage.addsUp)
    #expect(result.coverage.values.checked > 1000 && result.coverage.keys.checked > 3000)
    // As it was killed it fits together nowhere.
    let error = #expect(throws: BaseBackupError.self) {
      try BackupOrigin(try .folder(at: grown.cluster.data.path))
    }
    #expect(error.map { "\($0)".contains("not shut down") } == true)
  }
}
