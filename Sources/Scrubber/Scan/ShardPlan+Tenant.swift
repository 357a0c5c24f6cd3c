import IndexFormat

extension ShardPlan {
  /// The plan of a tenant by what was listed and read of it.
  init(_ inventory: TenantInventory, _ contents: TenantContents, _ facts: [ShardIndex: ShardFacts]) {
    // A folder that holds nothing but initdb archives is no shard: all shards keep them in the unsharded
    // folder.
    let shards = inventory.shards.filter(\.isShard)
    self.init(
      shards: (shards.isEmpty ? inventory.shards : shards).map(\.index),
      isActive: { Self.isActive($0, inventory, contents) },
      newestGeneration: { facts[$0]?.newestGeneration ?? .none }
    )
  }

  /// Whether a shard has gone on since it was split: layers of its own, or data beyond its parent's.
  private static func isActive(
    _ shard: ShardIndex,
    _ inventory: TenantInventory,
    _ contents: TenantContents
  ) -> Bool {
    if inventory.shard(shard)?.timelines.contains(where: { !$0.layers.isEmpty }) ?? false { return true }
    let parents = inventory.shards.map(\.index).filter { $0 != shard && shard.descends(from: $0) }
    guard let parent = parents.max(), let own = contents.shards[shard] else { return false }
    return own.timelines.contains { id, timeline in
      guard let end = timeline.index.value?.diskConsistentLsn,
        let parentEnd = contents.timeline(parent, id)?.index.value?.diskConsistentLsn
      else { return false }
      return end > parentEnd
    }
  }
}
