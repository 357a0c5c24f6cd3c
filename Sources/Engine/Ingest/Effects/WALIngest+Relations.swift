import IndexFormat

/// Relations: made, made longer or shorter, dropped. Dropping writes directories alone, as page servers delete nothing.
extension WALIngest {
  /// Makes a fork of so many blocks. The first one of a database makes the database's entry, too.
  func create(_ tag: RelationTag, blockCount: UInt32, _ output: IngestOutput) throws(IngestFault) {
    guard tag.relation != 0 else { throw .badRelation(tag) }
    let key = Key.relationSize(tag)
    guard key.isCompactRepresentable else { throw .unsupportedKey(key) }
    if state.databases.entry(of: tag.database) == nil {
      state.databases.set(DatabaseDirectory.Entry(tag.database, hasRelationMap: false))
      output.put(.databaseDirectory, state.databases)
      state.relations[tag.database] = RelationDirectory()
    }
    let entry = RelationDirectory.Entry(relation: tag.relation, fork: tag.fork)
    guard state.relations[tag.database]?.insert(entry) == true else {
      if rules.standsOnNewerFiles { return }
      throw .relationExists(tag)
    }
    if let directory = state.relations[tag.database] {
      output.put(.relationDirectoryV1(tag.database), directory)
    }
    if rules.writesSecondLayout {
      output.put(.relationDirectoryV2(tag), RelationMarker.exists)
      state.secondLayout.insert(tag)
    }
    setSize(of: tag, to: blockCount, output)
  }

  func setSize(of tag: RelationTag, to blockCount: UInt32, _ output: IngestOutput) {
    state.sizes.set(tag, blockCount)
    output.put(.relationSize(tag), BlockCountValue(blockCount))
  }

  /// Makes the fork, if there is none, and as long as the block needs it. Blocks in between are zeros.
  @inline(__always)
  func extend(
    _ tag: RelationTag,
    toHold block: BlockNumber,
    _ output: IngestOutput
  ) throws(IngestFault) {
    if let count = state.sizes.blockCount(of: tag), block.value < count { return }
    try extendLonger(tag, toHold: block, output)
  }

  @inline(never)
  private func extendLonger(
    _ tag: RelationTag,
    toHold block: BlockNumber,
    _ output: IngestOutput
  ) throws(IngestFault) {
    let count = state.sizes.blockCount(of: tag) ?? 0
    if state.sizes.blockCount(of: tag) == nil { try create(tag, blockCount: 0, output) }
    // The last number is that of sizes, so this cannot overflow.
    setSize(of: tag, to: block.value &+ 1, output)
    guard block.value > count else { return }
    guard block.value &- count <= IngestRules.maximumGapBlockCount else {
      throw .limitExceeded(
        field: "blocks left out",
        found: UInt64(block.value &- count),
        limit: UInt64(IngestRules.maximumGapBlockCount)
      )
    }
    for number in count..<block.value {
      let key = Key.relationBlock(tag, BlockNumber(number))
      if rules.shard.isLocal(key) { output.layer.putZeroPage(key, output.lsn, isGap: true) }
    }
  }

  /// Takes all forks of relations out of their directories. What is not there is passed over.
  func drop(_ relations: [(database: DatabaseTag, relation: UInt32)], _ output: IngestOutput) {
    var changed: Set<DatabaseTag> = []
    for (database, relation) in relations {
      for fork in [RelationFork.main, .freeSpaceMap, .visibilityMap, .initial] {
        let entry = RelationDirectory.Entry(relation: relation, fork: fork)
        guard state.relations[database]?.remove(entry) == true else { continue }
        let tag = RelationTag(database, relation: relation, fork: fork)
        state.sizes.remove(tag)
        changed.insert(database)
        if rules.writesSecondLayout, state.secondLayout.remove(tag) != nil {
          output.put(.relationDirectoryV2(tag), RelationMarker.removed)
        }
      }
    }
    for database in changed {
      if let directory = state.relations[database] {
        output.put(.relationDirectoryV1(database), directory)
      }
    }
  }
}
