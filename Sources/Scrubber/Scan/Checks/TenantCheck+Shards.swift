import IndexFormat

extension TenantCheck {
  /// Whether all shards are there, and what those of before a split are kept for.
  mutating func checkShards() {
    for shard in plan.impossible {
      report(
        .shardBadNumber,
        shard,
        message: "shard number is not below the shard count",
        seen: "\(shard.number)",
        expected: "0 to \(shard.effectiveCount - 1)"
      )
    }
    for shard in plan.missing {
      let tenantShard = TenantShardID(tenant: inventory.tenant, shard: shard)
      report(
        .shardMissing,
        shard,
        object: "\(tenantsPrefix)\(tenantShard)/",
        message:
          "no object of shard \(shard.number) of \(shard.effectiveCount), though others of its split have gone on",
        seen: "\(plan.current.filter { $0.count == shard.count }.count) shards",
        expected: "\(shard.count) shards"
      )
    }
    checkUnfinishedSplits()
    checkStripeSizes()
    checkTimelineSets()
  }

  private mutating func checkUnfinishedSplits() {
    guard let top = (plan.current + plan.unborn).map(\.count).max() else { return }
    for parent in plan.current where parent.count < top {
      let children = parent.children(count: top)
      let present = children.filter(plan.unborn.contains)
      report(
        .shardSplitUnfinished,
        parent,
        message: "split into \(top) shards is not finished: this shard still serves",
        seen: present.isEmpty ? "no child" : "children \(present.map(\.description).joined(separator: ", "))",
        expected: "children \(children.map(\.description).joined(separator: ", "))"
      )
    }
  }

  /// All current shards must cut relations into stripes of one size.
  private mutating func checkStripeSizes() {
    let top = plan.current.map(\.count).max()
    let sizes = plan.current.filter { $0.count == top }.compactMap { shard in
      contents.shards[shard]?.manifest.value?.stripeSize.map { (shard: shard, size: $0) }
    }
    guard let first = sizes.first, sizes.contains(where: { $0.size != first.size }) else { return }
    for entry in sizes where entry.size != first.size {
      report(
        .shardStripeSizeMixed,
        entry.shard,
        message: "manifest says another stripe size than shard \(first.shard)'s",
        seen: "\(entry.size) pages",
        expected: "\(first.size) pages"
      )
    }
  }

  /// A timeline that one current shard has, all must have.
  private mutating func checkTimelineSets() {
    guard plan.current.count > 1 else { return }
    let (owners, deleting) = sharedTimelines
    // Shards delete a timeline one after the other.
    let ids = owners.keys.filter { !deleting.contains($0) }.sorted()
    for shard in plan.current {
      let present = Set(inventory.shard(shard)?.timelines.map(\.id) ?? [])
      for id in ids where !present.contains(id) {
        report(
          .shardTimelineMissing,
          shard,
          id,
          message: "this shard has no object of a timeline that other shards have",
          seen: "nothing",
          expected: "an index, as on shard \(owners[id].map(\.description) ?? "")"
        )
      }
    }
  }
}
