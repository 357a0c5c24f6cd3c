/// What safekeepers say of one timeline, all of them together.
///
/// The least start and the greatest of each other LSN count, as safekeepers learn of them at different times. Rows of
/// safekeepers that are letting go of the timeline do not count, unless there are no others.
public struct TimelineClaim: Hashable, Sendable {
  public let tenant: TenantID
  public let timeline: TimelineID
  /// Where the WAL begins; `.invalid` if nobody knows.
  public private(set) var start = Lsn.invalid
  /// The greatest start that somebody claims.
  public private(set) var latestStart = Lsn.invalid
  /// Up to where the bucket holds complete segments.
  public private(set) var backup = Lsn.invalid
  public private(set) var commit = Lsn.invalid
  public private(set) var flush = Lsn.invalid
  public private(set) var term: UInt64 = 0
  /// In bytes; 0 if nobody says.
  public private(set) var segmentSize: UInt32 = 0
  public private(set) var systemIdentifier: UInt64 = 0
  /// Whether somebody states the start that old control files were given for want of a better one.
  public private(set) var hasPlaceholderStart = false
  public private(set) var segmentSizesDiffer = false
  public private(set) var systemIdentifiersDiffer = false
  public private(set) var rowCount = 0
  public private(set) var cancelledRowCount = 0

  /// The start that control files of before 2022-06 were upgraded with.
  public static let placeholderStart = Lsn(1)

  public init(_ row: SafekeeperRow) {
    tenant = row.tenant
    timeline = row.timeline
    add(row)
  }

  /// Whether every safekeeper that has the timeline is letting go of it.
  public var isCancelled: Bool { rowCount == 0 }

  public var safekeeperCount: Int { rowCount + cancelledRowCount }

  public func isOf(_ row: SafekeeperRow) -> Bool { row.tenant == tenant && row.timeline == timeline }

  /// Adds what another safekeeper says of this timeline.
  public mutating func add(_ row: SafekeeperRow) {
    guard !row.isCancelled else {
      cancelledRowCount += 1
      return
    }
    rowCount += 1
    if row.start == TimelineClaim.placeholderStart {
      hasPlaceholderStart = true
    } else if row.start != .invalid {
      start = start == .invalid ? row.start : min(start, row.start)
      latestStart = max(latestStart, row.start)
    }
    backup = max(backup, row.backup)
    commit = max(commit, row.commit)
    flush = max(flush, row.flush)
    term = max(term, row.term)
    if row.segmentSize != 0 {
      if segmentSize != 0, segmentSize != row.segmentSize { segmentSizesDiffer = true }
      segmentSize = max(segmentSize, row.segmentSize)
    }
    if row.systemIdentifier != 0 {
      if systemIdentifier != 0, systemIdentifier != row.systemIdentifier { systemIdentifiersDiffer = true }
      systemIdentifier = max(systemIdentifier, row.systemIdentifier)
    }
  }
}
