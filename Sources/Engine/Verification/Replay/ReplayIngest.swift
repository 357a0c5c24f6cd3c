import IndexFormat

/// Ingests WAL of one stretch after the other into layers in a folder. Ends where WAL is damaged, missing, or does not
/// fit what there was: what came before stays.
final class ReplayIngest {
  /// Why it goes no further.
  struct Stop {
    var finding: Finding?
    var reason: VerificationTally.SkipReason
    /// Whether a record is there that was not ingested.
    var isOfRecord = false
  }

  private let plan: ReplayPlan
  private let wal: any WALSource
  private let root: String
  /// The base, and all that was ingested.
  private(set) var values: GrowingTimeline
  /// What was ingested, stretch by stretch.
  private(set) var grown: [Timeline] = []
  /// Where the last record ended that was ingested.
  private(set) var end: Lsn
  private(set) var stop: Stop?
  private(set) var recordCount: UInt64 = 0
  private var isCancelled = false

  /// Bytes of WAL that are read at a time.
  private static let pieceByteCount = 1 << 20

  /// - root: of the folder for layers.
  init(_ plan: ReplayPlan, _ wal: any WALSource, root: String) {
    self.plan = plan
    self.wal = wal
    self.root = root
    values = plan.base
    end = plan.start
  }

  func run() async throws(ReplayFailure) {
    for stretch in plan.stretches where stop == nil {
      do throws(IngestError) {
        try await run(stretch)
      } catch {
        try take(error)
      }
    }
    if isCancelled { throw .cancelled }
  }

  private func run(_ stretch: ReplayPlan.Stretch) async throws(IngestError) {
    var rules = plan.rules
    rules.shard = stretch.shard
    let growth = try await TimelineGrowth.begin(
      above: values,
      at: end,
      rules,
      segmentSize: wal.segmentSize
    )
    let layers = GrownLayers(
      root: root,
      tenant: plan.tenant,
      shard: stretch.shard,
      timeline: plan.timeline,
      generation: .none,
      redo: plan.base.redo,
      cacheByteCount: plan.cacheByteCount
    )
    growth.destination = layers
    growth.runByteCount = plan.runByteCount
    growth.stop = stretch.end
    var failure: IngestError?
    do throws(IngestError) {
      try await feed(growth)
    } catch {
      failure = error
    }
    // Behind an error all whole records before it are there.
    try await growth.flush()
    let timeline = layers.timeline()
    values = GrowingTimeline(
      [],
      above: timeline,
      base: GrowingTimeline.Base(values, at: end),
      redo: plan.base.redo
    )
    grown.append(timeline)
    end = growth.lastLsn
    recordCount &+= growth.recordCount
    if let failure { throw failure }
  }

  private func feed(_ growth: TimelineGrowth) async throws(IngestError) {
    while !growth.isPaused {
      switch await read(from: growth.wanted) {
      case .success(let bytes) where bytes.isEmpty:
        stop = ended(at: growth.wanted, growth.lastLsn)
        return
      case .success(let bytes): try await growth.ingest(bytes)
      case .failure(let error):
        stop = unread(error, growth.lastLsn)
        return
      }
    }
  }

  private func read(from lsn: Lsn) async -> Result<[UInt8], WALSourceError> {
    if Task.isCancelled { return .failure(WALSourceError(.cancelled, at: lsn, detail: "cancelled")) }
    do throws(WALSourceError) {
      return .success(try await wal.read(from: lsn, limit: Self.pieceByteCount))
    } catch {
      return .failure(error)
    }
  }

  // MARK: Why it ends

  private func ended(at lsn: Lsn, _ last: Lsn) -> Stop {
    let message = "the WAL ends before the LSN up to which it was to be replayed"
    let finding = finding(.replayWALMissing, at: last, object: wal.name(at: lsn), message, "\(last)", goal)
    return Stop(finding: finding, reason: .noWAL)
  }

  private var goal: String { "\(plan.stretches.last?.end ?? plan.start)" }

  private func unread(_ error: WALSourceError, _ last: Lsn) -> Stop {
    switch error.kind {
    case .missing:
      let object = error.name ?? wal.name(at: error.lsn)
      let message = "a segment of the WAL is not there"
      return Stop(
        finding: finding(
          .replayWALMissing,
          at: last,
          object: object,
          message,
          error.detail,
          "WAL up to \(goal)"
        ),
        reason: .noWAL
      )
    case .failed: return Stop(reason: .unreachable)
    case .cancelled:
      isCancelled = true
      return Stop(reason: .unreachable)
    }
  }

  /// What an error of ingest says of the data; it is thrown if it says nothing.
  private func take(_ error: IngestError) throws(ReplayFailure) {
    var record = "a record"
    if let manager = error.resourceManager, let info = error.info {
      record = "the record of \(ResourceManager.name(manager)), info 0x\(ComparedValue.hexText(info)),"
    }
    switch error.fault {
    case .write(let failure): throw .write(failure)
    case .read(.cancelled): throw .cancelled
    case .read(let failure):
      let side = ReplaySide.replayed
      stop = Stop(finding: side.finding(failure, plan, at: error.lsn), reason: side.reason(failure))
    case .damaged(let problem):
      let code: FindingCode =
        switch problem.kind {
        case .page: .walPageDamaged
        case .record: .walRecordDamaged
        case .end: .walEndsEarly
        }
      stop = Stop(
        finding: finding(code, at: problem.lsn, problem.message, problem.seen, problem.expected),
        reason: .noWAL,
        isOfRecord: problem.kind == .record
      )
    default:
      let message = "\(record) that ends at \(error.lsn) cannot be ingested"
      stop = Stop(
        finding: finding(
          .replayRecordRefused,
          at: error.lsn,
          message,
          "\(error.fault)",
          "a record that fits"
        ),
        reason: .noWAL,
        isOfRecord: true
      )
    }
  }

  private func finding(
    _ code: FindingCode,
    at lsn: Lsn,
    object: String? = nil,
    _ message: String,
    _ seen: String,
    _ expected: String
  ) -> Finding {
    Finding(
      code,
      tenant: plan.tenant,
      shard: plan.stretches.last?.shard.index,
      timeline: plan.timeline,
      objectKey: object ?? wal.name(at: lsn),
      lsn: lsn,
      message: message,
      seen: seen,
      expected: expected
    )
  }
}
