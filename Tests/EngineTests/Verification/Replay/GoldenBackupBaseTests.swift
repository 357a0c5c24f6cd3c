@testable import Engine
import Foundation
import IndexFormat
import Testing

/// Timelines of real page servers against what their own full backups and their WAL lead to.
@Suite(.enabled(if: Golden.isPresent, Golden.absence), .serialized)
struct GoldenBackupBaseTests {
  /// A full backup of a golden timeline at an LSN, in a folder or an archive.
  private static func backUp(_ replay: GoldenReplay, at lsn: Lsn, to folder: TemporaryFolder) async throws
    -> [ClusterFiles]
  {
    let catalog = TimelineCatalog(replay.timeline, replay.facts)
    let backup = BaseBackup(catalog, at: BackupPoint(lsn), kind: .full)
    let (data, archive) = ("\(folder.path)/data", "\(folder.path)/data.tar")
    _ = try await backup.write(to: try FolderSink(data, syncs: false))
    let sink = TarSink(open(archive, O_WRONLY | O_CREAT, 0o600), path: archive, time: 0)
    _ = try await backup.write(to: sink)
    return [try .folder(at: data), try .archive(at: archive)]
  }

  @Test func aFullBackupIsABase() async throws {
    let replay = try GoldenReplay(try #require(GoldenIngestTests.cases.first))
    let folder = try TemporaryFolder()
    let point = try #require(replay.oracle.first { $0.lsn > replay.start && $0.lsn < replay.golden.end })
    for files in try await Self.backUp(replay, at: point.lsn, to: folder) {
      let origin = try BackupOrigin(files)
      print("backup at", point.lsn, "start", origin.start, "files", files.files.count)
      #expect(origin.isOfKeySpace && !origin.isOfRunningServer)
      let draft = BackupBase.Draft(
        files,
        origin,
        replay.golden.rules,
        RedoRules(version: origin.version),
        tenant: replay.timeline.tenant,
        timeline: replay.timeline.id,
        cacheByteCount: 8 << 20,
        runByteCount: 4 << 20
      )
      let base = try await BackupBase.make(draft, replay.wal, before: replay.golden.end, scratchBelow: folder.path)
      let plan = ReplayPlan(
        of: replay.timeline,
        from: base.values,
        at: base.start,
        to: replay.golden.end,
        replay.golden.rules,
        trust: base.trust,
        runByteCount: 4 << 20
      )
      let replayed = try await ReplayedTimeline.make(plan, replay.wal, scratchBelow: replay.scratch.path)
      #expect(replayed.end == replay.golden.end && replayed.obstacle == nil)
      let result = try await replay.verify(replayed).all
      for finding in result.findings.prefix(40) {
        print(finding.code.rawValue, finding.message, finding.seen ?? "", finding.expected ?? "", finding.lsn ?? .invalid)
      }
      #expect(result.findings.isEmpty && result.coverage.addsUp)
      print(result.coverage)
    }
  }
}
