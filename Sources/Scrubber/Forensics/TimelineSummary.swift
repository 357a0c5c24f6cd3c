import IndexFormat

/// What is told of a timeline on one shard in a list, also where its index cannot be read.
struct TimelineSummary: Sendable {
  enum State: String, Sendable, CaseIterable {
    /// Nothing special.
    case active
    case deleting
    case archived
    case offloaded
    case invisible
    /// Data of a data directory is being taken in.
    case importing
    /// The index says that GC must not run.
    case gcBlocked = "gc-blocked"
    /// It has an ancestor no more, or another one than at first.
    case detached
    /// There are layers, but no index.
    case noIndex = "no-index"
    case damagedIndex = "damaged-index"
    /// The store gave no answer.
    case unknown
  }

  let shard: ShardIndex
  let id: TimelineID
  /// In the order of `State`; never empty.
  let states: [State]
  /// Nil if the index cannot be read.
  let view: TimelineView?
  /// Of the index, also of one that cannot be read.
  let generation: Generation?
  /// Why the index cannot be read.
  var problem: String?
  /// Where it branched off, also by the manifest.
  let ancestor: (timeline: TimelineID, lsn: Lsn)?

  init(_ id: TimelineID, on shard: ShardIndex, in tenant: TenantView) {
    self.id = id
    self.shard = shard
    let found = tenant.contents.timeline(shard, id)
    let entry = tenant.contents.shards[shard]?.manifest.value?.offloadedTimelines.first { $0.timeline == id }
    generation = found?.chosen?.generation
    var states: [State] = []
    var view: TimelineView?
    do throws(ScanFailure) {
      view = try tenant.timeline(id, on: shard)
    } catch {
      problem = error.message
      states.append(
        error.exitCode == .damage ? .damagedIndex : error.exitCode == .nothingMatched ? .noIndex : .unknown
      )
    }
    if let index = view?.index { states += Self.states(index) }
    if entry != nil { states.append(.offloaded) }
    let order = State.allCases
    self.states =
      states.isEmpty
      ? [.active] : states.sorted { (order.firstIndex(of: $0) ?? 0) < (order.firstIndex(of: $1) ?? 0) }
    self.view = view
    ancestor =
      view?.ancestor
      ?? (view == nil ? entry?.ancestorTimeline.map { ($0, entry?.ancestorRetainLsn ?? .invalid) } : nil)
  }

  private static func states(_ index: IndexPart) -> [State] {
    var states: [State] = []
    if index.deletedAt != nil { states.append(.deleting) }
    if index.archivedAt != nil { states.append(.archived) }
    if index.markedInvisibleAt != nil { states.append(.invisible) }
    if index.importPgdata?.state == .inProgress { states.append(.importing) }
    if index.gcBlocking.map({ !$0.reasons.isEmpty }) ?? false { states.append(.gcBlocked) }
    if index.lineage.originalAncestor != nil { states.append(.detached) }
    return states
  }

  /// Every timeline of a tenant, those first that have none to come before; on each shard.
  static func all(in tenant: TenantView, only wanted: TimelineID? = nil) -> [TimelineSummary] {
    var summaries: [TimelineSummary] = []
    for id in tenant.timelineIDs where wanted == nil || wanted == id {
      for shard in tenant.shards
      where tenant.inventory.shard(shard)?.timeline(id).map({ !$0.isOnlyArchives }) ?? false {
        summaries.append(TimelineSummary(id, on: shard, in: tenant))
      }
    }
    return summaries
  }

  var exitCode: ExitCode {
    if states.contains(.damagedIndex) { return .damage }
    return states.contains(.unknown) ? .couldNotFinish : .ok
  }

  var stateText: String { states.map(\.rawValue).joined(separator: ", ") }
}

extension ExitCode {
  /// Of two parts of a work, what counts for the whole: damage before not having been able to look.
  static func worse(_ left: ExitCode, _ right: ExitCode) -> ExitCode {
    let order: [ExitCode] = [.interrupted, .damage, .couldNotFinish, .nothingMatched, .needsRedo]
    return order.first { $0 == left || $0 == right } ?? left
  }
}
