import IndexFormat

/// Which of a tenant's shards serve it, which are left of before a split, and which are lost.
struct ShardPlan: Sendable, Equatable {
  /// The shards whose indices count.
  var current: [ShardIndex] = []
  /// Shards of before a split: they lend layers to the current ones.
  var ancestors: [ShardIndex] = []
  /// Children of a split that is under way or was given up: copies of their parent, which still serves.
  var unborn: [ShardIndex] = []
  /// Shards that should be there and are not.
  var missing: [ShardIndex] = []
  /// Shards whose number is not below their count.
  var impossible: [ShardIndex] = []

  /// - Parameters:
  ///   - isActive: Whether a shard has gone on since it was split from its parent.
  ///   - newestGeneration: The latest generation that is known of a shard.
  init(
    shards: [ShardIndex],
    isActive: (ShardIndex) -> Bool,
    newestGeneration: (ShardIndex) -> Generation = { _ in .none }
  ) {
    impossible = shards.filter { !$0.isPossible }
    let possible = shards.filter(\.isPossible)
    guard let top = possible.map(\.count).max() else { return }
    let newest = possible.filter { $0.count == top }
    let older = possible.filter { $0.count < top }
    let active = older.isEmpty ? [] : Set(newest.filter(isActive))
    let present = Set(newest)
    var serving = Set<ShardIndex>()
    for number in 0..<UInt8(max(1, Int(top))) {
      let shard = ShardIndex(number: number, count: top)
      let parent = older.filter { shard.parent(count: $0.count) == $0 }.max()
      let siblings = parent?.children(count: top).filter(present.contains) ?? []
      if let parent, Self.outlives(parent, siblings, newestGeneration) {
        serving.insert(parent)
        unborn += siblings
        continue
      }
      guard !present.contains(shard) else { continue }
      // A shard that is not there was either never made, its parent still serving, or is lost. It was never
      // made if none of the children of the same parent has done anything yet: they are all made before one
      // begins to work.
      if let parent, !siblings.contains(where: active.contains) {
        serving.insert(parent)
        unborn += siblings
      } else {
        missing.append(shard)
      }
    }
    unborn = Set(unborn).sorted()
    let waiting = Set(unborn)
    current = (newest.filter { !waiting.contains($0) } + serving).sorted()
    ancestors = older.filter { !serving.contains($0) }.sorted()
  }

  /// Whether a shard was attached anew after its children had been made: the split was taken back. Children
  /// begin with the generation of their parent, and after a split nobody attaches the parent any more.
  private static func outlives(
    _ parent: ShardIndex,
    _ children: [ShardIndex],
    _ newestGeneration: (ShardIndex) -> Generation
  ) -> Bool {
    guard let newest = children.map(newestGeneration).max() else { return false }
    return newestGeneration(parent) > newest
  }
}

extension ShardIndex {
  /// Whether the number is one that the count allows.
  var isPossible: Bool { Int(number) < effectiveCount }

  /// Whether `other` is this shard or one that it was split from.
  func descends(from other: ShardIndex) -> Bool {
    other == self || other.count < count && parent(count: other.count) == other
  }
}
