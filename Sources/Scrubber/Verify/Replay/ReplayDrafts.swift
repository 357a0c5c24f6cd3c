import Engine
import IndexFormat

/// Finds of each timeline with what its replay begins, where, and which WAL leads on from there. For one task.
///
/// | base | begins at |
/// |---|---|
/// | the timeline itself | the first record behind its GC cutoff, its branch point and its import that there is WAL of |
/// | `--against` a copy | where that one ends |
/// | `--against` a base backup | where WAL goes on behind it; of a running server's, where it ended |
struct ReplayDrafts {
  let tenant: TenantView
  let options: VerifyOptions
  let wal: ReplayWAL
  let against: ReplayBase?
  /// Where a base backup is imported to.
  let scratch: String
  /// Bytes of each stretch of a replay that are kept for reading.
  let cacheByteCount: Int
  let count: @Sendable (Int) -> Void
  private(set) var drafts: [ReplayDraft] = []
  private(set) var omissions: [VerifyPlan.Omission] = []
  private(set) var notes: [String] = []
  private var inputs: [TimelineID: WALInput?] = [:]

  /// - Parameter timelines: those that may be replayed.
  init(_ tenant: TenantView, _ options: VerifyOptions, _ setup: ReplaySetup, _ timelines: [WholeTimeline]) {
    self.tenant = tenant
    self.options = options
    wal = setup.wal
    against = setup.against
    scratch = setup.scratch
    let pieceCount = timelines.reduce(0) { count, place in
      let splits = Self.splits(place)
      return count + place.shards.reduce(0) { $0 + splits.ancestors(of: $1.view.shard).count + 1 }
    }
    cacheByteCount = options.grownCacheByteCount(pieceCount)
    count = { setup.count($0) }
  }

  private static func splits(_ place: WholeTimeline) -> ReplaySplits {
    ReplaySplits(place.shards.map { ($0.view.shard, $0.view.layers.map(\.layer)) })
  }

  /// Why a timeline is not replayed.
  private struct Obstacle: Error {
    var kind: VerifyPlan.Omission.Kind
    var reason: String
  }

  private enum Step<Value> {
    case go(Value)
    case leave(Obstacle)
  }

  /// - Parameter lsns: where the timeline is verified.
  mutating func add(_ place: WholeTimeline, at lsns: [Lsn]) async throws(ScanFailure) {
    let splits = Self.splits(place)
    var obstacles: [Obstacle] = []
    for shard in place.shards {
      switch try await draft(shard, splits, lsns) {
      case .go(let draft): drafts.append(draft)
      case .leave(let obstacle):
        obstacles.append(obstacle)
        // What holds for all shards is said once.
        let isKnown = obstacles.dropLast().contains {
          $0.kind == obstacle.kind && $0.reason == obstacle.reason
        }
        if isKnown { continue }
        omissions.append(
          VerifyPlan.Omission(timeline: shard.view.id, kind: obstacle.kind, reason: obstacle.reason)
        )
      }
    }
  }

  // MARK: One shard

  private mutating func draft(
    _ shard: OpenTimeline,
    _ splits: ReplaySplits,
    _ lsns: [Lsn]
  ) async throws(ScanFailure) -> Step<ReplayDraft> {
    let facts = try shard.catalog().facts
    let rules: IngestRules
    switch Self.rules(shard, facts) {
    case .go(let found): rules = found
    case .leave(let obstacle): return .leave(obstacle)
    }
    let end = options.lsns.isEmpty ? shard.lastLsn : min(lsns.max() ?? shard.lastLsn, shard.lastLsn)
    let origin: Origin
    switch try await self.origin(shard, splits, rules, to: end) {
    case .go(let found): origin = found
    case .leave(let obstacle): return .leave(obstacle)
    }
    if let first = shard.view.index.relSizeMigratedAt, rules.writesSecondLayout, origin.start < first {
      let reason = "its directories of relations changed their form at \(first), behind its base"
      return .leave(Obstacle(kind: .unsupported, reason: reason))
    }
    var stretches: [ReplayPlan.Stretch] = []
    for (ancestor, end) in splits.ancestors(of: shard.view.shard) {
      stretches.append(ReplayPlan.Stretch(to: end, shard: try identity(ancestor)))
    }
    let plan = ReplayPlan(
      of: shard.timeline,
      from: origin.values,
      at: origin.start,
      to: end,
      splits: stretches,
      rules,
      trust: origin.trust,
      // One run grows while another is written.
      runByteCount: UInt64(clamping: options.ingestByteCount / 2),
      cacheByteCount: cacheByteCount
    )
    return .go(ReplayDraft(shard, plan, origin.wal, facts, at: lsns, origin.words, base: origin.base))
  }

  private func identity(_ shard: ShardIndex) throws(ScanFailure) -> ShardIdentity {
    do throws(ShardIdentity.Invalid) {
      return try ShardIdentity(shard, stripeSize: tenant.stripeSize)
    } catch {
      throw ScanFailure(message: "shard \(shard): \(error)", exitCode: .damage)
    }
  }

  /// How the timeline's page server ingested.
  private static func rules(_ shard: OpenTimeline, _ facts: TimelineFacts) -> Step<IngestRules> {
    func leave(_ reason: String) -> Step<IngestRules> { .leave(Obstacle(kind: .unsupported, reason: reason)) }
    let index = shard.view.index
    guard let version = shard.version else {
      return leave("its PostgreSQL is of a version that is not known, \(index.metadata.pgVersion)")
    }
    guard index.metadataForm == .object else {
      return leave("its index is of 2024, when page servers stored other values of the same WAL")
    }
    switch index.relSizeMigration ?? .legacy {
    case .legacy: return .go(IngestRules(version: version))
    case .migrating where index.relSizeMigratedAt != nil:
      return .go(IngestRules(version: version, writesSecondLayout: true))
    default: return leave("its directories of relations are in a form that ingest does not write")
    }
  }

  // MARK: Where it begins

  private struct Origin {
    var values: GrowingTimeline
    var start: Lsn
    var wal: SegmentedWAL
    var words: String
    var base: ReplayDraft.Base
    /// Nil if the base tells all.
    var trust: BackupTrust?
  }

  private static func values(_ base: Timeline, of shard: OpenTimeline, _ rules: IngestRules)
    -> GrowingTimeline
  {
    GrowingTimeline([], above: base, redo: shard.timeline.redo ?? RedoRules(version: rules.version))
  }

  private mutating func origin(
    _ shard: OpenTimeline,
    _ splits: ReplaySplits,
    _ rules: IngestRules,
    to end: Lsn
  ) async throws(ScanFailure) -> Step<Origin> {
    switch against {
    case .copy(let copy)?: return try await origin(shard, splits, copy, rules, to: end)
    case .backup(let backup)?: return try await origin(shard, splits, backup, rules, to: end)
    case nil: break
    }
    let metadata = shard.view.index.metadata
    let beginning = shard.view.ancestor?.lsn ?? metadata.initdbLsn
    var floor = max(beginning, metadata.latestGcCutoffLsn)
    if let first = shard.view.index.relSizeMigratedAt { floor = max(floor, first) }
    let layers = shard.view.layers.map(\.layer)
    floor = splits.firstWhole(from: floor, of: shard.view.shard, layers)
    guard floor < end else { return .leave(Self.nothingSince(floor)) }
    let wal: SegmentedWAL
    switch try await source(shard) {
    case .go(let found): wal = found
    case .leave(let obstacle): return .leave(obstacle)
    }
    // A cutoff comes of a time or a length, and may lie within a record.
    let isRecordEnd = floor != metadata.latestGcCutoffLsn || floor == beginning
    let found: Lsn?
    do throws(WALSourceError) {
      found = try await wal.firstRecord(from: floor, isRecordEnd: isRecordEnd, before: end)
    } catch {
      throw error.kind == .cancelled ? .interrupted : ScanFailure(message: "\(error)")
    }
    guard let start = found else {
      return .leave(Obstacle(kind: .noWAL, reason: "there is no WAL from \(floor) to \(end)"))
    }
    let writer = try identity(splits.shard(of: shard.view.shard, behind: start))
    let isLate =
      isRecordEnd ? start != floor : wal.segmentSize.segment(of: start) != wal.segmentSize.segment(of: floor)
    let words = isLate ? "itself, as there is no WAL from \(floor) on" : "itself"
    let base = writer == shard.timeline.shard ? shard.timeline : shard.timeline.read(as: writer)
    let values = Self.values(base, of: shard, rules)
    return .go(Origin(values: values, start: start, wal: wal, words: words, base: .own))
  }

  private mutating func origin(
    _ shard: OpenTimeline,
    _ splits: ReplaySplits,
    _ against: ReplayCopy,
    _ rules: IngestRules,
    to end: Lsn
  ) async throws(ScanFailure) -> Step<Origin> {
    guard let start = try against.start(of: shard) else {
      let reason = "\(against.tenant.bucket.location) does not have it"
      return .leave(Obstacle(kind: .noBase, reason: reason))
    }
    guard start.end < end else { return .leave(Self.nothingSince(start.end)) }
    let writer = start.timeline.view.shard
    if writer != shard.view.shard,
      !splits.ancestors(of: shard.view.shard).contains(where: { $0.shard == writer })
    {
      let reason = "its layers do not tell when shard \(writer) of its base was split"
      return .leave(Obstacle(kind: .noBase, reason: reason))
    }
    switch try await source(shard) {
    case .leave(let obstacle): return .leave(obstacle)
    case .go(let wal):
      return .go(
        Origin(
          values: Self.values(start.timeline.timeline, of: shard, rules),
          start: start.end,
          wal: wal,
          words: against.tenant.bucket.location,
          base: .copy(start.timeline)
        )
      )
    }
  }

  private mutating func origin(
    _ shard: OpenTimeline,
    _ splits: ReplaySplits,
    _ against: ReplayBackup,
    _ rules: IngestRules,
    to end: Lsn
  ) async throws(ScanFailure) -> Step<Origin> {
    try await against.check(shard, rules)
    let floor = against.origin.start
    guard floor < end else { return .leave(Self.nothingSince(floor)) }
    let metadata = shard.view.index.metadata
    if shard.view.ancestor == nil, floor < metadata.initdbLsn {
      let reason = "\(against.location) is of \(floor), before the timeline began at \(metadata.initdbLsn)"
      return .leave(Obstacle(kind: .noBase, reason: reason))
    }
    let wal: SegmentedWAL
    switch try await source(shard) {
    case .go(let found): wal = found
    case .leave(let obstacle): return .leave(obstacle)
    }
    var rules = rules
    rules.shard = try identity(splits.shard(of: shard.view.shard, behind: floor))
    let draft = BackupBase.Draft(
      against.files,
      against.origin,
      rules,
      shard.timeline.redo ?? RedoRules(version: rules.version),
      tenant: tenant.tenant,
      timeline: shard.view.id,
      cacheByteCount: options.baseCacheByteCount / max(1, tenant.shards.count),
      runByteCount: UInt64(clamping: options.ingestByteCount / 2)
    )
    let base: BackupBase
    do throws(BackupBase.Failure) {
      base = try await BackupBase.make(draft, wal, before: end, scratchBelow: scratch)
    } catch {
      if case .unsettled(let reason) = error {
        return .leave(Obstacle(kind: .noBase, reason: "\(against.location): \(reason)"))
      }
      throw ScanFailure(error)
    }
    guard base.start < end else { return .leave(Self.nothingSince(base.start)) }
    return .go(
      Origin(
        values: base.values,
        start: base.start,
        wal: wal,
        words: against.location,
        base: .backup(base, against),
        trust: base.trust
      )
    )
  }

  private static func nothingSince(_ lsn: Lsn) -> Obstacle {
    Obstacle(kind: .nothingSince, reason: "nothing came behind \(lsn), where its base stands")
  }

  // MARK: WAL

  /// The WAL of a timeline behind its branch point, where each base stands.
  private mutating func source(_ shard: OpenTimeline) async throws(ScanFailure) -> Step<SegmentedWAL> {
    guard let input = try await input(of: shard.view.id) else {
      return .leave(Obstacle(kind: .noWAL, reason: "\(wal.location) has no WAL of it"))
    }
    return .go(SegmentedWAL(input, count: count))
  }

  private mutating func input(of timeline: TimelineID) async throws(ScanFailure) -> WALInput? {
    if let known = inputs[timeline] { return known }
    let input = try await wal.input(of: timeline)
    inputs[timeline] = .some(input)
    notes += input?.notes ?? []
    return input
  }
}
