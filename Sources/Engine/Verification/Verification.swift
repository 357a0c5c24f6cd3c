import IndexFormat
import Synchronization

/// A timeline of one shard, as it is verified.
public struct VerifiedShard: Sendable {
  public var timeline: Timeline
  /// What this shard's layers hold, over `timeline`.
  public var catalog: TimelineCatalog
  /// The `latest_gc_cutoff_lsn` of its index: what is below may lack layers without anything being wrong.
  public var gcCutoff: Lsn

  public init(_ timeline: Timeline, _ catalog: TimelineCatalog, gcCutoff: Lsn) {
    self.timeline = timeline
    self.catalog = catalog
    self.gcCutoff = gcCutoff
  }
}

/// Asks of a timeline whether each of its values is right: plans units of work, and does them.
///
/// | level | unit | question |
/// |---|---|---|
/// | reconstruct | structure | do directories, sizes and maps fit each other, and the shards each other? |
/// | | catalog | do pg_class and the relations that there are fit each other? |
/// | | keys | can every value be rebuilt, and is it what it must be? |
/// | images | images | is each image what the history below it leads to? |
/// | | gaps | has each key a value that an image layer should have and does not? |
///
/// Units may be done in any order, by any number of tasks, each by one. Damage is a finding; what a store gave no
/// answer to is skipped, and counted so. What each level proves and what it cannot is in docs/verification.md.
public final class Verification: Sendable {
  /// In the order of their numbers.
  public let shards: [VerifiedShard]
  public let options: VerificationOptions
  /// Of all shards together.
  let catalog: TimelineCatalog
  let relations: RelationTables
  private let histories: Mutex<[(shard: ShardIndex, lsn: Lsn, timeline: Timeline)]>

  /// Histories that are kept: a layer map each.
  private static let historyLimit = 4

  /// Nil without shards, or with more than there can be.
  ///
  /// - Parameter shards: all of one timeline, in the order of their numbers.
  public init?(_ shards: [VerifiedShard], _ options: VerificationOptions = VerificationOptions()) {
    guard let first = shards.first,
      let union = ShardUnion(shards.map(\.timeline), stripeSize: first.timeline.shard.stripeSize)
    else { return nil }
    self.shards = shards
    self.options = options
    let source: any ValueSource = shards.count > 1 ? union : first.timeline
    catalog = TimelineCatalog(source, first.catalog.facts)
    relations = RelationTables(catalog)
    histories = Mutex([])
  }

  /// The LSNs to look at unless somebody names others: the end, where other timelines branch off, and the first LSN
  /// that GC has left.
  ///
  /// - Parameters:
  ///   - start: of the timeline: its ancestor's LSN or, without one, that of its first data.
  ///   - branchPoints: of other timelines whose ancestor this is.
  public static func points(
    from start: Lsn,
    to end: Lsn,
    branchPoints: some Sequence<Lsn>,
    gcCutoff: Lsn
  ) -> [Lsn] {
    // GC keeps what branches read, also below its cutoff.
    var points = branchPoints.filter { start <= $0 && $0 <= end }
    points.append(end)
    let horizon = max(start, gcCutoff)
    if horizon <= end { points.append(horizon) }
    points.sort()
    var unique: [Lsn] = []
    for point in points where unique.last != point { unique.append(point) }
    return unique
  }

  /// Does a unit. Throws for cancellation alone.
  public func run(_ unit: VerificationUnit) async throws(ReadError) -> VerificationResult {
    guard let shard = shards.first(where: { $0.timeline.shard.index == unit.shard }) else {
      return VerificationResult()
    }
    let results = VerificationResults(shard.timeline, limit: options.findingLimit)
    do throws(ReadError) {
      switch unit.work {
      case .structure(let lsn): try await StructureVerification(self, lsn, results).run()
      case .catalog(let database, let lsn):
        try await CatalogVerification(self, database, lsn, results).run()
      case .keys(let keys, let lsn), .gaps(let keys, let lsn):
        try await KeyVerification(self, shard, keys, lsn, results).run()
      case .images(let position, let keys):
        try await ImageVerification(self, shard, position, keys, results).run()
      case .replay: break
      }
    } catch {
      // What else is thrown has been told already.
      if error.isCancellation { throw error }
    }
    if Task.isCancelled { throw .cancelled }
    return results.finish()
  }

  /// A shard's timeline as if its image layers of one LSN were not there.
  func history(of shard: VerifiedShard, withoutImagesAt lsn: Lsn) -> Timeline {
    let index = shard.timeline.shard.index
    let known = histories.withLock { histories in
      histories.first { $0.shard == index && $0.lsn == lsn }?.timeline
    }
    if let known { return known }
    let timeline = shard.timeline.withoutImages(at: lsn)
    histories.withLock { histories in
      if histories.count >= Self.historyLimit { histories.removeFirst() }
      histories.append((index, lsn, timeline))
    }
    return timeline
  }
}
