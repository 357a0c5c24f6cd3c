/// What a finding code means: the one table from which `scrubber explain` and `docs/findings.md` are made.
public struct FindingEntry: Sendable {
  public let severity: Severity
  /// What was found, in a few words.
  public let title: String
  /// How it comes about.
  public let cause: String
  /// What to do.
  public let nextStep: String

  init(_ severity: Severity, _ title: String, cause: String, nextStep: String) {
    self.severity = severity
    self.title = title
    self.cause = cause
    self.nextStep = nextStep
  }
}

/// The entries stand in `FindingCatalogue+….swift`, one file per topic; a code without an entry does not
/// compile.
extension FindingCode {
  public var entry: FindingEntry {
    switch self {
    case .layerMissing: .layerMissing
    case .layerSizeMismatch: .layerSizeMismatch
    case .layerSizeZero: .layerSizeZero
    case .layerBadRange: .layerBadRange
    case .layerDuplicate: .layerDuplicate
    case .layerOverlap: .layerOverlap
    case .layerLsnGap: .layerLsnGap
    case .layerAboveDiskConsistentLsn: .layerAboveDiskConsistentLsn
    case .layerImageAhead: .layerImageAhead
    case .layerBelowBranchPoint: .layerBelowBranchPoint
    case .layerNewerThanIndex: .layerNewerThanIndex
    case .layerForeignShard: .layerForeignShard
    case .layerOrphan: .layerOrphan
    case .layerUnindexed: .layerUnindexed
    case .layerUnknownGeneration: .layerUnknownGeneration
    case .layerUnconfirmed: .layerUnconfirmed
    case .layerRecovered: .layerRecovered
    case .layerBadLength: .layerBadLength
    case .layerBadGeometry: .layerBadGeometry
    case .layerSummaryMismatch: .layerSummaryMismatch
    case .layerForeignTimeline: .layerForeignTimeline
    case .layerTreeDamaged: .layerTreeDamaged
    case .layerKeyOrder: .layerKeyOrder
    case .layerKeyOutOfRange: .layerKeyOutOfRange
    case .layerBlobMisplaced: .layerBlobMisplaced
    case .layerBlobDamaged: .layerBlobDamaged
    case .layerValueDamaged: .layerValueDamaged
    case .layerWillInitMismatch: .layerWillInitMismatch
    case .layerPaddingNotZero: .layerPaddingNotZero
    case .layerBlobUnusual: .layerBlobUnusual
    case .layerImageDamaged: .layerImageDamaged
    case .layerPageDamaged: .layerPageDamaged
    case .layerHeapDamaged: .layerHeapDamaged
    case .layerPageAhead: .layerPageAhead
    case .layerPageChecksum: .layerPageChecksum
    case .layerRecordDamaged: .layerRecordDamaged
    case .layerRecordMisplaced: .layerRecordMisplaced
    case .indexMissing: .indexMissing
    case .indexUnreadable: .indexUnreadable
    case .indexBadChecksum: .indexBadChecksum
    case .indexUnknownVersion: .indexUnknownVersion
    case .indexUnknownField: .indexUnknownField
    case .indexVersionBehind: .indexVersionBehind
    case .indexBehindHeatmap: .indexBehindHeatmap
    case .indexMisnamed: .indexMisnamed
    case .indexSuperseded: .indexSuperseded
    case .indexPreviousGeneration: .indexPreviousGeneration
    case .indexSupersededUnreadable: .indexSupersededUnreadable
    case .indexNoLayers: .indexNoLayers
    case .indexLsnMismatch: .indexLsnMismatch
    case .indexLsnOrder: .indexLsnOrder
    case .indexEndNotCovered: .indexEndNotCovered
    case .timelineRelic: .timelineRelic
    case .timelineOnlyInitdb: .timelineOnlyInitdb
    case .timelineDeleting: .timelineDeleting
    case .timelineArchived: .timelineArchived
    case .timelineOffloaded: .timelineOffloaded
    case .timelineInvisible: .timelineInvisible
    case .timelineGcBlocked: .timelineGcBlocked
    case .timelineImporting: .timelineImporting
    case .timelineBadName: .timelineBadName
    case .ancestorMissing: .ancestorMissing
    case .ancestorSelf: .ancestorSelf
    case .ancestorCycle: .ancestorCycle
    case .ancestorDeleted: .ancestorDeleted
    case .ancestorLsnAhead: .ancestorLsnAhead
    case .ancestorLsnCollected: .ancestorLsnCollected
    case .shardMissing: .shardMissing
    case .shardTimelineMissing: .shardTimelineMissing
    case .shardBadNumber: .shardBadNumber
    case .shardSplitUnfinished: .shardSplitUnfinished
    case .shardStripeSizeMixed: .shardStripeSizeMixed
    case .shardAncestor: .shardAncestor
    case .manifestUnreadable: .manifestUnreadable
    case .manifestSupersededUnreadable: .manifestSupersededUnreadable
    case .manifestUnknownVersion: .manifestUnknownVersion
    case .manifestUnknownField: .manifestUnknownField
    case .manifestMisnamed: .manifestMisnamed
    case .manifestMissing: .manifestMissing
    case .manifestSuperseded: .manifestSuperseded
    case .manifestPreviousGeneration: .manifestPreviousGeneration
    case .manifestTimelineMissing: .manifestTimelineMissing
    case .manifestNotArchived: .manifestNotArchived
    case .manifestMismatch: .manifestMismatch
    case .heatmapUnreadable: .heatmapUnreadable
    case .heatmapLayerMissing: .heatmapLayerMissing
    case .heatmapUnknownField: .heatmapUnknownField
    case .initdbMissing: .initdbMissing
    case .initdbEmpty: .initdbEmpty
    case .initdbDamaged: .initdbDamaged
    case .tenantBadName: .tenantBadName
    case .tenantDeletedMark: .tenantDeletedMark
    case .objectUnknownName: .objectUnknownName
    case .walSegmentMissing: .walSegmentMissing
    case .walSegmentMissingUnknown: .walSegmentMissingUnknown
    case .walSegmentUnconfirmed: .walSegmentUnconfirmed
    case .walSegmentUnlisted: .walSegmentUnlisted
    case .walSegmentSize: .walSegmentSize
    case .walPartialSize: .walPartialSize
    case .walPageDamaged: .walPageDamaged
    case .walRecordDamaged: .walRecordDamaged
    case .walEndsEarly: .walEndsEarly
    case .walPartialMisnamed: .walPartialMisnamed
    case .walPartialSuperseded: .walPartialSuperseded
    case .walClaimInvalid: .walClaimInvalid
    case .walClaimsDisagree: .walClaimsDisagree
    case .walTimelineUnclaimed: .walTimelineUnclaimed
    case .walLeftover: .walLeftover
    case .walTimelineDeleted: .walTimelineDeleted
    case .walStartUnknown: .walStartUnknown
    case .walBeforeStart: .walBeforeStart
    case .walUploadBehind: .walUploadBehind
    case .walTimelineCancelled: .walTimelineCancelled
    case .walControlPlaneNotAsked: .walControlPlaneNotAsked
    case .valueMissing: .valueMissing
    case .valueUnreadable: .valueUnreadable
    case .valueDamaged: .valueDamaged
    case .valueUnknownKey: .valueUnknownKey
    case .pageNoBase: .pageNoBase
    case .pageRedoFailed: .pageRedoFailed
    case .pageDamaged: .pageDamaged
    case .pageAhead: .pageAhead
    case .imageDiffers: .imageDiffers
    case .directoryRepeatedEntry: .directoryRepeatedEntry
    case .relationMissing: .relationMissing
    case .relationUnlisted: .relationUnlisted
    case .relationForkAlone: .relationForkAlone
    case .relationUnmapped: .relationUnmapped
    case .slruTooLong: .slruTooLong
    case .shardRelationLonger: .shardRelationLonger
    case .shardRelationUnknown: .shardRelationUnknown
    case .shardForeignValue: .shardForeignValue
    case .replayWALMissing: .replayWALMissing
    case .replayRecordRefused: .replayRecordRefused
    case .replayRecordDiffers: .replayRecordDiffers
    case .replayRecordMissing: .replayRecordMissing
    case .replayRecordUnexpected: .replayRecordUnexpected
    case .replayValueDiffers: .replayValueDiffers
    case .replayValueMissing: .replayValueMissing
    case .replayValueUnexpected: .replayValueUnexpected
    case .replayUnreadable: .replayUnreadable
    case .snapshotFileMissing: .snapshotFileMissing
    case .snapshotFileDamaged: .snapshotFileDamaged
    }
  }
}
