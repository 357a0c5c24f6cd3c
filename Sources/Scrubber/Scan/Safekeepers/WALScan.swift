import IndexFormat

/// Compares the WAL in a bucket with what safekeepers say of it.
///
/// Timelines come in the order of keys, so they are merged with a listing. How the bucket is listed depends on what is
/// known:
///
/// | source | listed is | LIST requests |
/// |---|---|---|
/// | names all timelines (database, dumps) | everything, flat, cut at every 2,000th timeline and at the first hex digit | objects / 1000 + timelines / 2000 + 16 |
/// | the same with `--tenant-id` | each tenant | one a tenant and 1,000 objects |
/// | names some timelines, up to 500 | each timeline | one a timeline and 1,000 objects |
/// | names more | as the first, passing over the others | as the first |
///
/// Only the timelines of the ranges that are worked on are in memory.
struct WALScan: Sendable {
  let store: any ObjectStore
  /// What keys begin with: `wal/`, or nothing.
  let prefix: String
  var depth = ScanDepth.list
  var jobs = 2
  var tenants: [TenantSelector] = []
  var segmentSize: WALSegmentSize?
  var controlPlane: ControlPlane?

  /// Timelines of one range.
  static let timelinesPerRange = 2_000
  /// Up to so many named timelines are listed one by one.
  static let maxNamedTimelines = 500
  /// Ranges that may be done ahead of the first unfinished one, for each job.
  private static let rangesAhead = 4

  /// Scans, and tells it from the first event to the summary.
  func run(_ source: any ClaimSource, at moment: Timestamp, emit: @escaping @Sendable (ScanEvent) -> Void)
    async
  {
    var begin = ScanBegin(
      command: "scan-metadata",
      location: store.location,
      prefix: prefix,
      depth: depth,
      moment: moment
    )
    begin.nodeKind = .safekeeper
    begin.source = source.name
    emit(.begin(begin))
    let collector = ScanCollector(moment: moment, nodeKind: .safekeeper, emit: emit)
    await run(source, collector)
    _ = await collector.end()
  }

  func run(_ source: any ClaimSource, _ collector: ScanCollector) async {
    let judge = WALJudge(scan: self)
    var plan = WALRangePlan(source, prefix: prefix, tenants: Set(tenants.map(\.tenant)))
    var count = 0
    await withTaskGroup(of: Void.self) { group in
      var running = 0
      var isAtEnd = false
      while true {
        let limit = await collector.finishedRanges + max(1, jobs) * Self.rangesAhead
        while !isAtEnd, running < max(1, jobs), count < limit {
          guard let range = await next(&plan, source, collector, number: count) else {
            isAtEnd = true
            break
          }
          let number = count
          let isWhole = source.isWhole
          group.addTask { await scan(range, number, isWhole, judge, collector) }
          count += 1
          running += 1
        }
        guard await group.next() != nil else { break }
        running -= 1
      }
    }
    if Task.isCancelled {
      await collector.interrupt()
    } else {
      await collector.checkSelection(tenants)
      if let finding = judge.notAskedFinding {
        var verdict = TenantVerdict()
        verdict.findings = [finding]
        await collector.add(verdict, range: count)
      }
    }
  }

  private func next(
    _ plan: inout WALRangePlan,
    _ source: any ClaimSource,
    _ collector: ScanCollector,
    number: Int
  ) async -> WALRange? {
    do throws(ClaimSourceError) {
      guard let range = try await plan.next(source) else { return nil }
      if !range.findings.isEmpty {
        var verdict = TenantVerdict()
        verdict.findings = range.findings
        await collector.add(verdict, range: number)
      }
      return range
    } catch {
      if !Task.isCancelled {
        // What the rest of the bucket is to be compared with is not known, so it is not looked at.
        await collector.add(LookError(objectKey: source.name, reason: error.message), range: number)
      }
      return nil
    }
  }

  // MARK: One range

  private func scan(
    _ range: WALRange,
    _ number: Int,
    _ isWhole: Bool,
    _ judge: WALJudge,
    _ collector: ScanCollector
  ) async {
    var merge = ClaimMerge(range.claims, after: range.previousTenant)
    let reportsUnclaimed = isWhole
    let listing = WALListing(store: store, prefix: prefix)
    var holes: [String] = []
    for request in range.requests {
      holes += await listing.forEach(request, listed: { await collector.listed($0) }) { step in
        switch step {
        case .inventory(let inventory, let holes):
          for claim in merge.claims(before: inventory) {
            await pass(claim, empty(claim.claim, holes), number, judge, collector)
          }
          if let claim = merge.claim(of: inventory) {
            await pass(claim, inventory, number, judge, collector)
          } else if reportsUnclaimed {
            await pass(nil, inventory, number, judge, collector)
          } else {
            await collector.add(TenantVerdict(unselected: inventory), range: number)
          }
        case .outside(let verdict):
          var verdict = verdict
          // Whoever names timelines does not ask about the rest of the bucket.
          if !reportsUnclaimed { verdict.findings = [] }
          await collector.add(verdict, range: number)
        case .couldNotList(let error): await collector.add(error, range: number)
        }
      }
    }
    for claim in merge.rest() {
      guard !Task.isCancelled else { break }
      await pass(claim, empty(claim.claim, holes), number, judge, collector)
    }
    await collector.finish(range: number)
  }

  /// A timeline of which nothing was listed.
  private func empty(_ claim: TimelineClaim, _ holes: [String]) -> WALInventory {
    var inventory = WALInventory(tenant: claim.tenant, timeline: claim.timeline)
    inventory.hasHoles = WALListing.isHole(prefix, claim.tenant, claim.timeline, holes)
    return inventory
  }

  private func pass(
    _ claim: ClaimMerge.Item?,
    _ inventory: WALInventory,
    _ number: Int,
    _ judge: WALJudge,
    _ collector: ScanCollector
  ) async {
    var verdict = await judge.judge(claim?.claim, inventory, collector)
    verdict.hasTimelines = claim?.isNewTenant ?? false
    verdict.matched = tenants.filter { $0.tenant == inventory.tenant }
    await collector.add(verdict, range: number)
  }
}

extension TenantVerdict {
  /// Of a timeline that nobody asked about.
  fileprivate init(unselected inventory: WALInventory) {
    self.init()
    coverage.objectsListed = inventory.objectCount
    coverage.bytesListed = inventory.byteCount
    coverage.skip(.unselected, inventory.objectCount, bytes: inventory.byteCount)
  }
}

/// Hands out the claims of a range as the listing comes past them.
private struct ClaimMerge {
  struct Item {
    var claim: TimelineClaim
    var isNewTenant: Bool
  }

  private var claims: ArraySlice<TimelineClaim>
  private var tenant: TenantID?

  init(_ claims: [TimelineClaim], after tenant: TenantID?) {
    self.claims = claims[...]
    self.tenant = tenant
  }

  mutating func claims(before inventory: WALInventory) -> [Item] {
    take { ($0.tenant, $0.timeline) < (inventory.tenant, inventory.timeline) }
  }

  mutating func claim(of inventory: WALInventory) -> Item? {
    take { $0.tenant == inventory.tenant && $0.timeline == inventory.timeline }.first
  }

  mutating func rest() -> [Item] { take { _ in true } }

  private mutating func take(_ isWanted: (TimelineClaim) -> Bool) -> [Item] {
    let taken = claims.prefix(while: isWanted)
    claims = claims.dropFirst(taken.count)
    return taken.map { claim in
      defer { tenant = claim.tenant }
      return Item(claim: claim, isNewTenant: claim.tenant != tenant)
    }
  }
}
