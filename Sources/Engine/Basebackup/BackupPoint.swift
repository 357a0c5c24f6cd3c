import IndexFormat

/// Where in a timeline's WAL a data directory is taken, and what the index says of that place.
public struct BackupPoint: Equatable, Sendable {
  public var lsn: Lsn
  /// Where the last record before `lsn` begins; nil if that is not known.
  public var previousLsn: Lsn?
  /// Whether the timeline begins at `lsn`, or did before it was detached from its ancestor.
  public var isBranchPoint: Bool

  public init(_ lsn: Lsn, previousLsn: Lsn? = nil, isBranchPoint: Bool = false) {
    self.lsn = lsn
    self.previousLsn = previousLsn
    self.isBranchPoint = isBranchPoint
  }

  /// The record before is known at the end of the timeline alone.
  public init(_ lsn: Lsn, of index: IndexPart) {
    let metadata = index.metadata
    let formerStart = metadata.ancestorTimeline == nil ? index.lineage.originalAncestor?.lsn : nil
    self.init(
      lsn,
      previousLsn: lsn == metadata.diskConsistentLsn ? metadata.prevRecordLsn : nil,
      isBranchPoint: lsn == (metadata.ancestorTimeline == nil ? formerStart : metadata.ancestorLsn)
    )
  }

  /// What `neon.signal` and `zenith.signal` hold: no newline.
  var signal: String {
    if let previousLsn, previousLsn != .invalid { return "PREV LSN: \(previousLsn)" }
    return isBranchPoint ? "PREV LSN: none" : "PREV LSN: invalid"
  }
}
