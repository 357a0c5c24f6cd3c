import IndexFormat

/// A part of a verification that is done at one go: small enough that little is lost if it is done again, and
/// independent of all others. The same timeline and the same wishes give the same units in the same order, whatever
/// else runs: results put together in that order are the same each time.
public struct VerificationUnit: Sendable, Equatable {
  public enum Work: Sendable, Equatable {
    /// What directories and sizes say, against each other, on all shards.
    case structure(at: Lsn)
    /// What pg_class of a database says, against the relations that there are.
    case catalog(of: DatabaseTag, at: Lsn)
    /// Every key is rebuilt, and what comes of it is looked at. Keys of other shards are passed over.
    case keys(KeySpace, at: Lsn)
    /// Images of a layer in a range of its keys, against the history below them.
    case images(of: LayerMap.Position, KeyRange)
    /// Listed keys that an image layer of the LSN should have and does not, rebuilt as far as they can be.
    case gaps(KeySpace, at: Lsn)
    /// Values that WAL leads to, up to an LSN, against those of the timeline.
    case replay(KeySpace, at: Lsn)
  }

  public var work: Work
  /// The shard whose layers are read; of units that look at all of them the first one.
  public var shard: ShardIndex
  /// About how much work it is, in values: for telling how far a run is.
  public var weight: UInt64

  public init(_ work: Work, shard: ShardIndex = .unsharded, weight: UInt64) {
    self.work = work
    self.shard = shard
    self.weight = weight
  }

  public var level: VerificationLevel {
    switch work {
    case .structure, .catalog, .keys: .reconstruct
    case .images, .gaps: .images
    case .replay: .replay
    }
  }
}
