import IndexFormat

/// What a replay begins with, and where it goes. A class, as it crosses many an `await`.
public final class ReplayPlan: Sendable {
  /// A part of the way on which the tenant was sharded in one way.
  public struct Stretch: Sendable {
    /// The LSN at which the shard was split, or the end.
    public var end: Lsn
    /// The shard that holds the keys, or held them before a split.
    public var shard: ShardIdentity

    public init(to end: Lsn, shard: ShardIdentity) {
      self.end = end
      self.shard = shard
    }
  }

  public let tenant: TenantID
  public let timeline: TimelineID
  /// What there was at the beginning.
  public let base: GrowingTimeline
  /// Where the last record ended that is in the base.
  public let start: Lsn
  /// What the base does not tell; nil if it is a copy of a timeline, which tells all.
  public let trust: BackupTrust?
  /// In ascending order of their ends; the last one is the shard that is verified.
  public let stretches: [Stretch]
  /// But for the shard, which the stretches say.
  public let rules: IngestRules
  /// Bytes of values that are held before they are written.
  public let runByteCount: UInt64
  /// Bytes of what was written that are kept for reading, of each stretch.
  public let cacheByteCount: Int

  /// - Parameters:
  ///   - timeline: what the result is to be compared with.
  ///   - end: up to where to replay.
  ///   - splits: LSNs at which the shard's forebears were split, each with the one that was.
  ///   - trust: what the base does not tell, if it was a base backup.
  public init(
    of timeline: Timeline,
    from base: GrowingTimeline,
    at start: Lsn,
    to end: Lsn,
    splits: [Stretch] = [],
    _ rules: IngestRules,
    trust: BackupTrust? = nil,
    runByteCount: UInt64 = 32 << 20,
    cacheByteCount: Int = 64 << 20
  ) {
    tenant = timeline.tenant
    self.timeline = timeline.id
    self.base = base
    self.start = start
    stretches =
      splits.filter { $0.end > start && $0.end < end }.sorted { $0.end < $1.end }
      + [Stretch(to: end, shard: timeline.shard)]
    self.rules = rules
    self.trust = trust
    self.runByteCount = runByteCount
    self.cacheByteCount = cacheByteCount
  }
}

/// Why nothing can be replayed or compared any more. Says nothing of the data. One pointer in size, as it crosses many
/// an `await`.
public indirect enum ReplayFailure: Error, Sendable {
  case cancelled
  /// The folder for what WAL leads to cannot be made.
  case scratch(SystemError)
  /// What WAL leads to cannot be written.
  case write(LayerWriteError)
  case read(ReadError)
}

extension ReplayFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .cancelled: "cancelled"
    case .scratch(let error): "\(error)"
    case .write(let error): "\(error)"
    case .read(let error): "\(error)"
    }
  }
}
