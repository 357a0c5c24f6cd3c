import IndexFormat

/// What a scan comes to.
struct ScanSummary: Sendable {
  /// Whose objects were scanned.
  var nodeKind = NodeKind.pageserver
  /// Tenants with at least one timeline.
  var tenantCount = 0
  /// Distinct timelines per tenant among the current shards, without deleted ones.
  var timelineCount = 0
  /// All timelines of all shards that were listed, also those of ancestor shards and without index.
  var timelineShardCount = 0
  /// Of safekeepers: timelines whose WAL is not complete because they are deleted.
  var deletedCount = 0
  /// How many chosen index files had which version.
  var indicesByVersion: [UInt64: Int] = [:]
  /// Shard-timelines with layer objects that no index names.
  var withOrphans: [ShardTimeline] = []
  /// Findings by code; also those that were not kept.
  var counts: [FindingCode: Int] = [:]
  /// Bytes that findings of a code speak of.
  var bytes: [FindingCode: UInt64] = [:]
  var coverage = Coverage()
  /// What was seen in layers and archives; nil at depths that do not open them.
  var bodies: BodyCounts?
  /// How many requests gave no answer.
  var lookErrorCount = 0
  /// Tenants and shards that were asked for and of which there is no object.
  var notFound: [TenantSelector] = []
  /// The option whose limit was reached, if any: the report is then not complete.
  var limitReached: String?
  var isInterrupted = false
  var moment = Timestamp(nanoseconds: 0)
  var duration = Duration.zero

  /// How many findings have `severity`.
  func count(of severity: Severity) -> Int {
    counts.reduce(0) { $1.key.entry.severity == severity ? $0 + $1.value : $0 }
  }
}

/// A timeline on one shard, as `with_orphans` names it.
struct ShardTimeline: Sendable, Hashable, Comparable {
  var tenantShard: TenantShardID
  var timeline: TimelineID

  static func < (left: ShardTimeline, right: ShardTimeline) -> Bool {
    left.tenantShard == right.tenantShard
      ? left.timeline < right.timeline : left.tenantShard < right.tenantShard
  }
}

/// Proof that nothing was passed over: visited + skipped = listed, for objects and bytes.
struct Coverage: Sendable, Equatable {
  /// Why an object that was listed was not checked.
  enum SkipReason: String, Sendable, CaseIterable {
    /// Its content is not read at this depth.
    case depth
    /// A temporary or side file of a local store.
    case temporary
    /// The store gave no answer.
    case unreadable
    /// The scan was interrupted before it.
    case interrupted
    /// It is of a timeline that was not asked for.
    case unselected
  }

  var objectsListed = 0
  var bytesListed: UInt64 = 0
  var objectsVisited = 0
  var bytesVisited: UInt64 = 0
  var objectsSkipped: [SkipReason: Int] = [:]
  var bytesSkipped: UInt64 = 0

  /// Whether every listed object is accounted for.
  var isComplete: Bool {
    objectsVisited + objectsSkipped.values.reduce(0, +) == objectsListed
      && bytesVisited &+ bytesSkipped == bytesListed
  }
}
