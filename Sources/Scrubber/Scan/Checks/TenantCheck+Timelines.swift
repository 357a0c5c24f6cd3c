import IndexFormat

extension TenantCheck {
  /// The timelines of a serving shard.
  mutating func checkTimelines(_ shard: ShardInventory) {
    for timeline in shard.timelines {
      if timeline.indices.isEmpty {
        checkWithoutIndex(timeline, shard)
        continue
      }
      guard let contents = contents.timeline(shard.index, timeline.id), let index = contents.index.value,
        let chosen = contents.chosen
      else { continue }
      if let deletedAt = index.deletedAt {
        reportDeleting(timeline, shard.index, object: chosen.object, deletedAt: deletedAt)
        continue
      }
      checkIndex(index, timeline.id, shard.index, object: chosen.object.key)
      checkAncestor(index, timeline.id, shard, object: chosen.object.key)
      checkLayers(index, chosen, timeline.id, shard.index)
      checkLayerMap(index, timeline.id, shard.index, object: chosen.object.key)
    }
  }

  private mutating func reportDeleting(
    _ timeline: TimelineInventory,
    _ shard: ShardIndex,
    object: ListedObject,
    deletedAt: NaiveDateTime
  ) {
    let bytes = timeline.layerByteCount
    let layers = Count(timeline.layers.count, "layer")
    report(
      .timelineDeleting,
      shard,
      timeline.id,
      object: object.key,
      message:
        "deletion began at \(deletedAt) and has not ended: left are the index and \(layers)",
      bytes: bytes.saturatingSum(object.size)
    )
    if !timeline.layers.isEmpty { noteOrphans(shard, timeline.id) }
  }

  /// A timeline without index is half made, half deleted, a leftover, or has lost its index: tell by who
  /// speaks of it.
  private mutating func checkWithoutIndex(_ timeline: TimelineInventory, _ shard: ShardInventory) {
    guard !timeline.layers.isEmpty else {
      checkOnlyArchives(timeline, shard)
      return
    }
    let witness = witness(of: timeline, shard)
    let content = "\(Count(timeline.layers.count, "layer")) (\(timeline.layerByteCount) bytes)"
    let folder = PageserverObjectKey.timelinePrefix(
      TenantShardID(tenant: inventory.tenant, shard: shard.index),
      timeline.id
    )
    if let witness {
      report(
        .indexMissing,
        shard.index,
        timeline.id,
        object: tenantsPrefix + folder,
        message: "\(content) but no index_part.json, and \(witness)",
        bytes: timeline.layerByteCount
      )
    } else {
      report(
        .timelineRelic,
        shard.index,
        timeline.id,
        object: tenantsPrefix + folder,
        message: "\(content) but no index_part.json, and "
          + (depth.readsIndices ? "nothing speaks of the timeline" : "what might speak of it was not read"),
        bytes: timeline.layerByteCount
      )
    }
  }

  private mutating func checkOnlyArchives(_ timeline: TimelineInventory, _ shard: ShardInventory) {
    guard timeline.isOnlyArchives, let archive = timeline.initdb ?? timeline.preservedInitdb else { return }
    // Of a sharded tenant the archives lie here, and the timeline elsewhere.
    guard !plan.current.contains(where: { $0 != shard.index && contents.timeline($0, timeline.id) != nil })
    else { return }
    report(
      .timelineOnlyInitdb,
      shard.index,
      timeline.id,
      object: archive.key,
      message: "an initdb archive is all there is of the timeline",
      bytes: archive.size
    )
  }

  /// Who says that a timeline without index should have one.
  private func witness(of timeline: TimelineInventory, _ shard: ShardInventory) -> String? {
    let id = timeline.id
    let others = plan.current.compactMap { contents.timeline($0, id)?.index.value }
    // Shards delete a timeline one after the other.
    if !others.isEmpty, others.allSatisfy({ $0.deletedAt == nil }) { return "other shards have one" }
    if !others.isEmpty { return nil }
    guard let facts = facts[shard.index] else { return nil }
    if facts.ancestors.contains(id) { return "other timelines branch off it" }
    if facts.offloaded.contains(id) { return "the manifest lists it as offloaded" }
    if facts.heatmapped.contains(id) { return "the heatmap lists it" }
    // A deletion removes the archive before the index.
    return timeline.initdb != nil ? "its initdb archive is still there" : nil
  }

  // MARK: Ancestors

  mutating func checkAncestor(
    _ index: IndexPart,
    _ timeline: TimelineID,
    _ shard: ShardInventory,
    object: String
  ) {
    guard let ancestor = index.metadata.ancestorTimeline else { return }
    let branchPoint = index.metadata.ancestorLsn
    guard ancestor != timeline else {
      report(.ancestorSelf, shard.index, timeline, object: object, message: "names itself as its ancestor")
      return
    }
    if let ring = facts[shard.index]?.ring(of: timeline) {
      report(
        .ancestorCycle,
        shard.index,
        timeline,
        object: object,
        message: "its ancestors lead back to itself: \(path(around: ring))"
      )
      return
    }
    guard let ancestorContents = contents.timeline(shard.index, ancestor), ancestorContents.chosen != nil
    else {
      report(
        .ancestorMissing,
        shard.index,
        timeline,
        object: object,
        lsn: branchPoint,
        message: "its ancestor has no index: reads below the branch point fail",
        seen: "nothing of \(ancestor)",
        expected: "an index of \(ancestor)"
      )
      return
    }
    // An ancestor that could not be read has a finding of its own.
    guard let parent = ancestorContents.index.value else { return }
    if let deletedAt = parent.deletedAt {
      report(
        .ancestorDeleted,
        shard.index,
        timeline,
        object: object,
        lsn: branchPoint,
        message: "its ancestor \(ancestor) was marked as deleted at \(deletedAt)"
      )
    }
    checkBranchPoint(branchPoint, of: timeline, shard.index, ancestor, parent, object: object)
  }

  private mutating func checkBranchPoint(
    _ branchPoint: Lsn,
    of timeline: TimelineID,
    _ shard: ShardIndex,
    _ ancestor: TimelineID,
    _ parent: IndexPart,
    object: String
  ) {
    if branchPoint > parent.diskConsistentLsn {
      report(
        .ancestorLsnAhead,
        shard,
        timeline,
        object: object,
        lsn: branchPoint,
        message: "branches off beyond what its ancestor \(ancestor) has in layers",
        seen: "\(branchPoint)",
        expected: "at most \(parent.diskConsistentLsn)"
      )
    }
    let begin =
      parent.metadata.ancestorTimeline == nil ? parent.metadata.initdbLsn : parent.metadata.ancestorLsn
    if branchPoint < begin {
      report(
        .ancestorLsnCollected,
        shard,
        timeline,
        object: object,
        lsn: branchPoint,
        message: "branches off before its ancestor \(ancestor) begins",
        seen: "\(branchPoint)",
        expected: "at least \(begin)"
      )
      return
    }
    // A root timeline must still have something from at or before the branch point.
    guard parent.metadata.ancestorTimeline == nil, parent.importPgdata == nil,
      let first = facts[shard]?.firstLayers[ancestor], first > branchPoint
    else { return }
    report(
      .ancestorLsnCollected,
      shard,
      timeline,
      object: object,
      lsn: branchPoint,
      message: "its ancestor \(ancestor) has no layer left from at or before the branch point",
      seen: "first layer at \(first)",
      expected: "a layer at or below \(branchPoint)"
    )
  }

  /// A ring of ancestors in words: a long one by its beginning.
  private func path(around ring: [TimelineID]) -> String {
    let shown = 8
    var names = ring.prefix(shown).map(\.description)
    if ring.count > shown { names.append("(\(ring.count - shown) more)") }
    return (names + names.prefix(1)).joined(separator: " -> ")
  }

  // MARK: initdb archives

  /// A timeline that initdb made keeps the archive of it; one that was imported never had one.
  mutating func checkInitdb() {
    var archives: [TimelineID: [ListedObject]] = [:]
    for shard in inventory.shards {
      for timeline in shard.timelines {
        for archive in [timeline.initdb, timeline.preservedInitdb].compactMap({ $0 }) {
          verdict.coverage.visit(archive)
          archives[timeline.id, default: []].append(archive)
          if archive.size == 0 {
            report(
              .initdbEmpty,
              shard.index,
              timeline.id,
              object: archive.key,
              message: "an initdb archive of 0 bytes"
            )
          }
        }
      }
    }
    guard depth.readsIndices, let shard = plan.current.first else { return }
    for (id, timeline) in (contents.shards[shard]?.timelines ?? [:]).sorted(by: { $0.key < $1.key }) {
      guard let index = timeline.index.value, index.deletedAt == nil, index.mayNeedInitdb, archives[id] == nil
      else {
        continue
      }
      report(
        .initdbMissing,
        shard,
        id,
        object: tenantsPrefix + PageserverObjectKey.initdbKey(inventory.tenant, id),
        message: "no initdb archive, though the timeline looks as if initdb had made it",
        seen: "nothing",
        expected: "initdb.tar.zst"
      )
    }
  }
}

extension IndexPart {
  /// The first WAL segment: where a cluster fresh from initdb ends. A base backup begins in a later one.
  private static let initdbSegment = Lsn(0x100_0000)..<Lsn(0x200_0000)

  /// Whether the timeline looks as if initdb had made it.
  fileprivate var mayNeedInitdb: Bool {
    metadata.ancestorTimeline == nil && lineage.originalAncestor == nil && importPgdata == nil
      && IndexPart.initdbSegment.contains(metadata.initdbLsn)
  }
}
