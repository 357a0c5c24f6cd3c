import IndexFormat

/// A base backup as what a replay begins with: image layers in a folder of its own, and of a running server's backup
/// what WAL made of it until the backup ended. As long as it is there, so is its folder.
///
/// Files of a running server are copied one after the other while it works: a page may be newer than the LSN where WAL
/// goes on. What WAL changed meanwhile it makes anew, as every page's first change is logged with all of it. So nothing
/// is compared before the backup's end, and from there on the base counts.
public final class BackupBase: Sendable {
  public let values: GrowingTimeline
  /// Where the base stands.
  public let start: Lsn
  public let trust: BackupTrust
  private let scratch: ReplayScratch
  private let settled: ReplayedTimeline?

  private init(
    _ values: GrowingTimeline,
    at start: Lsn,
    _ trust: BackupTrust,
    _ scratch: ReplayScratch,
    _ settled: ReplayedTimeline?
  ) {
    self.values = values
    self.start = start
    self.trust = trust
    self.scratch = scratch
    self.settled = settled
  }

  /// Why there is no base. Indirect, as it crosses many an `await`.
  public indirect enum Failure: Error, Sendable {
    case backup(BaseBackupError)
    case replay(ReplayFailure)
    case wal(WALSourceError)
    /// In words: why WAL does not lead to the backup's end.
    case unsettled(String)
  }

  /// What to make a base of, and how.
  public struct Draft: Sendable {
    public var files: ClusterFiles
    public var origin: BackupOrigin
    /// With the shard that is to begin with it.
    public var rules: IngestRules
    public var redo: RedoRules
    public var tenant: TenantID
    public var timeline: TimelineID
    /// Bytes of layers that are kept in memory for reading.
    public var cacheByteCount: Int
    /// Bytes of values of WAL that are held before they are written.
    public var runByteCount: UInt64

    public init(
      _ files: ClusterFiles,
      _ origin: BackupOrigin,
      _ rules: IngestRules,
      _ redo: RedoRules,
      tenant: TenantID,
      timeline: TimelineID,
      cacheByteCount: Int,
      runByteCount: UInt64
    ) {
      self.files = files
      self.origin = origin
      self.rules = rules
      self.redo = redo
      self.tenant = tenant
      self.timeline = timeline
      self.cacheByteCount = cacheByteCount
      self.runByteCount = runByteCount
    }
  }

  /// - Parameters:
  ///   - wal: read for a running server's backup alone.
  ///   - end: up to where the backup's end is looked for.
  ///   - folder: where a folder for the layers may be made, which take about as much room as the backup.
  public static func make(
    _ draft: Draft,
    _ wal: any WALSource,
    before end: Lsn,
    scratchBelow folder: String
  ) async throws(Failure) -> BackupBase {
    let isRunning = draft.origin.isOfRunningServer
    var first = draft.origin.start
    if draft.origin.isOfKeySpace, !isRunning { first = try await recordStart(draft, wal, before: end) }
    let consistent = isRunning ? try await settledEnd(draft, wal, before: end) : nil
    let scratch: ReplayScratch
    do throws(SystemError) {
      scratch = try ReplayScratch(below: folder)
    } catch {
      throw .replay(.scratch(error))
    }
    let (imported, notes) = try importLayers(draft, at: first, root: scratch.path)
    let start = consistent ?? first
    let trust = BackupTrust(
      notes,
      at: start,
      isOfKeySpace: draft.origin.isOfKeySpace,
      shard: draft.rules.shard.index
    )
    guard consistent != nil else { return BackupBase(imported, at: start, trust, scratch, nil) }
    let settled = try await settle(draft, imported, wal, to: start, folder)
    return BackupBase(settled.values, at: start, trust, scratch, settled)
  }

  private static func settledEnd(
    _ draft: Draft,
    _ wal: any WALSource,
    before end: Lsn
  ) async throws(Failure) -> Lsn {
    let (start, version) = (draft.origin.start, draft.rules.version)
    do throws(WALSourceError) {
      if let found = try await BackupPlaces.end(ofBackupFrom: start, wal, version, before: end) {
        return found
      }
    } catch {
      throw .wal(error)
    }
    throw .unsettled(
      "the WAL from \(draft.origin.start) to \(end) does not say where the backup ended, before which its files do not "
        + "fit together"
    )
  }

  /// A backup of a key space may be of any LSN. All that it has is of records that end there or before.
  private static func recordStart(
    _ draft: Draft,
    _ wal: any WALSource,
    before end: Lsn
  ) async throws(Failure) -> Lsn {
    let (start, version) = (draft.origin.start, draft.rules.version)
    do throws(WALSourceError) {
      if let found = try await BackupPlaces.record(behind: start, wal, version, before: end) { return found }
    } catch {
      throw .wal(error)
    }
    throw .unsettled("the WAL does not say which record comes behind \(start)")
  }

  private static func importLayers(
    _ draft: Draft,
    at lsn: Lsn,
    root: String
  ) throws(Failure) -> (GrowingTimeline, BaseBackupImport.Notes) {
    let layers = GrownLayers(
      root: root,
      tenant: draft.tenant,
      shard: draft.rules.shard,
      timeline: draft.timeline,
      generation: .none,
      redo: draft.redo,
      cacheByteCount: draft.cacheByteCount
    )
    do throws(BaseBackupError) {
      let backup = try BaseBackupImport(draft.files, draft.rules, at: lsn)
      let notes = try layers.write(backup)
      return (GrowingTimeline([], above: layers.timeline(), redo: draft.redo), notes)
    } catch {
      throw .backup(error)
    }
  }

  /// Replays WAL up to where the backup ended.
  private static func settle(
    _ draft: Draft,
    _ base: GrowingTimeline,
    _ wal: any WALSource,
    to end: Lsn,
    _ folder: String
  ) async throws(Failure) -> ReplayedTimeline {
    guard let timeline = base.layers else { throw .unsettled("there are no layers") }
    var rules = draft.rules
    rules.standsOnNewerFiles = true
    let plan = ReplayPlan(
      of: timeline,
      from: base,
      at: draft.origin.start,
      to: end,
      rules,
      runByteCount: draft.runByteCount,
      cacheByteCount: draft.cacheByteCount
    )
    let settled: ReplayedTimeline
    do throws(ReplayFailure) {
      settled = try await ReplayedTimeline.make(plan, wal, scratchBelow: folder)
    } catch {
      throw .replay(error)
    }
    guard settled.end == end else {
      let finding = settled.result.findings.first
      let reason = finding.map { "\($0.message): \($0.seen ?? "")" } ?? "there was no answer"
      throw .unsettled("WAL does not lead from its start to its end at \(end): \(reason)")
    }
    return settled
  }
}
