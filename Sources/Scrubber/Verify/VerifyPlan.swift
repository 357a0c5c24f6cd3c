import Engine
import IndexFormat

/// What is verified: timelines with their LSNs, and units of work in the order of the report.
final class VerifyPlan: Sendable {
  struct Part: Sendable {
    var timeline: TimelineID
    var lsns: [Lsn]
    var verification: Verification
    /// Where its units stand.
    var units: Range<Int>
  }

  /// A timeline that is not verified, or not wholly, and why.
  struct Omission: Sendable, Equatable {
    enum Kind: String, Sendable {
      /// It is being deleted: layers may be gone.
      case deleted
      /// None of the LSNs asked for lies in it.
      case otherLsns = "other-lsns"
      /// Its index is not there, damaged, or not to be had.
      case unreadable
    }

    var timeline: TimelineID
    var kind: Kind
    var reason: String
  }

  let tenant: TenantView
  let options: VerifyOptions
  let parts: [Part]
  let units: [VerificationUnit]
  let omissions: [Omission]
  /// Of the layers that the indices name, ancestors' too.
  let layerCount: Int
  let layerByteCount: UInt64
  let fingerprint: String

  private init(
    _ tenant: TenantView,
    _ options: VerifyOptions,
    _ parts: [Part],
    _ units: [VerificationUnit],
    _ omissions: [Omission],
    _ timelines: [WholeTimeline]
  ) {
    self.tenant = tenant
    self.options = options
    self.parts = parts
    self.units = units
    self.omissions = omissions
    var sizes: [String: UInt64] = [:]
    for place in timelines.flatMap(\.shards) {
      for link in place.chain {
        for layer in link.timeline.layers { sizes[layer.key] = layer.layer.fileSize }
      }
    }
    layerCount = sizes.count
    layerByteCount = sizes.values.reduce(0) { $0.saturatingSum($1) }
    fingerprint = VerifyFingerprint.text(tenant, options, parts, timelines, unitCount: units.count)
  }

  var totalWeight: UInt64 { units.reduce(0) { $0.saturatingSum($1.weight) } }

  /// The part that a unit belongs to.
  func part(of unit: Int) -> Part? { parts.first { $0.units.contains(unit) } }

  // MARK: Making it

  /// Opens the timelines of a tenant, and reads what there is to verify.
  static func make(_ tenant: TenantView, _ options: VerifyOptions) async throws(ScanFailure) -> VerifyPlan {
    let found = tenant.timelineIDs
    for wanted in options.timelines { _ = try tenant.timelineID(wanted) }
    guard !found.isEmpty else {
      throw ScanFailure(
        message: "\(tenant.bucket.location): tenant \(tenant.tenant) has no timelines",
        exitCode: .nothingMatched
      )
    }
    let opened = try OpenTimelines(found, tenant, options)
    var parts: [Part] = []
    var units: [VerificationUnit] = []
    var omissions = opened.omissions
    for place in opened.timelines {
      let lsns = opened.lsns(of: place, options)
      guard !lsns.isEmpty else {
        let reason = "it goes from \(opened.start(of: place)) to \(place.lastLsn)"
        omissions.append(Omission(timeline: place.first.view.id, kind: .otherLsns, reason: reason))
        continue
      }
      let verification = try verification(of: place, options)
      let own: [VerificationUnit]
      do throws(ReadError) {
        own = try await verification.units(levels: options.levels, at: lsns)
      } catch {
        throw ScanFailure(error)
      }
      let range = units.count..<units.count + own.count
      parts.append(Part(timeline: place.first.view.id, lsns: lsns, verification: verification, units: range))
      units += own
    }
    try checkAnything(parts, omissions, options, tenant)
    omissions.sort { $0.timeline < $1.timeline }
    return VerifyPlan(tenant, options, parts, units, omissions, opened.timelines)
  }

  private static func verification(
    of place: WholeTimeline,
    _ options: VerifyOptions
  ) throws(ScanFailure) -> Verification {
    var shards: [VerifiedShard] = []
    for shard in place.shards {
      let cutoff = shard.view.index.metadata.latestGcCutoffLsn
      shards.append(VerifiedShard(shard.timeline, try shard.catalog(), gcCutoff: cutoff))
    }
    guard let verification = Verification(shards, options.verification) else {
      throw ScanFailure(message: "timeline \(place.first.view.id) has no shards", exitCode: .nothingMatched)
    }
    return verification
  }

  private static func checkAnything(
    _ parts: [Part],
    _ omissions: [Omission],
    _ options: VerifyOptions,
    _ tenant: TenantView
  ) throws(ScanFailure) {
    // Each LSN that was asked for must lie somewhere: a mistyped one must not look like a healthy timeline.
    for lsn in options.lsns where !parts.contains(where: { $0.lsns.contains(lsn) }) {
      let ranges = omissions.filter { $0.kind == .otherLsns }.map { "\($0.timeline): \($0.reason)" }
      throw ScanFailure(
        message: "LSN \(lsn) lies in no timeline that is verified",
        hint: ranges.isEmpty ? nil : ranges.prefix(10).joined(separator: "; ") + ".",
        exitCode: .nothingMatched
      )
    }
    guard parts.isEmpty else { return }
    let reasons = omissions.map { "timeline \($0.timeline): \($0.reason)" }
    let isDamage = omissions.contains { $0.kind == .unreadable }
    throw ScanFailure(
      message: "\(tenant.bucket.location): there is nothing to verify: \(reasons.joined(separator: "; "))",
      exitCode: isDamage ? .couldNotFinish : .nothingMatched
    )
  }
}

/// The timelines that are verified, opened.
private struct OpenTimelines {
  var timelines: [WholeTimeline] = []
  var omissions: [VerifyPlan.Omission] = []
  /// Of all timelines that can be read: where others branch off.
  private var branchPoints: [TimelineID: [Lsn]] = [:]
  private let isChosen: Bool

  init(_ found: [TimelineID], _ tenant: TenantView, _ options: VerifyOptions) throws(ScanFailure) {
    isChosen = !options.timelines.isEmpty
    let store = LayerStore(source: tenant.source, cache: BlockCache(byteBudget: options.cacheByteCount))
    for id in found {
      let isWanted = options.timelines.isEmpty || options.timelines.contains(id)
      do throws(ScanFailure) {
        let place = try WholeTimeline(id, in: tenant, store: store)
        let index = place.first.view.index
        if let ancestor = place.first.view.ancestor, index.deletedAt == nil {
          branchPoints[ancestor.timeline, default: []].append(ancestor.lsn)
        }
        guard isWanted else { continue }
        if index.deletedAt != nil {
          omissions.append(
            .init(timeline: id, kind: .deleted, reason: "it is being deleted, and layers may be gone")
          )
        } else {
          timelines.append(place)
        }
      } catch {
        guard isWanted else { continue }
        if isChosen || error.exitCode == .interrupted { throw error }
        omissions.append(.init(timeline: id, kind: .unreadable, reason: error.message))
      }
    }
  }

  /// Where a timeline's own data begins.
  func start(of place: WholeTimeline) -> Lsn { place.first.view.ancestor?.lsn ?? place.firstLsn }

  /// The LSNs to verify a timeline at, in ascending order.
  func lsns(of place: WholeTimeline, _ options: VerifyOptions) -> [Lsn] {
    let (start, end) = (start(of: place), place.lastLsn)
    guard options.lsns.isEmpty else {
      // Below a branch point it is the ancestor's data, unless the branch was asked for by name.
      let first = isChosen ? place.firstLsn : start
      return Set(options.lsns.filter { first <= $0 && $0 <= end }).sorted()
    }
    let cutoff = place.shards.map(\.view.index.metadata.latestGcCutoffLsn).max() ?? .invalid
    return Verification.points(
      from: start,
      to: end,
      branchPoints: branchPoints[place.first.view.id] ?? [],
      gcCutoff: cutoff
    )
  }
}
