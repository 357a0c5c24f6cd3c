/// The stable name of a kind of finding. `FindingCatalogue` says what each one means.
///
/// The raw values are an interface: scripts and alerts match on them. A code is never renamed and never
/// reused.
public enum FindingCode: String, Sendable, CaseIterable, Hashable {
  // Layers
  case layerMissing = "layer.missing"
  case layerSizeMismatch = "layer.size-mismatch"
  case layerSizeZero = "layer.size-zero"
  case layerBadRange = "layer.bad-range"
  case layerDuplicate = "layer.duplicate"
  case layerOverlap = "layer.overlap"
  case layerLsnGap = "layer.lsn-gap"
  case layerAboveDiskConsistentLsn = "layer.above-disk-consistent-lsn"
  case layerImageAhead = "layer.image-ahead"
  case layerBelowBranchPoint = "layer.below-branch-point"
  case layerNewerThanIndex = "layer.newer-than-index"
  case layerForeignShard = "layer.foreign-shard"
  case layerOrphan = "layer.orphan"
  case layerUnindexed = "layer.unindexed"
  case layerUnknownGeneration = "layer.unknown-generation"
  case layerUnconfirmed = "layer.unconfirmed"

  // Layer files
  case layerBadLength = "layer.bad-length"
  case layerBadGeometry = "layer.bad-geometry"
  case layerSummaryMismatch = "layer.summary-mismatch"
  case layerForeignTimeline = "layer.foreign-timeline"
  case layerTreeDamaged = "layer.tree-damaged"
  case layerKeyOrder = "layer.key-order"
  case layerKeyOutOfRange = "layer.key-out-of-range"
  case layerBlobMisplaced = "layer.blob-misplaced"
  case layerBlobDamaged = "layer.blob-damaged"
  case layerValueDamaged = "layer.value-damaged"
  case layerWillInitMismatch = "layer.will-init-mismatch"
  case layerPaddingNotZero = "layer.padding-not-zero"
  case layerBlobUnusual = "layer.blob-unusual"

  // Index files
  case indexMissing = "index.missing"
  case indexUnreadable = "index.unreadable"
  case indexBadChecksum = "index.bad-checksum"
  case indexUnknownVersion = "index.unknown-version"
  case indexUnknownField = "index.unknown-field"
  case indexVersionBehind = "index.version-behind"
  case indexBehindHeatmap = "index.behind-heatmap"
  case indexMisnamed = "index.misnamed"
  case indexSuperseded = "index.superseded"
  case indexPreviousGeneration = "index.previous-generation"
  case indexSupersededUnreadable = "index.superseded-unreadable"
  case indexNoLayers = "index.no-layers"
  case indexLsnMismatch = "index.lsn-mismatch"
  case indexLsnOrder = "index.lsn-order"
  case indexEndNotCovered = "index.end-not-covered"

  // Timelines
  case timelineRelic = "timeline.relic"
  case timelineOnlyInitdb = "timeline.only-initdb"
  case timelineDeleting = "timeline.deleting"
  case timelineArchived = "timeline.archived"
  case timelineOffloaded = "timeline.offloaded"
  case timelineInvisible = "timeline.invisible"
  case timelineGcBlocked = "timeline.gc-blocked"
  case timelineImporting = "timeline.importing"
  case timelineBadName = "timeline.bad-name"

  // Ancestors
  case ancestorMissing = "ancestor.missing"
  case ancestorSelf = "ancestor.self"
  case ancestorCycle = "ancestor.cycle"
  case ancestorDeleted = "ancestor.deleted"
  case ancestorLsnAhead = "ancestor.lsn-ahead"
  case ancestorLsnCollected = "ancestor.lsn-collected"

  // Shards
  case shardMissing = "shard.missing"
  case shardTimelineMissing = "shard.timeline-missing"
  case shardBadNumber = "shard.bad-number"
  case shardSplitUnfinished = "shard.split-unfinished"
  case shardStripeSizeMixed = "shard.stripe-size-mixed"
  case shardAncestor = "shard.ancestor"

  // Manifests
  case manifestUnreadable = "manifest.unreadable"
  case manifestSupersededUnreadable = "manifest.superseded-unreadable"
  case manifestUnknownVersion = "manifest.unknown-version"
  case manifestUnknownField = "manifest.unknown-field"
  case manifestMisnamed = "manifest.misnamed"
  case manifestMissing = "manifest.missing"
  case manifestSuperseded = "manifest.superseded"
  case manifestPreviousGeneration = "manifest.previous-generation"
  case manifestTimelineMissing = "manifest.timeline-missing"
  case manifestNotArchived = "manifest.not-archived"
  case manifestMismatch = "manifest.mismatch"

  // Heatmaps, initdb archives, names
  case heatmapUnreadable = "heatmap.unreadable"
  case heatmapLayerMissing = "heatmap.layer-missing"
  case heatmapUnknownField = "heatmap.unknown-field"
  case initdbMissing = "initdb.missing"
  case initdbEmpty = "initdb.empty"
  case tenantBadName = "tenant.bad-name"
  case tenantDeletedMark = "tenant.deleted-mark"
  case objectUnknownName = "object.unknown-name"
}
