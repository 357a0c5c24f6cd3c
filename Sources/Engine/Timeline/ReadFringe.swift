import IndexFormat

/// A layer to be read for some keys, from `floor` up to, not including, `ceiling`.
struct ReadPart: Sendable {
  struct ID: Hashable, Sendable {
    var layer: LayerMap.Position
    var floor: Lsn
    var ceiling: Lsn

    /// The highest ceiling first; then the lower floor.
    static func isBefore(_ left: ID, _ right: ID) -> Bool {
      if left.ceiling != right.ceiling { return left.ceiling > right.ceiling }
      if left.floor != right.floor { return left.floor < right.floor }
      return left.layer < right.layer
    }
  }

  var id: ID
  var keys: KeySpace
}

/// Layers that are still to be read on one timeline: a heap, and the keys of each. Keys that come to the same layer at
/// the same LSNs on different ways are read together.
struct ReadFringe {
  private var heap: [ReadPart.ID] = []
  private var keys: [ReadPart.ID: KeySpace] = [:]

  var isEmpty: Bool { heap.isEmpty }

  mutating func insert(_ part: ReadPart) {
    if let known = keys[part.id] {
      keys[part.id] = known.union(part.keys)
      return
    }
    keys[part.id] = part.keys
    heap.append(part.id)
    var child = heap.count - 1
    while child > 0, ReadPart.ID.isBefore(heap[child], heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// The next parts that can be read side by side. What follows from reading a part lies at or below its floor, so it
  /// can never join a part whose ceiling is above that: such parts have all the keys that they will ever have.
  mutating func takeNext(_ limit: Int) -> [ReadPart] {
    var parts: [ReadPart] = []
    var floor = Lsn(0)
    while let first = heap.first, parts.isEmpty || (parts.count < limit && first.ceiling > floor) {
      floor = max(floor, first.floor)
      parts.append(ReadPart(id: first, keys: keys.removeValue(forKey: first) ?? KeySpace()))
      removeFirst()
    }
    return parts
  }

  private mutating func removeFirst() {
    guard let last = heap.popLast(), !heap.isEmpty else { return }
    heap[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { return }
      if child + 1 < heap.count, ReadPart.ID.isBefore(heap[child + 1], heap[child]) { child += 1 }
      guard ReadPart.ID.isBefore(heap[child], heap[parent]) else { return }
      heap.swapAt(child, parent)
      parent = child
    }
  }
}
