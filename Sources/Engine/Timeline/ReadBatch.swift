import IndexFormat

/// What a read found. Of each key that was asked for one of these is so: it is among `values`, in `missing`, in
/// `failures`, in `rest`, or it is sparse (or an aux file key that is not inherited) and has no value.
public final class ReadBatch: Sendable {
  /// In ascending order of the keys.
  public let values: [KeyRead]
  /// Dense keys that no layer has. Where a range was asked for, that is all of it that has no value.
  public let missing: KeySpace
  /// Keys of which nothing can be said, as a layer that may have them cannot be read.
  public let failures: [(keys: KeySpace, error: ReadError)]
  /// Keys that were left for a later read, as this one would have become too large.
  public let rest: KeySpace
  /// In the order in which layers were read.
  public let visits: [LayerVisit]
  /// The last timeline that was asked, if it is an ancestor, and up to which LSN.
  public let lastAncestor: TimelineID?
  public let lastAncestorLsn: Lsn?

  init(
    values: [KeyRead],
    missing: KeySpace,
    failures: [(keys: KeySpace, error: ReadError)],
    rest: KeySpace,
    visits: [LayerVisit],
    lastAncestor: TimelineID?,
    lastAncestorLsn: Lsn?
  ) {
    self.values = values
    self.missing = missing
    self.failures = failures
    self.rest = rest
    self.visits = visits
    self.lastAncestor = lastAncestor
    self.lastAncestorLsn = lastAncestorLsn
  }

  /// The layers that were read for a key.
  public func visits(for key: Key) -> [LayerVisit] { visits.filter { $0.keys.contains(key) } }
}
