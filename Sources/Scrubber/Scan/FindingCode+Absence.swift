import IndexFormat

extension FindingCode {
  /// Whether the finding says that something is not there. Such a finding is worth nothing when the listing
  /// it rests on has a hole: unknown is not absent.
  var restsOnAbsence: Bool {
    switch self {
    case .layerMissing, .indexMissing, .timelineRelic, .timelineOnlyInitdb, .shardMissing,
      .shardTimelineMissing,
      .shardSplitUnfinished, .ancestorMissing, .manifestMissing, .manifestTimelineMissing,
      .heatmapLayerMissing,
      .initdbMissing, .layerOrphan, .layerUnindexed, .layerUnknownGeneration, .shardAncestor,
      // A newer index may be what is not there.
      .layerNewerThanIndex, .indexBehindHeatmap:
      true
    default: false
    }
  }

  /// Whether the absence is one of objects of the finding's own timeline, on whatever shard.
  var concernsOneTimeline: Bool {
    switch self {
    case .layerMissing, .shardTimelineMissing, .layerOrphan, .layerUnindexed, .layerNewerThanIndex,
      .indexBehindHeatmap:
      true
    default: false
    }
  }

  /// Whether the finding may come of the tenant having changed between being listed and being read, or
  /// between two reads: then a second look decides.
  var mayComeOfARace: Bool {
    switch self {
    case .layerSizeMismatch, .indexUnreadable, .manifestUnreadable, .ancestorLsnAhead, .ancestorDeleted,
      .manifestNotArchived, .manifestMismatch:
      true
    default: restsOnAbsence && entry.severity >= .warning
    }
  }
}
