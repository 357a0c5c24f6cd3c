import IndexFormat

/// Some timelines, and what to list to see their objects.
struct WALRange: Sendable {
  var requests: [ListRequest]
  var claims: [TimelineClaim]
  /// The tenant that the range before ended with: it has been counted.
  var previousTenant: TenantID?
  /// What is to be said of the source.
  var findings: [Finding] = []
}

/// Cuts a source of timelines into ranges of keys, as `WALScan` says.
struct WALRangePlan {
  private enum Mode {
    case flat
    /// Each selected tenant.
    case tenants([TenantID])
    case timelines
  }

  private let prefix: String
  private let mode: Mode
  /// Claims that were read and not handed out.
  private var pending: ArraySlice<TimelineClaim> = []
  private var findings: [Finding] = []
  private var isSourceAtEnd = false
  private var isAtEnd = false
  private var previousTenant: TenantID?
  /// Where the range before ended.
  private var startAfter: String?
  private var tenantsDone = 0

  /// Timelines that one task lists one after the other.
  private static let timelinesPerTask = 8

  init(_ source: any ClaimSource, prefix: String, tenants: Set<TenantID>) {
    self.prefix = prefix
    mode =
      if !source.isWhole, source.knownCount.map({ $0 <= WALScan.maxNamedTimelines }) ?? false {
        .timelines
      } else if !tenants.isEmpty {
        .tenants(tenants.sorted())
      } else {
        .flat
      }
  }

  /// The next range; nil behind the last.
  mutating func next(_ source: any ClaimSource) async throws(ClaimSourceError) -> WALRange? {
    guard !isAtEnd else { return nil }
    var range: WALRange
    switch mode {
    case .flat: range = try await nextFlat(source)
    case .tenants(let tenants): range = try await nextTenant(tenants, source)
    case .timelines: range = try await nextTimelines(source)
    }
    range.previousTenant = previousTenant
    previousTenant = range.claims.last?.tenant ?? previousTenant
    range.findings = findings
    findings = []
    return range.requests.isEmpty && range.findings.isEmpty ? nil : range
  }

  // MARK: Modes

  private mutating func nextFlat(_ source: any ClaimSource) async throws(ClaimSourceError) -> WALRange {
    // One more than are taken shows where the range ends.
    while pending.count <= WALScan.timelinesPerRange, try await fill(source) {}
    let claims = pending.prefix(WALScan.timelinesPerRange)
    let digit = claims.first.map { $0.tenant.high >> 60 }
    let taken = claims.prefix { $0.tenant.high >> 60 == digit }
    pending = pending.dropFirst(taken.count)
    var request = ListRequest(prefix: prefix)
    request.startAfter = startAfter
    if let last = taken.last, !pending.isEmpty {
      // `0` comes behind `/`: all of the timeline's keys are before it.
      let cut = "\(prefix)\(last.tenant)/\(last.timeline)0"
      request = request.cut(at: [cut])[0]
      startAfter = cut
    } else {
      isAtEnd = true
    }
    return WALRange(requests: [request], claims: Array(taken))
  }

  private mutating func nextTenant(
    _ tenants: [TenantID],
    _ source: any ClaimSource
  ) async throws(ClaimSourceError) -> WALRange {
    let tenant = tenants[tenantsDone]
    while pending.last.map({ $0.tenant <= tenant }) ?? true, try await fill(source) {}
    let claims = pending.prefix { $0.tenant <= tenant }
    pending = pending.dropFirst(claims.count)
    tenantsDone += 1
    isAtEnd = tenantsDone == tenants.count
    return WALRange(requests: [ListRequest(prefix: "\(prefix)\(tenant)/")], claims: Array(claims))
  }

  private mutating func nextTimelines(_ source: any ClaimSource) async throws(ClaimSourceError) -> WALRange {
    while pending.count < Self.timelinesPerTask, try await fill(source) {}
    let claims = pending.prefix(Self.timelinesPerTask)
    pending = pending.dropFirst(claims.count)
    isAtEnd = pending.isEmpty && isSourceAtEnd
    let requests = claims.map { claim in
      ListRequest(prefix: prefix + SafekeeperObjectKey.timelinePrefix(claim.tenant, claim.timeline))
    }
    return WALRange(requests: requests, claims: Array(claims))
  }

  /// Reads some more claims; false at the end.
  private mutating func fill(_ source: any ClaimSource) async throws(ClaimSourceError) -> Bool {
    guard !isSourceAtEnd, let batch = try await source.next() else {
      isSourceAtEnd = true
      return false
    }
    pending += batch.claims
    findings += batch.findings
    return true
  }
}
