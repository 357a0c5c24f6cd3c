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
    /// At the end of its units, shard by shard.
    var replays: [Replay] = []
  }

  struct Replay: Sendable {
    var replay: ShardReplay
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
      /// There is no WAL that leads on from its base.
      case noWAL = "no-wal"
      /// What replays are to begin with does not have it.
      case noBase = "no-base"
      /// Its base has all that it has.
      case nothingSince = "nothing-since"
      /// How it was ingested is not supported.
      case unsupported
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
  /// Timelines that are verified, but not replayed.
  let unreplayed: [Omission]
  /// What to say beside the results.
  let warnings: [String]
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
    _ timelines: [WholeTimeline],
    _ replays: ReplayDrafts?
  ) {
    self.tenant = tenant
    self.options = options
    self.parts = parts
    self.units = units
    self.omissions = omissions
    unreplayed = replays?.omissions ?? []
    warnings = Self.warnings(options, parts, timelines) + (replays?.notes ?? [])
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

  /// Does a unit. Throws what keeps all from being done.
  func run(_ unit: Int) async throws(ScanFailure) -> VerificationResult {
    guard let part = part(of: unit) else { return VerificationResult() }
    if let place = part.replays.first(where: { $0.units.contains(unit) }) {
      do throws(ReplayFailure) {
        return try await place.replay.run(unit - place.units.lowerBound)
      } catch {
        throw ScanFailure(error)
      }
    }
    do throws(ReadError) {
      return try await part.verification.run(units[unit])
    } catch {
      throw ScanFailure(error)
    }
  }

  /// LSNs that were asked for and of which values may be gone.
  private static func warnings(
    _ options: VerifyOptions,
    _ parts: [Part],
    _ timelines: [WholeTimeline]
  ) -> [String] {
    guard !options.lsns.isEmpty else { return [] }
    return parts.flatMap { part in
      let place = timelines.first { $0.first.view.id == part.timeline }
      return part.lsns.compactMap { place?.warning(of: $0) }
    }
  }

  // MARK: Making it

  /// Opens the timelines of a tenant, replays their WAL, and reads what there is to verify.
  ///
  /// - Parameter setup: nil if nothing is replayed.
  static func make(
    _ tenant: TenantView,
    _ options: VerifyOptions,
    _ setup: ReplaySetup? = nil
  ) async throws(ScanFailure) -> VerifyPlan {
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
    var own: [[VerificationUnit]] = []
    var omissions = opened.omissions
    var drafts = setup.map { ReplayDrafts(tenant, options, $0, opened.timelines) }
    for place in opened.timelines {
      let lsns = opened.lsns(of: place, options)
      guard !lsns.isEmpty else {
        let reason = "it goes from \(opened.start(of: place)) to \(place.lastLsn)"
        omissions.append(Omission(timeline: place.first.view.id, kind: .otherLsns, reason: reason))
        continue
      }
      let verification = try verification(of: place, options)
      do throws(ReadError) {
        own.append(try await verification.units(levels: options.levels, at: lsns))
      } catch {
        throw ScanFailure(error)
      }
      parts.append(Part(timeline: place.first.view.id, lsns: lsns, verification: verification, units: 0..<0))
      try await drafts?.add(place, at: lsns)
    }
    try checkAnything(parts, omissions, options, tenant)
    if let drafts { try checkReplays(drafts, options) }
    let replays = try await replay(drafts, options, setup)
    let units = put(own, replays, into: &parts)
    omissions.sort { $0.timeline < $1.timeline }
    return VerifyPlan(tenant, options, parts, units, omissions, opened.timelines, drafts)
  }

  private static func replay(
    _ drafts: ReplayDrafts?,
    _ options: VerifyOptions,
    _ setup: ReplaySetup?
  ) async throws(ScanFailure) -> [ShardReplay] {
    guard let drafts, let setup else { return [] }
    setup.begin(drafts.drafts)
    return try await ReplayPreparation(drafts.drafts, options, scratch: setup.scratch).run()
  }

  /// Puts the units of all parts into one order.
  ///
  /// - Parameter own: of each part those that are no replays.
  private static func put(
    _ own: [[VerificationUnit]],
    _ replays: [ShardReplay],
    into parts: inout [Part]
  ) -> [VerificationUnit] {
    var units: [VerificationUnit] = []
    for index in parts.indices {
      let start = units.count
      units += own[index]
      for replay in replays where replay.draft.timeline.view.id == parts[index].timeline {
        let first = units.count
        units += replay.units
        parts[index].replays.append(Replay(replay: replay, units: first..<units.count))
      }
      parts[index].units = start..<units.count
    }
    return units
  }

  /// If nothing but replays was asked for, there must be one.
  private static func checkReplays(_ drafts: ReplayDrafts, _ options: VerifyOptions) throws(ScanFailure) {
    let isAnything =
      !drafts.drafts.isEmpty || options.levels != [.replay]
      || drafts.omissions.contains { $0.kind == .nothingSince }
    guard !isAnything else { return }
    let reasons = drafts.omissions.map { "timeline \($0.timeline): \($0.reason)" }
    throw ScanFailure(
      message: "there is nothing to replay: \(reasons.joined(separator: "; "))",
      exitCode: .nothingMatched
    )
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
