import IndexFormat

/// What is wrong with how a timeline's layers cover keys and LSNs.
enum LayerMapProblem: Equatable {
  /// Two deltas hold the same keys over the same LSNs.
  case overlap(LayerName, LayerName)
  /// No delta covers the LSNs from `start` up to `end`.
  case gap(start: Lsn, end: Lsn, before: LayerName)
}

/// Checks a layer map as a whole. Pure functions of the names.
enum LayerMapSweep {
  /// Deltas that overlap in keys and LSNs; of several that overlap with one another, each pair with the
  /// first.
  ///
  /// Sweeps up the LSN axis and keeps the deltas that cover the present LSN sorted by key. They are disjoint
  /// as long as nothing is wrong, so each new one is compared with its two neighbours only: n log n, where
  /// comparing each with each takes minutes on a large timeline.
  static func overlaps(_ deltas: [LayerName]) -> [LayerMapProblem] {
    var problems: [LayerMapProblem] = []
    // By key, disjoint.
    var active: [LayerName] = []
    for delta in deltas.sorted(by: { ($0.startLsn, $0.endLsn) < ($1.startLsn, $1.endLsn) }) {
      insert(delta, into: &active, &problems)
    }
    return problems
  }

  private static func insert(
    _ delta: LayerName,
    into active: inout [LayerName],
    _ problems: inout [LayerMapProblem]
  ) {
    // Where the deltas begin that end, in keys, behind this one's start.
    var low = 0
    var high = active.count
    while low < high {
      let middle = low + (high - low) / 2
      if active[middle].keys.end <= delta.keys.start { low = middle + 1 } else { high = middle }
    }
    var end = low
    var isBlocked = false
    var kept: [LayerName] = []
    while end < active.count, active[end].keys.start < delta.keys.end {
      // Deltas that ended below this one's start are out of the way; they leave the sweep when somebody meets
      // them.
      if active[end].endLsn > delta.startLsn {
        kept.append(active[end])
        if !isBlocked { problems.append(.overlap(active[end], delta)) }
        isBlocked = true
      }
      end += 1
    }
    active.replaceSubrange(low..<end, with: isBlocked ? kept : [delta])
  }

  /// Stretches of LSNs above `floor` that no delta covers, between the first layer and the last delta.
  ///
  /// - Parameter floor: where GC has been: below it, history may have holes.
  static func gaps(_ layers: [IndexLayer], above floor: Lsn) -> [LayerMapProblem] {
    var problems: [LayerMapProblem] = []
    var covered: Lsn?
    for delta in layers.lazy.map(\.name).filter(\.isDelta).sorted(by: { $0.startLsn < $1.startLsn }) {
      if let covered, delta.startLsn > covered, delta.startLsn > floor {
        problems.append(.gap(start: covered, end: delta.startLsn, before: delta))
      }
      covered = max(covered ?? delta.endLsn, delta.endLsn)
    }
    return problems
  }
}
