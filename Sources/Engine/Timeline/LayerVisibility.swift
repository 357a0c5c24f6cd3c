import IndexFormat

/// Which layers reads may still need, at the tip of a timeline and where others branch off it.
///
/// Goes down the LSNs with the set of keys that images above have: a *shadow*. A point from which somebody reads wipes
/// it. At one LSN points come first, then images, then deltas.
///
/// | layer | visible if |
/// |---|---|
/// | image | it has keys outside of the shadow, which it is then added to |
/// | delta | not all its keys lie in the shadow, or somebody reads at an LSN within it |
///
/// Source: `get_visibility` in `pageserver/src/tenant/layer_map.rs`.
public struct LayerVisibility: Sendable {
  /// By position in the map.
  public private(set) var isVisible: [Bool]
  /// The keys that images above the last layer have.
  public private(set) var shadow = KeySpace()

  private enum Step {
    case readPoint
    case image(Int)
    case delta(Int)

    /// Higher ones come first at an LSN.
    var rank: (Int, Int) {
      switch self {
      case .readPoint: (2, 0)
      case .image(let position): (1, -position)
      case .delta(let position): (0, -position)
      }
    }
  }

  /// - Parameter readPoints: LSNs at which somebody reads: branch points, leases. The tip is one without being named.
  public init(_ map: LayerMap, readPoints: [Lsn]) {
    isVisible = [Bool](repeating: false, count: map.layers.count)
    var steps: [(lsn: Lsn, step: Step)] = readPoints.map { ($0, .readPoint) }
    for (position, layer) in map.layers.enumerated() {
      let name = layer.name
      let last = Lsn(max(name.endLsn.value, 1) - 1)
      steps.append(name.isDelta ? (last, .delta(position)) : (name.startLsn, .image(position)))
    }
    steps.sort { left, right in
      left.lsn == right.lsn ? left.step.rank > right.step.rank : left.lsn > right.lsn
    }
    let points = readPoints.sorted()
    for (lsn, step) in steps {
      switch step {
      case .readPoint: shadow = KeySpace()
      case .image(let position):
        let keys = KeySpace(map.layers[position].name.keys)
        isVisible[position] = !keys.subtracting(shadow).isEmpty
        if isVisible[position] { shadow = shadow.union(keys) }
      case .delta(let position):
        let name = map.layers[position].name
        isVisible[position] =
          !shadow.containsAll(of: name.keys) || Self.hasPoint(points, in: name.startLsn, through: lsn)
      }
    }
  }

  private static func hasPoint(_ ascending: [Lsn], in start: Lsn, through last: Lsn) -> Bool {
    var low = 0
    var high = ascending.count
    while low < high {
      let middle = low + (high - low) / 2
      if ascending[middle] < start { low = middle + 1 } else { high = middle }
    }
    return low < ascending.count && ascending[low] <= last
  }
}
