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

  private static func base(_ replay: GoldenReplay, _ files: ClusterFiles, _ folder: TemporaryFolder)
    async throws
    -> BackupBase
  {
    let origin = try BackupOrigin(files)
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
    return try await BackupBase.make(draft, replay.wal, before: replay.golden.end, scratchBelow: folder.path)
  }

  private static func middle(_ replay: GoldenReplay) throws -> Lsn {
    try #require(replay.oracle.first { $0.lsn > replay.start && $0.lsn < replay.golden.end }).lsn
  }

  @Test func aFullBackupIsABase() async throws {
    let replay = try GoldenReplay(try #require(GoldenIngestTests.cases.first))
    let folder = try TemporaryFolder()
    let archive = try #require(try await Self.backUp(replay, at: try Self.middle(replay), to: folder).last)
    let base = try await Self.base(replay, archive, folder)
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
    #expect(result.findings.map { "\($0.message) \($0.seen ?? "") \($0.expected ?? "")" } == [])
    #expect(result.coverage.addsUp && result.coverage.values.skipped.isEmpty)
    #expect(result.coverage.values.checked > 8000 && result.coverage.keys.checked > 10_000)
    #expect(result.coverage.keys.skipped.keys.sorted() == [.notInBackup])
    #expect(result.coverage.keys.skipped[.notInBackup] ?? 0 < 50)
  }

  /// A full backup can be of an LSN within a record.
  @Test func theRecordBehindABackupIsFoundFromAnyLsn() async throws {
    let replay = try GoldenReplay(try #require(GoldenIngestTests.cases.first))
    var places: [WALReader.Place] = []
    _ = try replay.golden.wal.read { place, _ in
      if place.start > replay.start, place.end < replay.golden.end { places.append(place) }
    }
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    let size = WALSegmentSize.standard
    for _ in 0..<8 {
      let index = 1 + generator.below(places.count - 1)
      let (before, place) = (places[index - 1], places[index])
      // The search begins with the segment.
      guard size.segment(of: before.start) == size.segment(of: place.end) else { continue }
      for lsn in [place.start, Lsn(place.start.value + 8), Lsn(place.end.value - 8)] {
        let version = replay.golden.version
        let found = try await BackupPlaces.record(behind: lsn, replay.wal, version, before: replay.golden.end)
        #expect(found == place.start, "\(lsn)")
      }
      let next = try await BackupPlaces.record(
        behind: place.end,
        replay.wal,
        replay.golden.version,
        before: replay.golden.end
      )
      #expect(next == places[safe: index + 1]?.start ?? next)
    }
  }

  /// What an import has that the key space has not, the other way round, or otherwise: how often, and what is said of
  /// it.
  @Test func everyDifferenceToTheKeySpaceIsKnown() async throws {
    let replay = try GoldenReplay(try #require(GoldenIngestTests.cases.first))
    let folder = try TemporaryFolder()
    let lsn = try Self.middle(replay)
    let backup = try #require(try await Self.backUp(replay, at: lsn, to: folder).first)
    let base = try await Self.base(replay, backup, folder)
    #expect(base.start >= lsn)
    let theirs = try await Self.values(replay.timeline, replay.facts, lsn)
    let ours = try await Self.values(base.values, replay.facts, base.start)
    var counts: [String: Int] = [:]
    for (key, value) in theirs {
      guard let own = ours[key] else {
        #expect(!base.trust.tells(key), "\(KeyClass(key))")
        counts["\(Self.kind(key)) is not there", default: 0] += 1
        continue
      }
      if ComparedValue.areEqualImages(key, value.span.bytes, own.span.bytes) { continue }
      let agreement = base.trust.agreement(key, value.span.bytes, own.span.bytes, imageLsn: base.start)
      #expect(agreement != .different, "\(KeyClass(key))")
      counts["\(Self.kind(key)) is \(agreement == .same ? "the same" : "other")", default: 0] += 1
    }
    for key in ours.keys where theirs[key] == nil {
      #expect(!base.trust.tells(key), "\(KeyClass(key))")
      counts["\(Self.kind(key)) is too many", default: 0] += 1
    }
    #expect(ours.count > 3000)
    #expect(
      counts == [
        // What its files do not tell.
        "aux file is not there": 3, "replication origin 1 is not there": 1,
        // The main forks of unlogged relations, a table and its index: a server wants them empty.
        "relation 1663/5/16444 size is too many": 1, "relation 1663/5/16447 size is too many": 1,
        "relation 1663/5/16447 block 0 is too many": 1, "relation directory of 1663/5 is the same": 1,
        // What `fullbackup` sets, and what was never updated.
        "checkpoint is the same": 1, "control file is other": 1,
        // Without the commit time, and with a checksum.
        "SLRU pg_xact segment 0000 block 0 is the same": 1, "prepared transaction 792 is the same": 1,
      ]
    )
  }

  private static func kind(_ key: Key) -> String {
    let words = "\(KeyClass(key))"
    return words.hasPrefix("aux file") ? "aux file" : words
  }

  private static func values(_ source: any ValueSource, _ facts: TimelineFacts, _ lsn: Lsn) async throws
    -> [Key: [UInt8]]
  {
    let keys = try await TimelineCatalog(source, facts).keySpace(at: lsn)
    var values: [Key: [UInt8]] = [:]
    for part in keys.dense.keySpace.parts(of: 1024) + keys.sparse.map({ KeySpace($0) }) {
      for value in try await source.values(of: part, at: lsn)
      where !(value.key.isSparse && value.bytes.isEmpty) {
        values[value.key] = value.bytes
      }
    }
    return values
  }
}

extension Array {
  fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
