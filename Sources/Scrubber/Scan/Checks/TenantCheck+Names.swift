import IndexFormat

extension TenantCheck {
  /// Objects whose names say nothing.
  mutating func checkNames(_ shard: ShardInventory) {
    for stray in shard.strays { checkStray(stray, shard.index, nil) }
    for timeline in shard.timelines {
      for stray in timeline.strays { checkStray(stray, shard.index, timeline.id) }
    }
    if let mark = shard.deletedMark {
      verdict.coverage.visit(mark)
      report(
        .tenantDeletedMark,
        shard.index,
        object: mark.key,
        message: "the tenant was marked as deleted by a page server of before July 2024",
        bytes: mark.size
      )
    }
  }

  private mutating func checkStray(_ stray: StrayObject, _ shard: ShardIndex, _ timeline: TimelineID?) {
    let object = stray.object
    switch stray.kind {
    case .temporary:
      verdict.coverage.skip(.temporary, object)
      return
    case .unknownName:
      report(
        .objectUnknownName,
        shard,
        timeline,
        object: object.key,
        message: "no release writes an object of this name",
        bytes: object.size
      )
    case .misnamedIndex:
      report(
        .indexMisnamed,
        shard,
        timeline,
        object: object.key,
        message: "begins as an index does but does not end in a generation",
        expected: "index_part.json, or with '-' and 8 lower-case hex digits",
        bytes: object.size
      )
    case .misnamedManifest:
      report(
        .manifestMisnamed,
        shard,
        object: object.key,
        message: "begins as a manifest does but has no generation",
        expected: "tenant-manifest-GGGGGGGG.json",
        bytes: object.size
      )
    case .badTimelineName:
      report(
        .timelineBadName,
        shard,
        object: object.key,
        message:
          "folder '\(stray.folder)' below timelines/ is named after no timeline: \(Count(stray.objectCount, "object"))",
        seen: stray.folder,
        expected: "32 lower-case hex digits",
        bytes: object.size
      )
    }
    verdict.coverage.visit(stray.objectCount, bytes: object.size)
  }
}
