import IndexFormat

/// A timeline that was grown from WAL, to be compared with one that a page server grew. As long as it is there, so is
/// its scratch folder.
public final class ReplayedTimeline: Sendable {
  public let plan: ReplayPlan
  /// How far the WAL led.
  public let end: Lsn
  /// Why it led no further; nil if it led as far as was wanted.
  public let obstacle: VerificationTally.SkipReason?
  /// Records that were ingested, and what is wrong with the WAL.
  public let result: VerificationResult
  /// Base and WAL together.
  public let values: GrowingTimeline
  /// What came of the WAL alone, one stretch behind the other.
  let grown: [Timeline]
  private let scratch: ReplayScratch

  private init(_ plan: ReplayPlan, _ ingest: ReplayIngest, _ scratch: ReplayScratch) {
    self.plan = plan
    values = ingest.values
    grown = ingest.grown
    end = ingest.end
    obstacle = ingest.stop?.reason
    var result = VerificationResult()
    result.findings = ingest.stop?.finding.map { [$0] } ?? []
    result.coverage.records.present = ingest.recordCount
    result.coverage.records.checked = ingest.recordCount
    if ingest.stop?.isOfRecord == true {
      result.coverage.records.present &+= 1
      result.coverage.records.skip(.damaged)
    }
    self.result = result
    self.scratch = scratch
  }

  /// What WAL leads to from a base. Ends early where WAL is damaged, missing, or does not fit the base; `result` says
  /// why then.
  ///
  /// - Parameters:
  ///   - wal: from the plan's start on, or from before.
  ///   - folder: where a folder for what WAL leads to may be made, which takes about as much room as the WAL. It is
  ///     removed with the result, and behind an error.
  public static func make(
    _ plan: ReplayPlan,
    _ wal: any WALSource,
    scratchBelow folder: String
  ) async throws(ReplayFailure) -> ReplayedTimeline {
    let scratch: ReplayScratch
    do throws(SystemError) {
      scratch = try ReplayScratch(below: folder)
    } catch {
      throw .scratch(error)
    }
    let ingest = ReplayIngest(plan, wal, root: scratch.path)
    try await ingest.run()
    return ReplayedTimeline(plan, ingest, scratch)
  }
}

/// Which of the two that are compared something is said of.
enum ReplaySide {
  case timeline
  case replayed

  /// Why keys are skipped that could not be read.
  func reason(_ error: ReadError) -> VerificationTally.SkipReason {
    switch error {
    case .layer(let error): Self.reason(error)
    case .unreplayed(let value) where value.obstacle != nil: .unsupported
    default: .damaged
    }
  }

  static func reason(_ error: LayerReadError) -> VerificationTally.SkipReason {
    switch error.cause {
    case .source(let error) where error.kind != .notFound && error.kind != .shortRead: .unreachable
    case .noMemory: .unreachable
    case .source, .damaged, .summary: .damaged
    }
  }

  /// What an error says of the data; nil if it is the store's.
  func finding(_ error: ReadError, _ plan: ReplayPlan, at lsn: Lsn) -> Finding? {
    var finding = Finding(
      .replayUnreadable,
      tenant: plan.tenant,
      shard: plan.stretches.last?.shard.index,
      timeline: plan.timeline,
      lsn: lsn,
      message: "",
      seen: "\(error)",
      expected: "a value"
    )
    let whose = self == .timeline ? "the timeline" : "the replay"
    finding.message = "a value of \(whose) cannot be read"
    switch error {
    case .layer(let error): return Self.finding(error, finding)
    case .unreplayed(let value) where value.obstacle != nil: return nil
    case .missingKey(let missing): finding.key = missing.key
    case .unreplayed(let value): finding.key = value.key
    case .redo(let error):
      finding.key = error.key
      finding.lsn = error.lsn
    case .damagedValue(let key, _, let error):
      finding.key = key
      finding.seen = "\(error.found)"
      finding.expected = "\(error.expected)"
    case .disagreement(let key, _, _, _): finding.key = key
    case .cancelled: return nil
    }
    if let key = finding.key { finding.message = "\(key.describe()): \(finding.message)" }
    return finding
  }

  /// What a layer that cannot be read says; nil if it is the store's fault.
  static func finding(_ error: LayerReadError, _ template: Finding) -> Finding? {
    var finding = template
    finding.objectKey = error.key
    finding.key = nil
    finding.lsn = nil
    switch error.cause {
    case .source(let error):
      guard error.kind == .notFound || error.kind == .shortRead else { return nil }
      finding.code = error.kind == .notFound ? .layerMissing : .layerBadLength
      finding.message = error.kind == .notFound ? "a layer is not there" : "a layer ends too early"
      finding.seen = error.detail
      finding.expected = "the layer"
    case .damaged(let error):
      let isValue = template.key != nil
      finding.code = isValue ? .layerBlobDamaged : .layerTreeDamaged
      finding.offset = error.offset
      finding.key = template.key
      finding.lsn = template.key == nil ? nil : template.lsn
      finding.message = "a layer cannot be read: \(error.field)"
      finding.seen = error.found
      finding.expected = error.expected
    case .summary(let difference):
      finding.code = .layerSummaryMismatch
      finding.offset = difference.offset
      finding.message = "the summary of a layer is that of another: \(difference.field)"
      finding.seen = difference.found
      finding.expected = difference.expected
    case .noMemory: return nil
    }
    return finding
  }
}
