import IndexFormat
import Synchronization

/// Comes to a verdict on a timeline: looks again, and asks the control plane, before anything is called lost.
final class WALJudge: Sendable {
  private let scan: WALScan
  /// Timelines that the control plane would have been asked about.
  private let notAsked = Atomic(0)

  /// How often a timeline that changes all the time is looked at again.
  private static let maxRounds = 3
  /// Missing segments that are asked for by name, of each timeline.
  private static let maxHeads = 64
  private static let parallelHeads = 8

  init(scan: WALScan) { self.scan = scan }

  /// What is to be said of a control plane that was not asked.
  var notAskedFinding: Finding? {
    let count = notAsked.load(ordering: .relaxed)
    guard count > 0 else { return nil }
    return Finding(
      .walControlPlaneNotAsked,
      message:
        "no control plane was asked whether \(Count(count, "suspicious timeline")) still exist\(count == 1 ? "s" : "")"
    )
  }

  func judge(_ claim: TimelineClaim?, _ first: WALInventory, _ collector: ScanCollector) async
    -> TenantVerdict
  {
    if Task.isCancelled { return TenantVerdict(interrupted: first) }
    var inventory = first
    var outcome = check(claim, inventory)
    var errors: [LookError] = []
    if outcome.isSuspicious {
      (inventory, outcome) = await confirm(claim, inventory, outcome, &errors)
    }
    if Task.isCancelled { return TenantVerdict(interrupted: first) }
    if outcome.isSuspicious || outcome.verdict.findings.contains(where: { $0.code == .walTimelineUnclaimed })
    {
      await askControlPlane(&outcome, inventory, &errors)
    }
    if scan.depth == .wal, outcome.verdict.deletedCount == 0 {
      let reading = WALReading(store: scan.store, prefix: scan.prefix, size: outcome.size)
      await reading.read(inventory, claim, into: &outcome.verdict)
    }
    if Task.isCancelled { return TenantVerdict(interrupted: first) }
    await collector.relisted(
      (first.objectCount, first.byteCount),
      as: (inventory.objectCount, inventory.byteCount)
    )
    outcome.verdict.lookErrors += errors
    return outcome.verdict
  }

  private func check(_ claim: TimelineClaim?, _ inventory: WALInventory) -> WALOutcome {
    WALCheck.check(claim, inventory, prefix: scan.prefix, segmentSize: scan.segmentSize)
  }

  // MARK: Looking again

  private func confirm(
    _ claim: TimelineClaim?,
    _ first: WALInventory,
    _ outcome: WALOutcome,
    _ errors: inout [LookError]
  ) async -> (WALInventory, WALOutcome) {
    var (inventory, outcome) = (first, outcome)
    for _ in 0..<Self.maxRounds where outcome.isSuspicious && !Task.isCancelled {
      var again = WALInventory(tenant: first.tenant, timeline: first.timeline)
      var listErrors: [LookError] = []
      let request = ListRequest(
        prefix: scan.prefix + SafekeeperObjectKey.timelinePrefix(first.tenant, first.timeline)
      )
      let holes = await WALListing(store: scan.store, prefix: scan.prefix)
        .forEach(request, listed: { _ in }) { step in
          switch step {
          case .inventory(let found, _): again = found
          case .couldNotList(let error): listErrors.append(error)
          case .outside: break
          }
        }
      if !holes.isEmpty || !listErrors.isEmpty {
        // The second listing says less than the first.
        errors += listErrors
        inventory.hasHoles = true
        outcome = check(claim, inventory)
        break
      }
      let isSame = again == inventory
      inventory = again
      outcome = check(claim, inventory)
      if isSame { break }
    }
    if !outcome.missing.isEmpty, !Task.isCancelled {
      await askForMissing(&inventory, outcome, &errors)
      let unlisted = inventory.segments.filter { $0.presence == .unlisted }
      outcome = check(claim, inventory)
      for segment in unlisted {
        outcome.verdict.findings.append(
          Finding(
            .walSegmentUnlisted,
            tenant: first.tenant,
            timeline: first.timeline,
            objectKey: key(of: segment.name, in: first),
            message: "the listing lacks the segment, but asked for by name it is there",
            seen: "\(segment.size) bytes"
          )
        )
      }
    }
    return (inventory, outcome)
  }

  private func key(of name: WALSegmentName, in inventory: WALInventory) -> String {
    scan.prefix + SafekeeperObjectKey.timelinePrefix(inventory.tenant, inventory.timeline) + "\(name)"
  }

  /// Asks for missing segments by name: for all of them if they are few, else for the first ones.
  private func askForMissing(
    _ inventory: inout WALInventory,
    _ outcome: WALOutcome,
    _ errors: inout [LookError]
  ) async {
    var numbers: [UInt64] = []
    for range in outcome.missing { numbers += range.prefix(Self.maxHeads - numbers.count) }
    let folder = scan.prefix + SafekeeperObjectKey.timelinePrefix(inventory.tenant, inventory.timeline)
    let keys = numbers.compactMap { WALSegmentName(WALSegmentNumber($0), size: outcome.size) }
      .map { (name: $0, key: "\(folder)\($0)") }
    let answers = await scan.store.heads(of: keys.map(\.key), atOnce: Self.parallelHeads)
    for ((name, key), answer) in zip(keys, answers) {
      var segment = WALInventory.Segment(name: name, size: 0, lastModified: Timestamp(nanoseconds: 0))
      switch answer {
      case nil, .success(nil): break
      case .success(let metadata?):
        segment.size = metadata.size
        segment.presence = .unlisted
        inventory.add(segment)
      case .failure(let error):
        segment.presence = .unknown
        inventory.add(segment)
        errors.append(LookError(objectKey: key, tenant: inventory.tenant, reason: error.description))
      }
    }
    errors.sort { $0.objectKey < $1.objectKey }
  }

  // MARK: The control plane

  private func askControlPlane(
    _ outcome: inout WALOutcome,
    _ inventory: WALInventory,
    _ errors: inout [LookError]
  ) async {
    guard let controlPlane = scan.controlPlane else {
      notAsked.add(1, ordering: .relaxed)
      return
    }
    let answer = await controlPlane.state(of: inventory.timeline, tenant: inventory.tenant)
    switch answer {
    case .alive: note("the control plane says that the timeline is alive", in: &outcome)
    case .deleted: acquit(&outcome, inventory)
    case .unknown:
      outcome.recode(.walSegmentMissing, as: .walSegmentMissingUnknown)
      note("the control plane does not know the timeline", in: &outcome)
    case .noAnswer(let reason):
      outcome.recode(.walSegmentMissing, as: .walSegmentUnconfirmed)
      note("whether the timeline still exists is not known", in: &outcome)
      errors.append(
        LookError(
          objectKey: "control plane, timeline \(inventory.timeline)",
          tenant: inventory.tenant,
          reason: reason
        )
      )
    }
  }

  private func note(_ words: String, in outcome: inout WALOutcome) {
    let codes: Set<FindingCode> = [
      .walSegmentMissing, .walSegmentMissingUnknown, .walSegmentUnconfirmed, .walTimelineUnclaimed,
    ]
    for index in outcome.verdict.findings.indices where codes.contains(outcome.verdict.findings[index].code) {
      outcome.verdict.findings[index].message += "; \(words)"
    }
  }

  /// Takes back what is no loss as the timeline is deleted.
  private func acquit(_ outcome: inout WALOutcome, _ inventory: WALInventory) {
    let wasClaimed = !outcome.verdict.findings.contains { $0.code == .walTimelineUnclaimed }
    outcome.verdict.findings.removeAll { $0.severity == .error || $0.code == .walTimelineUnclaimed }
    outcome.missing = []
    outcome.verdict.deletedCount = wasClaimed ? 1 : 0
    let place = scan.prefix + SafekeeperObjectKey.timelinePrefix(inventory.tenant, inventory.timeline)
    if wasClaimed {
      outcome.verdict.findings.append(
        Finding(
          .walTimelineDeleted,
          tenant: inventory.tenant,
          timeline: inventory.timeline,
          objectKey: place,
          message: "the WAL is not complete, and the control plane says that the timeline is deleted"
        )
      )
    }
    guard inventory.objectCount > 0 else { return }
    outcome.verdict.findings.append(
      Finding(
        .walLeftover,
        tenant: inventory.tenant,
        timeline: inventory.timeline,
        objectKey: place,
        message:
          "\(Count(inventory.objectCount, "object")) of a timeline that the control plane says is deleted",
        bytes: inventory.byteCount
      )
    )
  }
}

extension WALOutcome {
  fileprivate mutating func recode(_ code: FindingCode, as other: FindingCode) {
    for index in verdict.findings.indices where verdict.findings[index].code == code {
      verdict.findings[index].code = other
    }
  }
}

extension TenantVerdict {
  /// Of a timeline whose check was interrupted: what was listed, and nothing more.
  init(interrupted inventory: WALInventory) {
    self.init()
    coverage.objectsListed = inventory.objectCount
    coverage.bytesListed = inventory.byteCount
    coverage.skip(.interrupted, inventory.objectCount, bytes: inventory.byteCount)
  }
}
