import IndexFormat

/// Compares what a timeline holds with what base and WAL lead to.
///
///     let replayed = try await ReplayedTimeline.make(plan, wal, scratchBelow: folder)
///     let check = try await ReplayCheck.make(replayed, against: timeline, facts, history: cutoff)
///     for unit in check.units { result += try await check.run(unit) }
///     ReplayCheck.joinFindings(&result)
///
/// | compared | with | proves |
/// |---|---|---|
/// | each value of a delta layer of these LSNs | what the WAL gives | every record; none is missing, none too many |
/// | each image of an image layer of these LSNs | base and WAL at its LSN | the image |
/// | each key at the points asked for | base and WAL there | what a reader gets |
///
/// What a base backup does not tell is no finding, and counts as skipped: `BackupTrust`.
///
/// Directories are compared as sets. Below the history's start, values may have been dropped by page servers, and
/// images may stand in delta layers for what came before: these are compared like other images.
///
/// Never changed, so that any number of units may run at a time. Each holds a few MiB, and what the records of one page
/// take.
public final class ReplayCheck: Sendable {
  /// An LSN at which keys are compared, together with all that was stored since the point before.
  struct Point: Sendable {
    var lsn: Lsn
    /// LSNs from behind the point before up to this one.
    var lsns: ClosedRange<Lsn>
    /// Whether the WAL leads up to here.
    var isReached: Bool
    /// Whether the timeline still tells values of this LSN.
    var isTold: Bool
    /// Keys of both, of the replay alone, and of the timeline alone: of all shards.
    var both = KeySpace()
    var replayedOnly = KeySpace()
    var timelineOnly = KeySpace()
    /// Where further keys may be.
    var sparse: [KeyRange] = []
    /// Why keys are not known.
    var findings: [Finding] = []
  }

  let replayed: ReplayedTimeline
  let timeline: Timeline
  let history: Lsn
  /// What the base does not tell.
  var trust: BackupTrust? { replayed.plan.trust }
  let points: [Point]
  public let units: [VerificationUnit]

  /// Bytes of values that a unit holds of layers.
  let byteBudget: Int
  /// Keys of a unit, and units of a point.
  private static let unitKeyCount: UInt64 = 8192
  private static let maximumUnitCount: UInt64 = 1 << 16

  private init(
    _ replayed: ReplayedTimeline,
    _ timeline: Timeline,
    history: Lsn,
    _ points: [Point],
    byteBudget: Int
  ) {
    self.replayed = replayed
    self.byteBudget = byteBudget
    self.timeline = timeline
    self.history = history
    self.points = points
    units = points.flatMap { point in
      Self.ranges(point).map { range, count in
        VerificationUnit(
          .replay(KeySpace(range), at: point.lsn),
          shard: timeline.shard.index,
          weight: count
        )
      }
    }
  }

  /// - Parameters:
  ///   - timeline: what a page server holds.
  ///   - facts: of the timeline, and of the replay as well.
  ///   - history: the LSN up to which page servers may have dropped values: `latest_gc_cutoff_lsn`.
  ///   - lsns: where keys are compared, too. At the end they always are; if the WAL ends early, also there.
  ///   - byteBudget: bytes of values that a unit holds.
  public static func make(
    _ replayed: ReplayedTimeline,
    against timeline: Timeline,
    _ facts: TimelineFacts,
    history: Lsn,
    at lsns: [Lsn] = [],
    byteBudget: Int = 8 << 20
  ) async throws(ReplayFailure) -> ReplayCheck {
    let start = replayed.plan.start
    let wanted = replayed.plan.stretches.last?.end ?? start
    let end = min(wanted, timeline.diskConsistentLsn)
    var places = Set(lsns.filter { start < $0 && $0 < end })
    if start < end { places.insert(end) }
    if replayed.end < end, start < replayed.end { places.insert(replayed.end) }
    var points: [Point] = []
    var first = start
    for lsn in places.sorted() {
      var point = Point(
        lsn: lsn,
        lsns: first...lsn,
        isReached: lsn <= replayed.end || replayed.obstacle == nil,
        isTold: lsn >= history
      )
      try await ReplayKeys(replayed, timeline, facts).find(for: &point)
      points.append(point)
      first = lsn.successor
    }
    return ReplayCheck(replayed, timeline, history: history, points, byteBudget: byteBudget)
  }

  /// Cuts all keys where a number of keys that exist is reached.
  private static func ranges(_ point: Point) -> [(KeyRange, UInt64)] {
    let keys = point.both.union(point.replayedOnly).union(point.timelineOnly)
    let total = keys.keyCount
    let limit = max(unitKeyCount, total / maximumUnitCount)
    var ranges: [(KeyRange, UInt64)] = []
    var (start, count) = (Key.min, UInt64(0))
    for range in keys.ranges {
      var cursor = range.start
      while cursor < range.end {
        let left = KeyRange(start: cursor, end: range.end).keyCount
        let step = min(left, limit &- count, UInt64(UInt32.max))
        cursor = cursor.advanced(by: UInt32(clamping: step)) ?? range.end
        count &+= step
        guard count >= limit else { continue }
        ranges.append((KeyRange(start: start, end: cursor), count))
        (start, count) = (cursor, 0)
      }
    }
    if start < .max { ranges.append((KeyRange(start: start, end: .max), max(count, 1))) }
    return ranges
  }

  /// What comes of one unit.
  public func run(_ unit: VerificationUnit) async throws(ReplayFailure) -> VerificationResult {
    guard case .replay(let keys, let lsn) = unit.work, let index = points.firstIndex(where: { $0.lsn == lsn })
    else { return VerificationResult() }
    let report = ReplayReport(self)
    for range in keys.ranges {
      if range.start == .min { points[index].findings.forEach(report.add) }
      try await RecordComparison(self, index, range, report).run()
      try await KeyComparison(self, index, range, report).run()
    }
    return report.result
  }

  /// Leaves one of several findings that say the same of a layer: each unit that needs it says so.
  public static func joinFindings(_ result: inout VerificationResult) {
    var known: Set<[String]> = []
    result.findings = result.findings.filter { isNew($0, &known) }
  }

  /// Whether a finding says something that those before it have not said of the same layer.
  ///
  /// - Parameter known: what was said so far; takes this one.
  public static func isNew(_ finding: Finding, _ known: inout Set<[String]>) -> Bool {
    guard finding.key == nil, let object = finding.objectKey else { return true }
    return known.insert([finding.code.rawValue, object, finding.message, finding.seen ?? ""]).inserted
  }
}

/// Finds the keys of both sides at a point.
private struct ReplayKeys {
  let replayed: ReplayedTimeline
  let timeline: Timeline
  let facts: TimelineFacts

  init(_ replayed: ReplayedTimeline, _ timeline: Timeline, _ facts: TimelineFacts) {
    self.replayed = replayed
    self.timeline = timeline
    self.facts = facts
  }

  func find(for point: inout ReplayCheck.Point) async throws(ReplayFailure) {
    guard point.isTold else { return }
    let lsn = point.lsn
    let theirs = await keys(timeline, lsn)
    switch theirs {
    case .success(let keys):
      point.timelineOnly = keys.dense.keySpace
      point.sparse = keys.sparse
    case .failure(let error): try take(error, .timeline, &point)
    }
    guard point.isReached else { return }
    switch await keys(replayed.values, lsn) {
    case .success(let keys):
      let (own, other) = (keys.dense.keySpace, point.timelineOnly)
      point.sparse = keys.sparse
      // If only one side tells, the other is asked for the same.
      if case .failure = theirs {
        point.both = own
      } else {
        point.both = own.intersection(other)
        point.replayedOnly = own.subtracting(other)
        point.timelineOnly = other.subtracting(own)
      }
    case .failure(let error):
      try take(error, .replayed, &point)
      (point.both, point.timelineOnly) = (point.timelineOnly, KeySpace())
    }
  }

  private func keys(_ source: any ValueSource, _ lsn: Lsn) async -> Result<CollectedKeySpace, ReadError> {
    do throws(ReadError) {
      return .success(try await TimelineCatalog(source, facts).keySpace(at: lsn))
    } catch {
      return .failure(error)
    }
  }

  private func take(_ error: ReadError, _ side: ReplaySide, _ point: inout ReplayCheck.Point)
    throws(ReplayFailure)
  {
    if case .cancelled = error { throw .cancelled }
    if let finding = side.finding(error, replayed.plan, at: point.lsn) { point.findings.append(finding) }
  }
}

/// Gathers what a unit finds. For one task.
final class ReplayReport {
  private let check: ReplayCheck
  var result = VerificationResult()

  /// Findings of a unit; more are only counted.
  static let maximumFindingCount = 100

  init(_ check: ReplayCheck) { self.check = check }

  func add(_ finding: Finding) {
    if result.findings.count < Self.maximumFindingCount {
      result.findings.append(finding)
    } else {
      result.omittedFindingCount += 1
    }
  }

  func add(
    _ code: FindingCode,
    _ key: Key?,
    at lsn: Lsn,
    object: String? = nil,
    offset: UInt64? = nil,
    _ message: String,
    seen: String,
    expected: String
  ) {
    add(
      Finding(
        code,
        tenant: check.timeline.tenant,
        shard: check.timeline.shard.index,
        timeline: check.timeline.id,
        objectKey: object,
        offset: offset.map { Int(clamping: $0) },
        key: key,
        lsn: lsn,
        message: message,
        seen: seen,
        expected: expected
      )
    )
  }

  /// A layer of the timeline that cannot be read, or a value in it.
  func add(_ error: LayerReadError, key: TreeKey? = nil) {
    let template = Finding(
      .replayUnreadable,
      tenant: check.timeline.tenant,
      shard: check.timeline.shard.index,
      timeline: check.timeline.id,
      key: key?.key,
      lsn: key?.lsn,
      message: ""
    )
    if let finding = ReplaySide.finding(error, template) { add(finding) }
  }

  /// A value that was counted as compared was not.
  func withdrawValue(_ byteCount: UInt64, _ reason: VerificationTally.SkipReason) {
    result.coverage.values.checked &-= 1
    result.coverage.values.skip(reason)
    result.coverage.bytes.checked &-= byteCount
    result.coverage.bytes.skip(reason, byteCount)
  }

  /// A value of a layer, which takes so many bytes there.
  func countValue(_ byteCount: UInt64, _ skipped: VerificationTally.SkipReason? = nil) {
    result.coverage.values.present &+= 1
    result.coverage.bytes.present &+= byteCount
    if let skipped {
      result.coverage.values.skip(skipped)
      result.coverage.bytes.skip(skipped, byteCount)
    } else {
      result.coverage.values.checked &+= 1
      result.coverage.bytes.checked &+= byteCount
    }
  }
}
