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
  /// Deltas that overlap in keys and LSNs: each with one that begins before it, the one that reaches highest.
  ///
  /// Sweeps up the LSN axis and notes for each stretch of keys how high it is covered, in a tree: n log n for
  /// any set of layers, where comparing each with each takes minutes on a large timeline.
  static func overlaps(_ deltas: [LayerName]) -> [LayerMapProblem] {
    var problems: [LayerMapProblem] = []
    let deltas = deltas.sorted { ($0.startLsn, $0.endLsn, $0) < ($1.startLsn, $1.endLsn, $1) }
    var cover = KeyCover(deltas)
    for (position, delta) in deltas.enumerated() {
      // Named twice: that is another finding.
      if position > 0, deltas[position - 1] == delta { continue }
      if let earlier = cover.highest(in: delta.keys), earlier.endLsn > delta.startLsn {
        problems.append(.overlap(earlier, delta))
      }
      cover.add(position)
    }
    return problems
  }

  /// Stretches of LSNs above `floor` that no delta covers, up to the last delta.
  ///
  /// - Parameters:
  ///   - start: where the deltas of a branch begin: behind its branch point. Of a root timeline the first delta says.
  ///   - floor: where GC has been: below it, history may have holes.
  static func gaps(_ layers: [IndexLayer], from start: Lsn? = nil, above floor: Lsn) -> [LayerMapProblem] {
    var problems: [LayerMapProblem] = []
    var covered = start
    for delta in layers.lazy.map(\.name).filter(\.isDelta).sorted(by: { $0.startLsn < $1.startLsn }) {
      if let covered, delta.startLsn > covered, delta.startLsn > floor {
        problems.append(.gap(start: covered, end: delta.startLsn, before: delta))
      }
      covered = max(covered ?? delta.endLsn, delta.endLsn)
    }
    return problems
  }
}

/// Which of the layers so far reaches highest, for each key.
///
/// A segment tree over the stretches between the keys at which some layer begins or ends. A layer is noted at
/// the few nodes that make up its key range, and at those above them for questions about wider ranges.
private struct KeyCover {
  private let layers: [LayerName]
  private let bounds: [Key]
  /// A power of two, at least as many as there are stretches: where the leaves begin.
  private let width: Int
  /// The position of the layer noted for all keys of a node, or `none`.
  private var whole: [UInt32]
  /// That of the highest layer noted for any key of a node, or `none`.
  private var any: [UInt32]

  private static let none = UInt32.max

  init(_ layers: [LayerName]) {
    var bounds = layers.flatMap { [$0.keys.start, $0.keys.end] }.sorted()
    var count = 0
    for key in bounds where count == 0 || bounds[count - 1] != key {
      bounds[count] = key
      count += 1
    }
    bounds.removeSubrange(count...)
    var width = 1
    while width < bounds.count { width *= 2 }
    self.layers = layers
    self.bounds = bounds
    self.width = width
    whole = Array(repeating: Self.none, count: 2 * width)
    any = whole
  }

  mutating func add(_ position: Int) {
    let layer = UInt32(clamping: position)
    let ends = leaves(layers[position].keys)
    guard !ends.isEmpty else { return }
    var (low, high) = (ends.lowerBound, ends.upperBound)
    while low < high {
      if low % 2 == 1 {
        note(layer, at: low)
        low += 1
      }
      if high % 2 == 1 {
        high -= 1
        note(layer, at: high)
      }
      low /= 2
      high /= 2
    }
    for var node in [ends.lowerBound, ends.upperBound - 1] {
      while node > 0 {
        any[node] = higher(any[node], layer)
        node /= 2
      }
    }
  }

  /// The layer that reaches highest of those that have keys in a range.
  func highest(in keys: KeyRange) -> LayerName? {
    let ends = leaves(keys)
    guard !ends.isEmpty else { return nil }
    var (low, high) = (ends.lowerBound, ends.upperBound)
    var best = Self.none
    for var node in [low, high - 1] {
      while node > 0 {
        best = higher(best, whole[node])
        node /= 2
      }
    }
    while low < high {
      if low % 2 == 1 {
        best = higher(best, any[low])
        low += 1
      }
      if high % 2 == 1 {
        high -= 1
        best = higher(best, any[high])
      }
      low /= 2
      high /= 2
    }
    return best == Self.none ? nil : layers[Int(best)]
  }

  private mutating func note(_ layer: UInt32, at node: Int) {
    whole[node] = higher(whole[node], layer)
    any[node] = higher(any[node], layer)
  }

  /// Of two that reach equally high, the one that was noted first.
  private func higher(_ one: UInt32, _ other: UInt32) -> UInt32 {
    if one == Self.none { return other }
    if other == Self.none { return one }
    return layers[Int(one)].endLsn >= layers[Int(other)].endLsn ? one : other
  }

  /// The leaves of a range of keys, both of whose ends are among `bounds`.
  private func leaves(_ keys: KeyRange) -> Range<Int> {
    let low = stretch(keys.start) + width
    return low..<max(low, stretch(keys.end) + width)
  }

  /// The stretch that begins at a key.
  private func stretch(_ key: Key) -> Int {
    var low = 0
    var high = bounds.count
    while low < high {
      let middle = low + (high - low) / 2
      if bounds[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
