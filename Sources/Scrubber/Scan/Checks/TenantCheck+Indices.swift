import IndexFormat

extension TenantCheck {
  /// The index objects of a timeline: which one counts, whether it can be read, what the others are.
  mutating func checkIndexObjects(_ timeline: TimelineInventory, _ shard: ShardIndex) {
    guard depth.readsIndices else {
      for index in timeline.indices { verdict.coverage.skip(.depth, index.object) }
      return
    }
    let contents = contents.timeline(shard, timeline.id) ?? TimelineContents()
    guard let chosen = contents.chosen else { return }
    checkChosenIndex(contents.index, chosen.object, timeline.id, shard)
    for index in timeline.indices where index.object.key != chosen.object.key {
      checkSupersededIndex(index, contents.supersededIndices[index.object.key], timeline.id, shard, chosen)
    }
  }

  private mutating func checkChosenIndex(
    _ look: Look<IndexPart>,
    _ object: ListedObject,
    _ timeline: TimelineID,
    _ shard: ShardIndex
  ) {
    switch look {
    case .absent:
      // Deleted between listing and reading: the second look will tell.
      verdict.coverage.visit(object)
      report(.indexMissing, shard, timeline, object: object.key, message: "listed, but gone when it was read")
      noteUnreadable(timeline, shard)
    case .problem(.unknown(let error)):
      verdict.coverage.skip(.unreadable, object)
      couldNotLook(object.key, error)
      noteUnreadable(timeline, shard)
    case .problem(.damaged(let error)):
      verdict.coverage.visit(object)
      noteUnreadable(timeline, shard)
      let code: FindingCode =
        !isServing(shard)
        ? .indexSupersededUnreadable
        : error.kind == .checksumMismatch ? .indexBadChecksum : .indexUnreadable
      report(code, shard, timeline, object: object.key, error)
    case .present: verdict.coverage.visit(object)
    }
  }

  /// Of an ancestor it does not matter what its index names.
  private mutating func noteUnreadable(_ timeline: TimelineID, _ shard: ShardIndex) {
    if isServing(shard) { references.noteUnreadable(shard, timeline) }
  }

  /// Whether a shard's indices are those that page servers read: of an ancestor they no longer are.
  func isServing(_ shard: ShardIndex) -> Bool { !ancestorShards.contains(shard) }

  private mutating func checkSupersededIndex(
    _ index: GenerationalObject,
    _ problem: LookProblem?,
    _ timeline: TimelineID,
    _ shard: ShardIndex,
    _ chosen: GenerationalObject
  ) {
    let object = index.object
    switch problem {
    case .unknown(let error):
      verdict.coverage.skip(.unreadable, object)
      couldNotLook(object.key, error)
      return
    case .damaged(let error):
      report(.indexSupersededUnreadable, shard, timeline, object: object.key, error)
    case nil: break
    }
    verdict.coverage.visit(object)
    // While a tenant moves, the page server of the generation before may still be reading its index.
    let isPrevious = index.generation != .none && chosen.generation.previous == index.generation
    report(
      isPrevious ? .indexPreviousGeneration : .indexSuperseded,
      shard,
      timeline,
      object: object.key,
      message: "an index of generation \(chosen.generation) takes its place",
      seen: "generation \(index.generation)",
      expected: "\(chosen.object.key) is read",
      bytes: object.size
    )
  }

  /// What an index says of itself, apart from its layers.
  mutating func checkIndex(_ index: IndexPart, _ timeline: TimelineID, _ shard: ShardIndex, object: String) {
    if !IndexPart.knownVersions.contains(index.version) {
      report(
        .indexUnknownVersion,
        shard,
        timeline,
        object: object,
        message: "version \(index.version) is not known",
        seen: "\(index.version)",
        expected: "\(IndexPart.knownVersions.lowerBound) to \(IndexPart.knownVersions.upperBound)"
      )
    }
    if IndexPart.knownVersions.contains(index.version), index.newestFieldVersion > index.version {
      report(
        .indexVersionBehind,
        shard,
        timeline,
        object: object,
        message: "says version \(index.version) and has members of version \(index.newestFieldVersion)",
        seen: "\(index.version)",
        expected: "\(index.newestFieldVersion) or more"
      )
    }
    if !TimelineMetadata.knownPgVersions.contains(index.metadata.pgVersion) {
      report(
        .indexUnknownVersion,
        shard,
        timeline,
        object: object,
        message: "PostgreSQL version \(index.metadata.pgVersion) is not known",
        seen: "\(index.metadata.pgVersion)",
        expected: "14 to 17"
      )
    }
    for name in index.allUnknownFieldNames + unknownWords(index) {
      report(
        .indexUnknownField,
        shard,
        timeline,
        object: object,
        message: "'\(name)' is not known",
        seen: name
      )
    }
    checkLsns(index, timeline, shard, object: object)
    checkState(index, timeline, shard, object: object)
    if index.layers.isEmpty, index.metadata.ancestorTimeline == nil, index.importPgdata == nil {
      report(
        .indexNoLayers,
        shard,
        timeline,
        object: object,
        message: "no layers, and no ancestor that could have some"
      )
    }
  }

  /// Values of known fields that no known release writes.
  private func unknownWords(_ index: IndexPart) -> [String] {
    var words: [String] = []
    if let policy = index.lastAuxFilePolicy, policy.meaning == nil {
      words.append("last_aux_file_policy=\(policy.rawValue)")
    }
    if let mode = index.relSizeMigration, !mode.isKnown {
      words.append("rel_size_migration=\(mode.rawValue)")
    }
    for reason in index.gcBlocking?.reasons ?? [] where !reason.isKnown {
      words.append("gc_blocking.reasons=\(reason.rawValue)")
    }
    if index.importPgdata?.state == .unknown { words.append("import_pgdata") }
    return words
  }

  private mutating func checkLsns(
    _ index: IndexPart,
    _ timeline: TimelineID,
    _ shard: ShardIndex,
    object: String
  ) {
    let metadata = index.metadata
    let end = metadata.diskConsistentLsn
    if index.diskConsistentLsn != end {
      report(
        .indexLsnMismatch,
        shard,
        timeline,
        object: object,
        lsn: index.diskConsistentLsn,
        message: "disk_consistent_lsn differs from the one in the metadata",
        seen: "\(index.diskConsistentLsn)",
        expected: "\(end)"
      )
    }
    func mustNotPass(_ name: String, _ lsn: Lsn, _ limit: Lsn, _ limitName: String) {
      guard lsn > limit else { return }
      report(
        .indexLsnOrder,
        shard,
        timeline,
        object: object,
        lsn: lsn,
        message: "\(name) is above \(limitName)",
        seen: "\(lsn)",
        expected: "at most \(limit)"
      )
    }
    mustNotPass("prev_record_lsn", metadata.prevRecordLsn ?? .invalid, end, "disk_consistent_lsn")
    mustNotPass("ancestor_lsn", metadata.ancestorLsn, end, "disk_consistent_lsn")
    mustNotPass("latest_gc_cutoff_lsn", metadata.latestGcCutoffLsn, end, "disk_consistent_lsn")
    mustNotPass("initdb_lsn", metadata.initdbLsn, end, "disk_consistent_lsn")
    if metadata.ancestorTimeline == nil, metadata.ancestorLsn != .invalid {
      report(
        .indexLsnOrder,
        shard,
        timeline,
        object: object,
        lsn: metadata.ancestorLsn,
        message: "ancestor_lsn without an ancestor",
        seen: "\(metadata.ancestorLsn)",
        expected: "0/0"
      )
    }
    if !end.isAligned {
      report(
        .indexLsnOrder,
        shard,
        timeline,
        object: object,
        lsn: end,
        message: "disk_consistent_lsn is not aligned",
        seen: "\(end)",
        expected: "a multiple of 8"
      )
    }
  }

  /// The states that a timeline can be in: told once, by the first of the current shards.
  private mutating func checkState(
    _ index: IndexPart,
    _ timeline: TimelineID,
    _ shard: ShardIndex,
    object: String
  ) {
    guard shard == plan.current.first else { return }
    if let archivedAt = index.archivedAt {
      if facts[shard]?.offloaded.contains(timeline) ?? false {
        report(
          .timelineOffloaded,
          shard,
          timeline,
          object: object,
          message: "archived at \(archivedAt) and offloaded"
        )
      } else {
        report(.timelineArchived, shard, timeline, object: object, message: "archived at \(archivedAt)")
      }
    }
    if let hiddenAt = index.markedInvisibleAt {
      report(.timelineInvisible, shard, timeline, object: object, message: "invisible since \(hiddenAt)")
    }
    if let blocking = index.gcBlocking {
      let reasons = blocking.reasons.map(\.rawValue).joined(separator: ", ")
      report(
        .timelineGcBlocked,
        shard,
        timeline,
        object: object,
        message: "GC blocked since \(blocking.startedAt): \(reasons)"
      )
    }
    if index.importPgdata?.state == .inProgress {
      report(
        .timelineImporting,
        shard,
        timeline,
        object: object,
        message: "an import from a data directory is in progress"
      )
    }
  }
}
