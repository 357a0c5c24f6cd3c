import IndexFormat

/// Compares directories, sizes and relation maps of a timeline at an LSN with each other, and its shards with each
/// other. For one task.
///
/// That each of the values can be read, and is what its key says, is asked by units of keys: what cannot be read is
/// passed over here.
final class StructureVerification {
  private let verification: Verification
  private let lsn: Lsn
  private let results: VerificationResults

  init(_ verification: Verification, _ lsn: Lsn, _ results: VerificationResults) {
    self.verification = verification
    self.lsn = lsn
    self.results = results
  }

  func run() async throws(ReadError) {
    let catalog = verification.catalog
    let lsn = lsn
    let directory = try await readable { () async throws(ReadError) in try await catalog.databases(at: lsn) }
    guard let directory else { return }
    tellRepeated(directory.repeatedEntryCount, .databaseDirectory)
    for entry in directory.entries { try await checkDatabase(entry) }
    for kind in SLRUKind.allCases where catalog.facts.hasSLRUs { try await checkSLRU(kind) }
    let prepared = try await readable { () async throws(ReadError) in
      try await catalog.preparedTransactions(at: lsn)
    }
    tellRepeated(prepared?.repeatedEntryCount ?? 0, .twoPhaseDirectory)
  }

  // MARK: One database

  private func checkDatabase(_ entry: DatabaseDirectory.Entry) async throws(ReadError) {
    let catalog = verification.catalog
    let lsn = lsn
    let database = entry.database
    if catalog.facts.relationLayout.place(at: lsn) != .second {
      let key = Key.relationDirectoryV1(database)
      let first = try await readable { () async throws(ReadError) -> RelationDirectory in
        try await catalog.read(key, at: lsn)
      }
      tellRepeated(first?.repeatedEntryCount ?? 0, key)
    }
    let tags = try await readable { () async throws(ReadError) in
      try await catalog.relations(ofListed: [database], at: lsn)
    }
    guard let tags else { return }
    checkForks(tags)
    if entry.hasRelationMap, try await DatabaseRow.isComplete(database, catalog, at: lsn) {
      try await checkMap(of: database, tags)
    }
    if verification.shards.count > 1 { try await checkShards(database, tags) }
  }

  /// - Parameter tags: in ascending order, so that a relation's main fork comes first.
  private func checkForks(_ tags: [RelationTag]) {
    var main: UInt32?
    for tag in tags {
      if tag.fork == .main { main = tag.relation }
      guard tag.fork == .freeSpaceMap || tag.fork == .visibilityMap, main != tag.relation else { continue }
      results.add(
        .relationForkAlone,
        key: .relationSize(tag),
        lsn: lsn,
        "relation \(tag) has no main fork"
      )
    }
  }

  private func checkMap(of database: DatabaseTag, _ tags: [RelationTag]) async throws(ReadError) {
    let catalog = verification.catalog
    let lsn = lsn
    let map = try await readable { () async throws(ReadError) in
      try await catalog.relationMap(of: database, at: lsn)
    }
    for mapping in map?.mappings ?? [] {
      let tag = RelationTag(database, relation: mapping.fileNumber)
      guard !tags.contains(sorted: tag) else { continue }
      results.add(
        .relationUnmapped,
        key: .relationMap(database),
        lsn: lsn,
        "the relation map of \(database) leads catalog \(mapping.relation) to a relation that does not exist",
        seen: "\(tag)",
        expected: "a relation of the directory"
      )
    }
  }

  // MARK: Shards

  /// - Parameter tags: those of shard 0.
  private func checkShards(_ database: DatabaseTag, _ tags: [RelationTag]) async throws(ReadError) {
    let sizes = try await self.sizes(tags, verification.shards[0].catalog)
    for shard in verification.shards.dropFirst() {
      let (catalog, lsn) = (shard.catalog, lsn)
      let own = try await readable { () async throws(ReadError) in
        try await catalog.relations(ofListed: [database], at: lsn)
      }
      guard let own else { continue }
      let known = own.filter { tags.contains(sorted: $0) }
      for tag in own where !tags.contains(sorted: tag) {
        tell(.shardRelationUnknown, shard, tag, "shard 0 has no such relation", seen: nil, expected: nil)
      }
      let ownSizes = try await self.sizes(known, catalog)
      for (tag, size) in ownSizes {
        guard let whole = sizes[tag], size > whole else { continue }
        tell(
          .shardRelationLonger,
          shard,
          tag,
          "longer than on shard 0",
          seen: "\(size) blocks",
          expected: "at most \(whole)"
        )
      }
    }
  }

  private func sizes(
    _ tags: [RelationTag],
    _ catalog: TimelineCatalog
  ) async throws(ReadError) -> [RelationTag: UInt32] {
    let lsn = lsn
    let read = try await readable { () async throws(ReadError) in try await catalog.sizes(of: tags, at: lsn) }
    var sizes: [RelationTag: UInt32] = [:]
    for size in read ?? [] { sizes[size.tag] = size.blockCount }
    return sizes
  }

  private func tell(
    _ code: FindingCode,
    _ shard: VerifiedShard,
    _ tag: RelationTag,
    _ message: String,
    seen: String?,
    expected: String?
  ) {
    results.add(
      code,
      key: .relationSize(tag),
      lsn: lsn,
      "relation \(tag) on shard \(shard.timeline.shard.index): \(message)",
      seen: seen,
      expected: expected
    )
  }

  // MARK: SLRUs

  private func checkSLRU(_ kind: SLRUKind) async throws(ReadError) {
    let catalog = verification.catalog
    let lsn = lsn
    let key = Key.slruDirectory(kind)
    let directory = try await readable { () async throws(ReadError) -> SLRUSegmentDirectory in
      try await catalog.read(key, at: lsn)
    }
    tellRepeated(directory?.repeatedEntryCount ?? 0, key)
    let segments = try await readable { () async throws(ReadError) in
      try await catalog.slruSegments(kind, at: lsn)
    }
    for size in segments ?? [] where size.blockCount > SLRUKind.pagesPerSegment {
      results.add(
        .slruTooLong,
        key: .slruSegmentSize(size.segment),
        lsn: lsn,
        "\(size.segment) is too long",
        seen: "\(size.blockCount) pages",
        expected: "at most \(SLRUKind.pagesPerSegment)"
      )
    }
  }

  private func tellRepeated(_ count: Int, _ key: Key) {
    guard count > 0 else { return }
    results.add(
      .directoryRepeatedEntry,
      key: key,
      lsn: lsn,
      "\(key.describe()) has \(count) entries more than once"
    )
  }
}

extension [RelationTag] {
  /// Whether it is among tags in ascending order.
  func contains(sorted tag: RelationTag) -> Bool {
    let position = firstPosition { !($0 < tag) }
    return position < count && self[position] == tag
  }
}
