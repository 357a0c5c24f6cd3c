import IndexFormat

/// A text drawing of layers: keys from left to right, LSNs from the bottom up.
///
/// Only the order of keys and LSNs counts, not their distance: each key at which a layer begins or ends takes one
/// column, each such LSN one row. If there are more than fit, neighbours share one. So any number of layers gives a
/// drawing of bounded size.
///
/// | character | what is there |
/// |---|---|
/// | `=` | an image |
/// | `:` | a delta |
/// | `.` | only L0 deltas |
/// | `#` | an image and a delta that share a place |
struct LayerDrawing {
  static let maximumRows = 60
  static let legend = "= image   : delta   . L0   # image and delta"

  let layers: [LayerName]
  private let keys: [Key]
  private let lsns: [Lsn]
  private let columnCount: Int
  private let rowCount: Int

  /// - Parameter width: characters of a line.
  init(_ layers: [LayerName], width: Int) {
    self.layers = layers.filter(\.hasValidRanges)
    keys = Set(self.layers.flatMap { [$0.keys.start, $0.keys.end] }).sorted()
    // An image takes the row of its LSN; where a delta ends, nothing of it is.
    lsns = Set(
      self.layers.flatMap { $0.isDelta ? [$0.startLsn, $0.endLsn] : [$0.startLsn, $0.startLsn.successor] }
    )
    .sorted()
    columnCount = min(max(1, keys.count - 1), max(10, width - Self.labelWidth))
    rowCount = min(max(1, lsns.count - 1), Self.maximumRows)
  }

  private static let labelWidth = 19

  private struct Cell {
    var hasImage = false
    var hasDelta = false
    var hasL0 = false

    var character: Character {
      if hasImage { return hasDelta ? "#" : "=" }
      return hasDelta ? ":" : hasL0 ? "." : " "
    }
  }

  var lines: [String] {
    guard !layers.isEmpty else { return [] }
    var grid = [Cell](repeating: Cell(), count: columnCount * rowCount)
    for layer in layers {
      for row in span(lsns, layer.startLsn, layer.isDelta ? layer.endLsn : layer.startLsn.successor, rowCount)
      {
        for column in span(keys, layer.keys.start, layer.keys.end, columnCount) {
          let cell = row * columnCount + column
          if !layer.isDelta {
            grid[cell].hasImage = true
          } else if layer.isL0 {
            grid[cell].hasL0 = true
          } else {
            grid[cell].hasDelta = true
          }
        }
      }
    }
    var lines: [String] = []
    for row in (0..<rowCount).reversed() {
      let text = String(grid[row * columnCount..<(row + 1) * columnCount].map(\.character))
      let label = "\(lsns[row * (lsns.count - 1) / rowCount])"
      lines.append(String(repeating: " ", count: max(0, 17 - label.count)) + label + " |" + text)
    }
    return lines + [String(repeating: " ", count: 18) + "+" + String(repeating: "-", count: columnCount)]
  }

  /// What stands at the left end of some columns.
  var marks: [String] {
    guard !layers.isEmpty else { return [] }
    let count = min(6, columnCount)
    return (0..<count).map { number in
      let column = number * columnCount / count
      return "column \(column): \(keys[column * (keys.count - 1) / columnCount].described)"
    }
  }

  /// The rows or columns that a range takes, at least one.
  private func span<Value: Comparable>(_ all: [Value], _ start: Value, _ end: Value, _ count: Int) -> Range<
    Int
  > {
    let steps = max(1, all.count - 1)
    let low = Self.position(of: start, in: all) * count / steps
    let high = (Self.position(of: end, in: all) * count + steps - 1) / steps
    return min(low, count - 1)..<min(max(high, low + 1), count)
  }

  private static func position<Value: Comparable>(of value: Value, in all: [Value]) -> Int {
    var low = 0
    var high = all.count
    while low < high {
      let middle = low + (high - low) / 2
      if all[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
