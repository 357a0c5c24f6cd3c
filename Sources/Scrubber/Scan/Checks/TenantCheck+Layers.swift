import IndexFormat

extension TenantCheck {
  /// Notes which layers the indices name, before any object is called unused.
  mutating func noteReferences() {
    for (shard, shardContents) in contents.shards where isServing(shard) {
      for (id, timeline) in shardContents.timelines {
        // A deleted timeline's index is a tombstone: it holds nothing any more.
        guard let index = timeline.index.value, index.deletedAt == nil else { continue }
        references.note(index, of: id)
      }
    }
    noteLostReferences()
  }

  /// Indices that should be there and are not: what they named is unknown, so nothing that they might have
  /// named counts as unused.
  private mutating func noteLostReferences() {
    for shard in plan.missing { references.noteLost(shard) }
    guard plan.current.count > 1 else { return }
    for id in sharedTimelines.live.keys {
      for shard in plan.current where contents.timeline(shard, id)?.chosen == nil {
        references.noteUnreadable(shard, id)
      }
    }
  }

  /// The timelines of the current shards: those of which one has a live index, with the first such shard, and
  /// those of which one is being deleted.
  var sharedTimelines: (live: [TimelineID: ShardIndex], deleting: Set<TimelineID>) {
    var live: [TimelineID: ShardIndex] = [:]
    var deleting = Set<TimelineID>()
    for shard in plan.current {
      for (id, timeline) in contents.shards[shard]?.timelines ?? [:] {
        guard let index = timeline.index.value else { continue }
        if index.deletedAt == nil { live[id] = live[id] ?? shard } else { deleting.insert(id) }
      }
    }
    return (live, deleting)
  }

  /// Each layer that an index names: its name, its size, its generation, and whether it is there.
  mutating func checkLayers(
    _ index: IndexPart,
    _ chosen: GenerationalObject,
    _ timeline: TimelineID,
    _ shard: ShardIndex
  ) {
    let end = index.metadata.diskConsistentLsn
    let branchPoint = index.metadata.ancestorTimeline == nil ? nil : index.metadata.ancestorLsn
    for layer in index.layers {
      checkEntry(layer, chosen, timeline, shard)
      checkObject(layer, timeline, shard)
      let name = layer.name
      // Records end at multiples of 8: up to the next one a layer can hold nothing that is above.
      let limit = Lsn((end.value | 7).saturatingSum(1))
      if name.isDelta, name.endLsn > limit {
        report(
          .layerAboveDiskConsistentLsn,
          shard,
          timeline,
          object: key(layer, timeline),
          lsn: name.endLsn,
          message: "delta layer ends above disk_consistent_lsn",
          seen: "\(name.endLsn)",
          expected: "at most \(limit)"
        )
      }
      // An image at the branch point holds what is read there; a delta holds what came behind it.
      if let branchPoint, name.isDelta ? name.startLsn <= branchPoint : name.startLsn < branchPoint {
        report(
          .layerBelowBranchPoint,
          shard,
          timeline,
          object: key(layer, timeline),
          lsn: name.startLsn,
          message: "layer begins at or below the branch point",
          seen: "\(name.startLsn)",
          expected: "above \(branchPoint)"
        )
      }
    }
    checkImagesAhead(index, timeline, shard, object: chosen.object.key)
    checkDuplicates(index, timeline, shard, object: chosen.object.key)
  }

  /// Images above the end of the data are legal, so they are told of once and not one by one.
  private mutating func checkImagesAhead(
    _ index: IndexPart,
    _ timeline: TimelineID,
    _ shard: ShardIndex,
    object: String
  ) {
    let end = index.metadata.diskConsistentLsn
    let images = index.layers.filter { !$0.name.isDelta && $0.name.startLsn > end }
    guard let first = images.first else { return }
    report(
      .layerImageAhead,
      shard,
      timeline,
      object: object,
      lsn: first.name.startLsn,
      message:
        "\(Count(images.count, "image layer")) above disk_consistent_lsn: the next page server drops them",
      seen: "\(first.name.startLsn)",
      expected: "at most \(end)"
    )
  }

  private func key(_ layer: IndexLayer, _ timeline: TimelineID) -> String {
    layerKey(layer.shard, timeline, layer.name, layer.generation)
  }

  /// What the entry says, without looking at the object.
  private mutating func checkEntry(
    _ layer: IndexLayer,
    _ chosen: GenerationalObject,
    _ timeline: TimelineID,
    _ shard: ShardIndex
  ) {
    if !layer.name.hasValidRanges {
      report(
        .layerBadRange,
        shard,
        timeline,
        object: key(layer, timeline),
        message: "key or LSN range of the layer is empty or reversed",
        seen: layer.name.description
      )
    }
    if layer.fileSize == 0 {
      report(
        .layerSizeZero,
        shard,
        timeline,
        object: key(layer, timeline),
        message: "the index says that the layer has 0 bytes"
      )
    }
    if layer.generation > chosen.generation {
      report(
        .layerNewerThanIndex,
        shard,
        timeline,
        object: key(layer, timeline),
        message: "the layer is of a later generation than the index that names it",
        seen: "\(layer.generation)",
        expected: "at most \(chosen.generation)"
      )
    }
    if !shard.descends(from: layer.shard) {
      report(
        .layerForeignShard,
        shard,
        timeline,
        object: key(layer, timeline),
        message: "the layer is of a shard that this one was not split from",
        seen: "\(layer.shard)",
        expected: "\(shard) or a shard it was split from"
      )
    }
  }

  /// Whether the object is there with the size that the index says.
  private mutating func checkObject(_ layer: IndexLayer, _ timeline: TimelineID, _ shard: ShardIndex) {
    guard let object = references.object(layer, of: timeline) else {
      let key = key(layer, timeline)
      verdict.missingLayers.append(TenantVerdict.MissingLayer(key: key, finding: verdict.findings.count))
      report(
        .layerMissing,
        shard,
        timeline,
        object: key,
        lsn: layer.name.startLsn,
        message: "\(layer.name.isDelta ? "delta" : "image") layer that the index names is gone",
        seen: "no object",
        expected: "\(layer.fileSize) bytes",
        bytes: layer.fileSize
      )
      return
    }
    guard object.size != layer.fileSize, layer.fileSize != 0 else { return }
    report(
      .layerSizeMismatch,
      shard,
      timeline,
      object: key(layer, timeline),
      message: "layer object is \(object.size < layer.fileSize ? "shorter" : "longer") than the index says",
      seen: "\(object.size) bytes",
      expected: "\(layer.fileSize) bytes"
    )
  }

  private mutating func checkDuplicates(
    _ index: IndexPart,
    _ timeline: TimelineID,
    _ shard: ShardIndex,
    object: String
  ) {
    let names = index.layers.map(\.name).sorted()
    for (name, next) in zip(names, names.dropFirst()) where name == next {
      report(
        .layerDuplicate,
        shard,
        timeline,
        object: object,
        message: "layer \(name) is named twice",
        seen: "2 entries or more",
        expected: "1 entry"
      )
    }
  }

  // MARK: Layer map

  /// How the layers fit together.
  mutating func checkLayerMap(_ index: IndexPart, _ timeline: TimelineID, _ shard: ShardIndex, object: String)
  {
    let deltas = index.layers.lazy.map(\.name).filter { $0.isDelta && $0.hasValidRanges }
    for case .overlap(let first, let second) in LayerMapSweep.overlaps(Array(deltas)) {
      report(
        .layerOverlap,
        shard,
        timeline,
        object: object,
        lsn: second.startLsn,
        key: max(first.keys.start, second.keys.start),
        message: "two delta layers hold the same keys at the same LSNs",
        seen: "\(first) and \(second)",
        expected: "ranges that do not overlap"
      )
    }
    // A shard skips WAL that concerns other shards only, so its layers may leave gaps.
    guard shard.effectiveCount == 1 else { return }
    for case .gap(let start, let end, let before) in LayerMapSweep.gaps(
      index.layers,
      from: index.metadata.ancestorTimeline.map { _ in index.metadata.ancestorLsn.successor },
      above: index.metadata.latestGcCutoffLsn.successor
    ) {
      report(
        .layerLsnGap,
        shard,
        timeline,
        object: object,
        lsn: start,
        message: "no delta layer holds the WAL from \(start) to \(end)",
        seen: "next delta \(before)",
        expected: "a delta that begins at \(start)"
      )
    }
    checkEnd(index, timeline, shard, object: object)
  }

  private mutating func checkEnd(
    _ index: IndexPart,
    _ timeline: TimelineID,
    _ shard: ShardIndex,
    object: String
  ) {
    let end = index.metadata.diskConsistentLsn
    let reached =
      index.layers.lazy.map(\.name).filter { !$0.isDelta || $0.hasValidRanges }
      .map { $0.isDelta ? Lsn($0.endLsn.value - 1) : $0.startLsn }.max()
      ?? index.metadata.ancestorLsn
    guard reached < end, index.importPgdata == nil,
      !(index.layers.isEmpty && index.metadata.ancestorTimeline == nil)
    else { return }
    report(
      .indexEndNotCovered,
      shard,
      timeline,
      object: object,
      lsn: end,
      message: "the layers end before disk_consistent_lsn",
      seen: "\(reached)",
      expected: "\(end)"
    )
  }

  // MARK: Layers that nobody names

  /// Gives every layer object its verdict: in use, not yet indexed, or garbage.
  mutating func checkUnreferencedLayers() {
    for shard in inventory.shards {
      for timeline in shard.timelines { checkUnreferencedLayers(timeline, shard) }
      if ancestorShards.contains(shard.index) { reportAncestor(shard) }
    }
  }

  private mutating func checkUnreferencedLayers(_ timeline: TimelineInventory, _ shard: ShardInventory) {
    guard depth.readsIndices else {
      // Names and sizes have been looked at, which is all that this depth promises.
      verdict.coverage.visit(timeline.layers.count, bytes: timeline.layerByteCount)
      return
    }
    let own = contents.timeline(shard.index, timeline.id)
    if own?.index.isUnknown ?? false {
      verdict.coverage.skip(.unreadable, timeline.layers.count, bytes: timeline.layerByteCount)
      return
    }
    verdict.coverage.visit(timeline.layers.count, bytes: timeline.layerByteCount)
    let isCurrent = currentShards.contains(shard.index)
    // No index: `checkWithoutIndex` has spoken. Deleted: so has `reportDeleting`.
    guard own?.chosen != nil || !isCurrent, !isCurrent || own?.index.value?.deletedAt == nil,
      !references.isUncertain(shard.index, timeline.id), !plan.unborn.contains(shard.index)
    else { return }
    let isReferenced = references.referencedPositions(shard.index, timeline.id)
    for (position, layer) in timeline.layers.enumerated() where !(isReferenced?[position] ?? false) {
      reportUnreferenced(
        layer,
        timeline.id,
        shard,
        indexGeneration: isCurrent ? own?.chosen?.generation : nil
      )
    }
  }

  private mutating func reportUnreferenced(
    _ layer: LayerObject,
    _ timeline: TimelineID,
    _ shard: ShardInventory,
    indexGeneration: Generation?
  ) {
    let key = layerKey(shard.index, timeline, layer.name, layer.generation)
    guard let indexGeneration, layer.generation >= indexGeneration else {
      noteOrphans(shard.index, timeline)
      report(
        .layerOrphan,
        shard.index,
        timeline,
        object: key,
        message: "no index names this layer, and no page server will add it to one",
        seen: "generation \(layer.generation)",
        bytes: layer.size
      )
      return
    }
    let newestGeneration = facts[shard.index]?.newestGeneration ?? .none
    if layer.generation > newestGeneration {
      report(
        .layerUnknownGeneration,
        shard.index,
        timeline,
        object: key,
        message: "no index names this layer, and nothing else of this shard is of its generation",
        seen: "generation \(layer.generation)",
        expected: "at most \(newestGeneration)",
        bytes: layer.size
      )
    } else {
      report(
        .layerUnindexed,
        shard.index,
        timeline,
        object: key,
        message: "no index names this layer; its page server may be about to index or to delete it",
        seen: "generation \(layer.generation)",
        bytes: layer.size
      )
    }
  }

  mutating func noteOrphans(_ shard: ShardIndex, _ timeline: TimelineID) {
    let place = ShardTimeline(
      tenantShard: TenantShardID(tenant: inventory.tenant, shard: shard),
      timeline: timeline
    )
    if verdict.withOrphans.last != place { verdict.withOrphans.append(place) }
  }

  private mutating func reportAncestor(_ shard: ShardInventory) {
    guard depth.readsIndices else { return }
    var used: (count: Int, bytes: UInt64) = (0, 0)
    for timeline in shard.timelines {
      let usage = references.usage(shard.index, timeline)
      used.count += usage.count
      used.bytes = used.bytes.saturatingSum(usage.bytes)
    }
    let total = shard.timelines.reduce(0) { $0 + $1.layers.count }
    report(
      .shardAncestor,
      shard.index,
      object: "\(tenantsPrefix)\(TenantShardID(tenant: inventory.tenant, shard: shard.index))/",
      message: "of before a shard split: \(used.count) of \(Count(total, "layer")) still in use",
      bytes: used.bytes
    )
  }
}
