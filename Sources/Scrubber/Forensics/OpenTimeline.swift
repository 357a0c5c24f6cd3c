import Engine
import IndexFormat

/// A timeline of a bucket with all that reads of it need: its ancestors, where layers lie, and a cache. The only place
/// where what the bucket says becomes a timeline of the engine.
final class OpenTimeline: Sendable {
  typealias Link = (timeline: TimelineView, limit: Lsn?)

  let view: TimelineView
  /// The timeline and those that it is read through, as `TenantView.ancestry` has them.
  let chain: [Link]
  let timeline: Timeline

  /// Of the server whose WAL the timeline holds; nil if the index says none that is known.
  var version: PostgresVersion? { timeline.redo?.version }

  /// Index blocks of layers that are kept, unless told otherwise.
  static let defaultCacheByteCount = 64 << 20

  /// - Parameter cacheByteCount: of blocks of the layers' indices; values are not kept.
  convenience init(
    _ view: TimelineView,
    in tenant: TenantView,
    cacheByteCount: Int = OpenTimeline.defaultCacheByteCount
  ) throws(ScanFailure) {
    let store = LayerStore(source: tenant.source, cache: BlockCache(byteBudget: cacheByteCount))
    try self.init(view, in: tenant, store: store)
  }

  /// - Parameter store: opens the layers of the tenant. May be shared with other timelines of it.
  init(_ view: TimelineView, in tenant: TenantView, store: LayerStore) throws(ScanFailure) {
    self.view = view
    chain = try tenant.ancestry(of: view)
    let shard: ShardIdentity
    do throws(ShardIdentity.Invalid) {
      shard = try ShardIdentity(view.shard, stripeSize: tenant.stripeSize)
    } catch {
      throw ScanFailure(message: "shard \(view.tenantShard): \(error)", exitCode: .damage)
    }
    let rules = Self.rules(view.index)
    func open(_ view: TimelineView, _ ancestor: Timeline.Ancestor?) -> Timeline {
      Timeline(
        tenant: tenant.tenant,
        shard: shard,
        id: view.id,
        index: view.index,
        ancestor: ancestor,
        rules: rules,
        store: store,
        prefix: tenant.bucket.root.tenantsPrefix
      )
    }
    // From the root up to the timeline that is asked for.
    var last: Timeline?
    for link in chain.dropFirst().reversed() {
      last = open(link.timeline, Self.ancestor(last, of: link.timeline))
    }
    timeline = open(view, Self.ancestor(last, of: view))
  }

  private static func ancestor(_ timeline: Timeline?, of view: TimelineView) -> Timeline.Ancestor? {
    guard let timeline, let lsn = view.ancestor?.lsn else { return nil }
    return Timeline.Ancestor(timeline, at: lsn)
  }

  /// As the page servers read that wrote such an index.
  private static func rules(_ index: IndexPart) -> ReadRules {
    switch index.metadataForm {
    case .binary: .june2024
    case .object: .march2026
    }
  }

  /// What the timeline's values say of it.
  func catalog() throws(ScanFailure) -> TimelineCatalog {
    do throws(FormatError) {
      let policy = chain.dropFirst().lazy.compactMap { $0.timeline.index.lastAuxFilePolicy }.first
      return TimelineCatalog(
        timeline,
        try TimelineFacts(view.index, shard: timeline.shard, ancestorPolicy: policy)
      )
    } catch {
      throw ScanFailure(message: "\(view.object.object.key): \(error)", exitCode: .damage)
    }
  }

  /// Whether versions of the key in ancestors are the timeline's, too.
  func inherits(_ key: Key) -> Bool {
    key.isInherited && (timeline.rules.inheritsSparseKeys || !key.isSparse)
  }

  // MARK: What can be read

  /// The first LSN of the oldest of its ancestors; what was before was never in this tenant.
  var firstLsn: Lsn { chain.last?.timeline.index.metadata.initdbLsn ?? .invalid }

  /// Up to here all data is in layers; what came later is in WAL.
  var lastLsn: Lsn { view.index.diskConsistentLsn }

  /// The LSN to read at.
  ///
  /// - Parameter wanted: nil for the end of the timeline.
  func lsn(_ wanted: Lsn?, _ desk: CommandDesk) throws(ScanFailure) -> Lsn {
    guard let wanted else { return lastLsn }
    try Self.check(wanted, of: view.id, from: firstLsn, to: lastLsn)
    if let warning = warning(of: wanted) { desk.warn(warning) }
    return wanted
  }

  /// Refuses an LSN of which layers know nothing.
  static func check(
    _ lsn: Lsn,
    of timeline: TimelineID,
    from first: Lsn,
    to last: Lsn
  ) throws(ScanFailure) {
    guard lsn < first || lsn > last else { return }
    let side = lsn < first ? "before its beginning" : "behind its end"
    throw ScanFailure(
      message: "timeline \(timeline): LSN \(lsn) lies \(side)",
      hint: "What layers hold goes from \(first) to \(last).",
      exitCode: .nothingMatched
    )
  }

  /// What to say of an LSN whose values may be gone; nil if they are not.
  func warning(of lsn: Lsn) -> String? {
    // The timeline that the LSN belongs to: below a branch point that is the ancestor.
    let owner = chain.first { lsn >= $0.timeline.ancestor?.lsn ?? .invalid }?.timeline ?? view
    let cutoff = owner.index.metadata.latestGcCutoffLsn
    guard lsn < cutoff else { return nil }
    return "LSN \(lsn) is before the GC cutoff of timeline \(owner.id), \(cutoff): values may be gone"
  }
}

extension ScanFailure {
  /// A read that failed. What the index names and the bucket lacks is damage.
  init(_ error: ReadError) {
    let code: ExitCode =
      switch error {
      case .missingKey: .nothingMatched
      case .unreplayed(let value): value.hasBase ? .needsRedo : .damage
      case .redo, .damagedValue: .damage
      case .disagreement: .couldNotFinish
      case .cancelled: .interrupted
      case .layer(let error): ExitCode(error)
      }
    if code == .interrupted { self = .interrupted } else { self.init(message: "\(error)", exitCode: code) }
  }
}

extension ExitCode {
  init(_ error: LayerReadError) {
    self =
      switch error.cause {
      case .damaged, .summary: .damage
      case .noMemory: .couldNotFinish
      case .source(let error):
        switch error.kind {
        // The index names it, or says that it is longer.
        case .notFound, .shortRead: .damage
        case .cancelled: .interrupted
        case .badRequest, .accessDenied, .changed, .failed: .couldNotFinish
        }
      }
  }
}
