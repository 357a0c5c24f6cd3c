import IndexFormat

/// A part of a verification that is done at one go: small enough that little is lost if it is done again, and
/// independent of all others. The same timeline and the same wishes give the same units in the same order, whatever
/// else runs: results put together in that order are the same each time.
public struct VerificationUnit: Sendable, Equatable {
  public enum Work: Sendable, Equatable {
    /// What directories, sizes and catalogs say, against each other.
    case structure(at: Lsn)
    /// Every key is rebuilt, and what comes of it is looked at.
    case keys(KeySpace, at: Lsn)
    /// Images of a layer in a range of its keys, against the history below them.
    case images(of: LayerMap.Position, KeyRange)
    /// Values that WAL leads to, up to an LSN, against those of the timeline.
    case replay(KeySpace, at: Lsn)
  }

  public var work: Work
  /// About how much work it is, in values: for telling how far a run is.
  public var weight: UInt64

  public init(_ work: Work, weight: UInt64) {
    self.work = work
    self.weight = weight
  }

  public var level: VerificationLevel {
    switch work {
    case .structure, .keys: .reconstruct
    case .images: .images
    case .replay: .replay
    }
  }
}
