import Engine
import IndexFormat

/// What WAL is to be replayed for: a timeline on one shard. A class, as it crosses many an `await`.
final class ReplayDraft: Sendable {
  let timeline: OpenTimeline
  let plan: ReplayPlan
  let wal: SegmentedWAL
  let facts: TimelineFacts
  /// Where keys are compared.
  let lsns: [Lsn]
  /// The base in words.
  let baseText: String
  let base: Base

  /// With what the replay begins.
  enum Base: Sendable {
    /// The timeline itself.
    case own
    case copy(OpenTimeline)
    /// Its folder is there as long as this is.
    case backup(BackupBase, ReplayBackup)
  }

  init(
    _ timeline: OpenTimeline,
    _ plan: ReplayPlan,
    _ wal: SegmentedWAL,
    _ facts: TimelineFacts,
    at lsns: [Lsn],
    _ baseText: String,
    base: Base
  ) {
    self.timeline = timeline
    self.plan = plan
    self.wal = wal
    self.facts = facts
    self.lsns = lsns
    self.baseText = baseText
    self.base = base
  }

  var history: Lsn { timeline.view.index.metadata.latestGcCutoffLsn }

  /// Up to where WAL is replayed.
  var end: Lsn { plan.stretches.last?.end ?? plan.start }

  /// Bytes of WAL from the beginning to the end.
  var byteCount: UInt64 { end.value - min(plan.start.value, end.value) }
}

/// A timeline on one shard whose WAL has been replayed, ready to be compared.
final class ShardReplay: Sendable {
  let draft: ReplayDraft
  let replayed: ReplayedTimeline
  let check: ReplayCheck

  init(_ draft: ReplayDraft, _ replayed: ReplayedTimeline, _ check: ReplayCheck) {
    self.draft = draft
    self.replayed = replayed
    self.check = check
  }

  var shard: ShardIndex { draft.timeline.view.shard }

  /// The ingest of the WAL comes first, which is done when the plan is made; then what is compared.
  var units: [VerificationUnit] {
    let start = VerificationUnit(.replay(KeySpace(), at: draft.plan.start), shard: shard, weight: 1)
    return [start] + check.units
  }

  /// What comes of a unit.
  ///
  /// - Parameter place: among `units`.
  func run(_ place: Int) async throws(ReplayFailure) -> VerificationResult {
    guard place > 0 else { return replayed.result }
    guard check.units.indices.contains(place - 1) else { return VerificationResult() }
    return try await check.run(check.units[place - 1])
  }
}
