import IndexFormat

/// The keys that a timeline has at an LSN, in the order in which page servers list them.
public struct CollectedKeySpace: Equatable, Sendable {
  /// Keys that must have a value. Relations without pages have empty ranges.
  public var dense: KeyRangeList
  /// Where keys may be. They may touch: each family has its own.
  public var sparse: [KeyRange]
}

extension TimelineCatalog {
  /// Lists the keys of the timeline.
  ///
  /// Order of the dense ones: directory of databases; of each database relation map, relation directory, and each
  /// relation fork with its blocks and its size; of each SLRU the directory, and each segment with its blocks and its
  /// size; directory of prepared transactions and each of them; control file; checkpoint; aux files of the first
  /// layout.
  ///
  /// Entries of directories that stand for keys of something else (database 0/0, prepared transaction 0) are damage.
  public func keySpace(at lsn: Lsn) async throws(ReadError) -> CollectedKeySpace {
    var dense = KeyRangeList()
    try await addRelations(to: &dense, lsn)
    if facts.hasSLRUs { try await addSLRUs(to: &dense, lsn) }
    let transactions = try await preparedTransactions(at: lsn).transactions
    let hasAuxFilesV1 = facts.rules.readsAuxFilesV1 ? try await self.hasAuxFilesV1(at: lsn) : false
    try listing(.twoPhaseDirectory, lsn) { () throws(FormatError) in
      try dense.append(.twoPhaseDirectory)
      for transaction in transactions { try dense.append(Key.twoPhaseFile(transaction: transaction)) }
      try dense.append(.controlFile)
      try dense.append(.checkpoint)
      if hasAuxFilesV1 { try dense.append(.auxFilesV1) }
    }
    return CollectedKeySpace(dense: dense, sparse: sparseRanges)
  }

  private var sparseRanges: [KeyRange] {
    var ranges: [KeyRange] = [.auxFiles]
    if facts.rules.listsReplicationOrigins { ranges.append(.replicationOrigins) }
    if facts.rules.listsRelationDirectoriesV2 { ranges.append(.relationDirectoriesV2) }
    return ranges
  }

  private func addRelations(to dense: inout KeyRangeList, _ lsn: Lsn) async throws(ReadError) {
    let entries = try await databases(at: lsn).entries
    let tags = try await relations(ofListed: entries.map(\.database), at: lsn)
    var relations = try await sizes(of: tags, at: lsn)[...]
    try listing(.databaseDirectory, lsn) { () throws(FormatError) in
      try dense.append(.databaseDirectory)
      for entry in entries {
        if entry.hasRelationMap || facts.rules.listsEveryRelationMap {
          try dense.append(.relationMap(entry.database))
        }
        try dense.append(.relationDirectoryV1(entry.database))
        while let relation = relations.first, relation.tag.database == entry.database {
          try dense.append(blocks: relation.blockCount, sizeKey: .relationSize(relation.tag))
          relations.removeFirst()
        }
      }
    }
  }

  private func addSLRUs(to dense: inout KeyRangeList, _ lsn: Lsn) async throws(ReadError) {
    for kind in SLRUKind.allCases {
      let segments = try await slruSegments(kind, at: lsn)
      try listing(.slruDirectory(kind), lsn) { () throws(FormatError) in
        try dense.append(.slruDirectory(kind))
        for size in segments {
          try dense.append(blocks: size.blockCount, sizeKey: .slruSegmentSize(size.segment))
        }
      }
    }
  }

  /// Whether the first layout of aux files has a value, be it one that records must be applied to.
  private func hasAuxFilesV1(at lsn: Lsn) async throws(ReadError) -> Bool {
    do throws(ReadError) {
      return try await !source.values(of: KeySpace(.nonInheritedDense), at: lsn).isEmpty
    } catch {
      if case .unreplayed(let value) = error { return value.hasBase }
      throw error
    }
  }

  /// Runs `body`, whose errors are those of a directory.
  private func listing(
    _ directory: Key,
    _ lsn: Lsn,
    _ body: () throws(FormatError) -> Void
  ) throws(ReadError) {
    do throws(FormatError) {
      try body()
    } catch {
      throw .damagedValue(directory, lsn, error)
    }
  }
}

extension KeyRangeList {
  /// Adds the blocks of a relation fork or a segment, and its size.
  fileprivate mutating func append(blocks count: UInt32, sizeKey: Key) throws(FormatError) {
    func block(_ number: UInt32) -> Key {
      Key(sizeKey.field1, sizeKey.field2, sizeKey.field3, sizeKey.field4, sizeKey.field5, number)
    }
    try append(KeyRange(start: block(0), end: block(count)))
    try append(sizeKey)
  }
}
