import IndexFormat

/// A relation fork and its length.
public struct RelationSize: Equatable, Sendable {
  public var tag: RelationTag
  public var blockCount: UInt32

  public init(_ tag: RelationTag, blockCount: UInt32) {
    self.tag = tag
    self.blockCount = blockCount
  }
}

/// Databases and relations.
extension TimelineCatalog {
  public func databases(at lsn: Lsn) async throws(ReadError) -> DatabaseDirectory {
    try await read(.databaseDirectory, at: lsn)
  }

  /// The relation forks of a database in ascending order; none if there is no such database.
  public func relations(of database: DatabaseTag, at lsn: Lsn) async throws(ReadError) -> [RelationTag] {
    guard try await databases(at: lsn).entry(of: database) != nil else { return [] }
    return try await relations(ofListed: [database], at: lsn)
  }

  public func relationExists(_ tag: RelationTag, at lsn: Lsn) async throws(ReadError) -> Bool {
    guard tag.relation != 0, try await databases(at: lsn).entry(of: tag.database) != nil else { return false }
    let place = facts.relationLayout.place(at: lsn)
    if place != .second {
      let directory: RelationDirectory = try await read(.relationDirectoryV1(tag.database), at: lsn)
      if directory.contains(relation: tag.relation, fork: tag.fork) || place == .first {
        return directory.contains(relation: tag.relation, fork: tag.fork)
      }
    }
    let key = Key.relationDirectoryV2(tag)
    guard let successor = key.successor else { return false }
    let values = try await source.values(of: KeySpace(KeyRange(start: key, end: successor)), at: lsn)
    guard let value = values.first(where: { $0.key == key }) else { return false }
    let marker: RelationMarker = try parse(key, lsn, value.bytes)
    return marker == .exists
  }

  /// The length of a relation fork; nil if it does not exist, whatever stands under the key of its size.
  ///
  /// Exact on shard 0; other shards know the last block that they own themselves.
  public func blockCount(of tag: RelationTag, at lsn: Lsn) async throws(ReadError) -> UInt32? {
    guard try await relationExists(tag, at: lsn) else { return nil }
    let size: BlockCountValue = try await read(.relationSize(tag), at: lsn)
    return size.blockCount
  }

  /// All relation forks of a database with their lengths, in ascending order.
  public func relationSizes(of database: DatabaseTag, at lsn: Lsn) async throws(ReadError) -> [RelationSize] {
    try await sizes(of: try await relations(of: database, at: lsn), at: lsn)
  }

  /// All relation forks with their lengths, in ascending order.
  public func relationSizes(at lsn: Lsn) async throws(ReadError) -> [RelationSize] {
    let databases = try await databases(at: lsn).entries.map(\.database)
    return try await sizes(of: try await relations(ofListed: databases, at: lsn), at: lsn)
  }

  /// Bytes of all relations of a database in the default tablespace, all forks.
  public func databaseByteCount(_ database: UInt32, at lsn: Lsn) async throws(ReadError) -> UInt64 {
    let tag = DatabaseTag(tablespace: DatabaseTag.defaultTablespace, database: database)
    return Self.byteCount(of: try await relationSizes(of: tag, at: lsn))
  }

  /// Bytes of all relations of all databases, all forks: what page servers call the logical size. SLRUs and files do
  /// not count. 0 on shards other than the first one, as they say themselves.
  public func logicalByteCount(at lsn: Lsn) async throws(ReadError) -> UInt64 {
    guard facts.shard.index.number == 0 else { return 0 }
    return Self.byteCount(of: try await relationSizes(at: lsn))
  }

  private static func byteCount(of sizes: [RelationSize]) -> UInt64 {
    // Fewer than 2^31 relations of less than 2^32 blocks: the sum fits, its product may not.
    let blocks = sizes.reduce(UInt64(0)) { $0 + UInt64($1.blockCount) }
    let (bytes, overflow) = blocks.multipliedReportingOverflow(by: UInt64(PageHeader.pageByteCount))
    return overflow ? .max : bytes
  }

  func sizes(of tags: [RelationTag], at lsn: Lsn) async throws(ReadError) -> [RelationSize] {
    let counts = try await blockCounts(tags.map(Key.relationSize), at: lsn)
    return zip(tags, counts).map { RelationSize($0, blockCount: $1) }
  }

  /// The relation forks of databases that are in the directory.
  ///
  /// - databases: in ascending order, each once.
  func relations(
    ofListed databases: [DatabaseTag],
    at lsn: Lsn
  ) async throws(ReadError) -> [RelationTag] {
    switch facts.relationLayout.place(at: lsn) {
    case .first: return try await relationsV1(of: databases, at: lsn)
    case .second: return try await relationsV2(of: databases, at: lsn)
    case .both:
      let first = try await relationsV1(of: databases, at: lsn)
      let second = try await relationsV2(of: databases, at: lsn)
      return (first + second).sortedByLast(<).unique
    }
  }

  private func relationsV1(of databases: [DatabaseTag], at lsn: Lsn) async throws(ReadError) -> [RelationTag]
  {
    let keys = databases.map(Key.relationDirectoryV1)
    var tags: [RelationTag] = []
    try await read(keys, at: lsn, batchCount: Self.batchDirectoryCount) { (index, bytes) throws(ReadError) in
      let directory: RelationDirectory = try parse(keys[index], lsn, bytes)
      for entry in directory.entries {
        tags.append(RelationTag(databases[index], relation: entry.relation, fork: entry.fork))
      }
    }
    return tags
  }

  private func relationsV2(of databases: [DatabaseTag], at lsn: Lsn) async throws(ReadError) -> [RelationTag]
  {
    let ranges = KeySpace(databases.map { KeyRange.relationDirectoriesV2($0) })
    var tags: [RelationTag] = []
    for value in try await source.values(of: ranges, at: lsn) {
      let marker: RelationMarker = try parse(value.key, lsn, value.bytes)
      guard case .relationDirectoryV2(let tag) = KeyClass(value.key) else {
        throw .damagedValue(value.key, lsn, Self.strayDirectoryKey)
      }
      if marker == .exists { tags.append(tag) }
    }
    return tags
  }

  private static let strayDirectoryKey = FormatError(
    .badValue,
    field: "relation directory key",
    found: "a key of no relation",
    expected: "a relation's number, a fork, and 1 in the last field"
  )
}
