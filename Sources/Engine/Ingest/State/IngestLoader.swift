import IndexFormat

/// Loads what ingest needs to know from a timeline, as it was at the LSN at which ingest began.
///
/// What the WAL has changed since is known already: whoever needs something for the first time has not changed it.
struct IngestLoader {
  let catalog: TimelineCatalog
  let lsn: Lsn
  let rules: IngestRules

  init(_ source: any ValueSource, at lsn: Lsn, _ rules: IngestRules) {
    let facts = TimelineFacts(shard: rules.shard, pgVersion: UInt32(rules.version.major))
    catalog = TimelineCatalog(source, facts)
    self.lsn = lsn
    self.rules = rules
  }

  /// The state to begin with: relations and aux files come later.
  func state() async throws(ReadError) -> IngestState {
    var segments: [SLRUKind: [UInt32: UInt32]] = [:]
    if rules.isShardZero {
      for kind in SLRUKind.allCases {
        var counts: [UInt32: UInt32] = [:]
        for size in try await catalog.slruSegments(kind, at: lsn) {
          counts[size.segment.number] = size.blockCount
        }
        segments[kind] = counts
      }
    }
    return IngestState(
      checkpoint: try await catalog.checkpoint(at: lsn),
      databases: try await catalog.databases(at: lsn),
      prepared: try await catalog.preparedTransactions(at: lsn),
      segments: segments
    )
  }

  func answer(_ need: IngestNeed) async throws(ReadError) -> IngestAnswer {
    switch need {
    case .relations(let database):
      let sizes = try await catalog.relationSizes(of: database, at: lsn)
      return .relations(database, sizes, secondLayout: try await secondLayout(of: database))
    case .auxFiles(let key):
      let range = KeyRange(key)
      guard let value = try await catalog.source.values(of: KeySpace(range), at: lsn).first else {
        return .auxFiles(key, AuxFileList())
      }
      return .auxFiles(key, try catalog.parse(key, lsn, value.bytes))
    }
  }

  private func secondLayout(of database: DatabaseTag) async throws(ReadError) -> [RelationTag] {
    guard rules.writesSecondLayout else { return [] }
    var tags: [RelationTag] = []
    let range = KeySpace(KeyRange.relationDirectoriesV2(database))
    for value in try await catalog.source.values(of: range, at: lsn) {
      guard case .relationDirectoryV2(let tag) = KeyClass(value.key) else { continue }
      let marker: RelationMarker = try catalog.parse(value.key, lsn, value.bytes)
      if marker == .exists { tags.append(tag) }
    }
    return tags
  }
}
