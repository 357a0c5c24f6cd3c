import IndexFormat

/// Brings what the tasks of a scan find into key order, adds it up, and passes it on as events.
///
/// What a range behind the first unfinished one found waits in memory; `PageserverScan` begins only so many.
actor ScanCollector {
  private enum Result {
    case verdict(TenantVerdict)
    case error(LookError)
  }

  private let emit: @Sendable (ScanEvent) -> Void
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var summary = ScanSummary()
  private var rangeCount = 0
  /// The first range that is not finished: its results go straight out.
  private var current = 0
  private var finished = Set<Int>()
  private var waiting: [Int: [Result]] = [:]
  private var tenantsDone = 0
  /// Counted as the store handed them out, apart from what becomes of them: the proof of the coverage.
  private var objectsListed = 0
  private var bytesListed: UInt64 = 0
  private var matched = Set<TenantSelector>()
  private var lastProgress: ContinuousClock.Instant
  private var bodyProgress: BodyProgress?

  init(
    moment: Timestamp,
    nodeKind: NodeKind = .pageserver,
    emit: @escaping @Sendable (ScanEvent) -> Void
  ) {
    self.emit = emit
    summary.moment = moment
    summary.nodeKind = nodeKind
    start = clock.now
    lastProgress = start
  }

  func begin(rangeCount: Int, opensLayers: Bool = false) {
    self.rangeCount = rangeCount
    if opensLayers { summary.bodies = BodyCounts() }
  }

  /// How many ranges are finished, from the first on without a gap.
  var finishedRanges: Int { current }

  /// Notes that a tenant was listed again, and that what the second listing held was checked.
  func relisted(_ first: TenantInventory, as second: TenantInventory) {
    relisted((first.objectCount, first.byteCount), as: (second.objectCount, second.byteCount))
  }

  /// The same by counts of objects and bytes.
  func relisted(_ first: (objects: Int, bytes: UInt64), as second: (objects: Int, bytes: UInt64)) {
    objectsListed += second.objects - first.objects
    bytesListed = bytesListed &- first.bytes &+ second.bytes
  }

  /// Notes what was asked for and is not there.
  func checkSelection(_ selection: [TenantSelector]) {
    summary.notFound = selection.filter { !matched.contains($0) }
  }

  func interrupt() { summary.isInterrupted = true }

  /// Says how far the scan is, not too often.
  func listed(_ page: ListingPage) {
    objectsListed += page.count
    for entry in page.entries { bytesListed &+= entry.size }
    tellProgress()
  }

  /// The same of layers and archives.
  func lookedInto(_ progress: BodyProgress) {
    // Tasks come here in any order.
    guard progress.bytesRead >= bodyProgress?.bytesRead ?? 0 else { return }
    bodyProgress = progress
    tellProgress()
  }

  private func tellProgress() {
    let now = clock.now
    guard now - lastProgress >= .milliseconds(100) else { return }
    lastProgress = now
    let fraction = rangeCount > 0 ? Double(current + finished.count) / Double(rangeCount) : nil
    emit(
      .progress(
        ScanProgress(
          objectsListed: objectsListed,
          bytesListed: bytesListed,
          tenantsDone: tenantsDone,
          bodies: bodyProgress,
          fraction: fraction,
          elapsed: now - start
        )
      )
    )
  }

  func add(_ verdict: TenantVerdict, range: Int) {
    if verdict.hasTimelines { tenantsDone += 1 }
    add(.verdict(verdict), range: range)
  }

  func add(_ error: LookError, range: Int) { add(.error(error), range: range) }

  func couldNotLook(_ error: LookError) { pass(.error(error)) }

  func finish(range: Int) {
    finished.insert(range)
    while finished.remove(current) != nil {
      current += 1
      for result in waiting.removeValue(forKey: current) ?? [] { pass(result) }
    }
  }

  /// Emits the summary and returns it.
  func end() -> ScanSummary {
    for range in waiting.keys.sorted() { for result in waiting[range] ?? [] { pass(result) } }
    waiting = [:]
    summary.duration = clock.now - start
    summary.coverage.objectsListed = objectsListed
    summary.coverage.bytesListed = bytesListed
    emit(.summary(summary))
    return summary
  }

  private func add(_ result: Result, range: Int) {
    if range == current { pass(result) } else { waiting[range, default: []].append(result) }
  }

  private func pass(_ result: Result) {
    switch result {
    case .error(let error):
      summary.lookErrorCount += 1
      emit(.couldNotLook(error))
    case .verdict(let verdict):
      summary.add(verdict)
      matched.formUnion(verdict.matched)
      for error in verdict.lookErrors { emit(.couldNotLook(error)) }
      for finding in verdict.findings { emit(.finding(finding)) }
    }
  }
}

extension ScanSummary {
  fileprivate mutating func add(_ verdict: TenantVerdict) {
    if verdict.hasTimelines { tenantCount += 1 }
    timelineCount += verdict.timelineCount
    timelineShardCount += verdict.timelineShardCount
    deletedCount += verdict.deletedCount
    indicesByVersion.merge(verdict.indicesByVersion, uniquingKeysWith: +)
    withOrphans += verdict.withOrphans
    lookErrorCount += verdict.lookErrors.count
    coverage += verdict.coverage
    if let counts = verdict.bodyCounts { bodies = (bodies ?? BodyCounts()) + counts }
    for finding in verdict.findings {
      counts[finding.code, default: 0] += 1
      if let size = finding.bytes { bytes[finding.code] = (bytes[finding.code] ?? 0).saturatingSum(size) }
    }
  }
}
