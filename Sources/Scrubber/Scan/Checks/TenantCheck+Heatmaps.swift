import IndexFormat

extension TenantCheck {
  /// A shard's heatmap: readable, and how much of what it names is gone.
  mutating func checkHeatmap(_ shard: ShardInventory) {
    guard let object = shard.heatmap else { return }
    guard depth.readsIndices else {
      verdict.coverage.skip(.depth, object)
      return
    }
    switch contents.shards[shard.index]?.heatmap ?? .absent {
    case .absent: verdict.coverage.visit(object)
    case .problem(.unknown(let error)):
      verdict.coverage.skip(.unreadable, object)
      couldNotLook(object.key, error)
    case .problem(.damaged(let error)):
      verdict.coverage.visit(object)
      report(.heatmapUnreadable, shard.index, object: object.key, error)
    case .present(let heatmap):
      verdict.coverage.visit(object)
      for name in heatmap.allUnknownFieldNames {
        report(
          .heatmapUnknownField,
          shard.index,
          object: object.key,
          message: "field '\(name)' is not known",
          seen: name
        )
      }
      for timeline in heatmap.timelines {
        checkHeatmapTimeline(timeline, object, shard.index)
        checkHeatmapGeneration(heatmap.generation, timeline, object, shard.index)
      }
    }
  }

  /// A heatmap of a later generation than the index: that attachment wrote no index, or its index is lost.
  private mutating func checkHeatmapGeneration(
    _ generation: Generation,
    _ timeline: Heatmap.Timeline,
    _ object: ListedObject,
    _ shard: ShardIndex
  ) {
    guard currentShards.contains(shard), !timeline.layers.isEmpty,
      let chosen = contents.timeline(shard, timeline.timeline)?.chosen, generation > chosen.generation
    else { return }
    report(
      .indexBehindHeatmap,
      shard,
      timeline.timeline,
      object: chosen.object.key,
      message: "the heatmap is of a later generation than the newest index",
      seen: "\(chosen.generation)",
      expected: "\(generation), unless that attachment has changed nothing"
    )
  }

  private mutating func checkHeatmapTimeline(
    _ timeline: Heatmap.Timeline,
    _ object: ListedObject,
    _ shard: ShardIndex
  ) {
    // Of before a split, nobody goes by it, and layers that no child names any more may be gone.
    guard !ancestorShards.contains(shard) else { return }
    let gone = timeline.layers.filter { references.object($0.layer, of: timeline.timeline) == nil }
    guard let first = gone.first else { return }
    report(
      .heatmapLayerMissing,
      shard,
      timeline.timeline,
      object: object.key,
      message: "heatmap names \(Count(timeline.layers.count, "layer")), of which \(gone.count) gone",
      seen: "no object of \(first.layer.name), for one"
    )
  }
}
