import IndexFormat

/// Records of storage, databases and relation maps.
///
/// | record | main data |
/// |---|---|
/// | storage create | tablespace, database, relation, fork |
/// | storage truncate | blocks, tablespace, database, relation, flags: 1 main, 2 visibility map, 4 free space map |
/// | database create by copy | new database, new tablespace, old database, old tablespace |
/// | database drop | database, count, tablespaces |
/// | relation map update | database, tablespace, count of bytes, bytes |
///
/// All are u32. What creates a database by logging its pages has no effect of its own: they come as records of storage,
/// relation map and images. Tablespaces have none at all.
extension WALIngest {
  private enum Storage {
    static let create: UInt8 = 0x10
    static let truncate: UInt8 = 0x20
  }

  private enum Truncation {
    static let main: UInt32 = 1
    static let visibilityMap: UInt32 = 2
    static let freeSpaceMap: UInt32 = 4
  }

  private enum Database {
    static let createByCopy: UInt8 = 0x00
    static func drop(_ version: PostgresVersion) -> UInt8 { version == .v14 ? 0x10 : 0x20 }
  }

  private static func database(
    _ fields: inout RecordFields,
    tablespaceFirst: Bool
  ) throws(IngestFault) -> DatabaseTag {
    let first = try fields.uint32(tablespaceFirst ? "tablespace" : "database")
    let second = try fields.uint32(tablespaceFirst ? "database" : "tablespace")
    return tablespaceFirst
      ? DatabaseTag(tablespace: first, database: second) : DatabaseTag(tablespace: second, database: first)
  }

  // MARK: Storage

  func storageNeed(_ record: borrowing WALRecord) throws(IngestFault) -> IngestNeed? {
    var fields = RecordFields(record.mainData)
    switch record.header.info & 0xf0 {
    case Storage.create: break
    case Storage.truncate: try fields.skip(4, "blkno")
    default: return nil
    }
    return need(try Self.database(&fields, tablespaceFirst: true))
  }

  func ingestStorage(
    _ record: borrowing WALRecord,
    _ data: consuming RecordFields,
    _ output: IngestOutput
  ) throws(IngestFault) {
    switch record.header.info & 0xf0 {
    case Storage.create:
      let database = try Self.database(&data, tablespaceFirst: true)
      let relation = try data.uint32("relation")
      let fork = RelationFork(UInt8(truncatingIfNeeded: try data.uint32("fork")))
      try create(RelationTag(database, relation: relation, fork: fork), blockCount: 0, output)
    case Storage.truncate:
      let count = try data.uint32("blkno")
      let database = try Self.database(&data, tablespaceFirst: true)
      let relation = try data.uint32("relation")
      try truncate(RelationTag(database, relation: relation), to: count, try data.uint32("flags"), output)
    default: break
    }
  }

  private func truncate(
    _ main: RelationTag,
    to count: UInt32,
    _ flags: UInt32,
    _ output: IngestOutput
  ) throws(IngestFault) {
    let key = Key.relationSize(main)
    guard main.relation != 0 else { throw .badRelation(main) }
    guard key.isCompactRepresentable else { throw .unsupportedKey(key) }
    func fork(_ fork: RelationFork) -> RelationTag {
      RelationTag(main.database, relation: main.relation, fork: fork)
    }
    if flags & Truncation.main != 0, state.sizes.blockCount(of: main) != nil {
      setSize(of: main, to: count, output)
    }
    if flags & Truncation.freeSpaceMap != 0 { truncateFreeSpaceMap(fork(.freeSpaceMap), count, output) }
    if flags & Truncation.visibilityMap != 0 { truncateVisibilityMap(fork(.visibilityMap), count, output) }
  }

  /// The page with the first slot that goes is written anew as zeros, and made again by the next vacuum.
  private func truncateFreeSpaceMap(_ tag: RelationTag, _ count: UInt32, _ output: IngestOutput) {
    var page = FreeSpaceMap.page(ofHeapBlock: count)
    if count % FreeSpaceMap.slotsPerPage != 0 {
      let key = Key.relationBlock(tag, BlockNumber(page))
      if rules.shard.isLocal(key) { output.layer.putZeroPage(key, output.lsn) }
      page += 1
    }
    shorten(tag, to: page, output)
  }

  /// The bits that go are cleared on the last page that stays.
  private func truncateVisibilityMap(_ tag: RelationTag, _ count: UInt32, _ output: IngestOutput) {
    var page = count / VisibilityMap.pagesPerMapPage
    let byte = count % VisibilityMap.pagesPerMapPage / 4
    let bitOffset = count % 4 * 2
    if byte != 0 || bitOffset != 0 {
      let key = Key.relationBlock(tag, BlockNumber(page))
      if rules.shard.isLocal(key) {
        output.put(key, .truncateVisibilityMap(byte: UInt64(byte), bitOffset: UInt64(bitOffset)))
      }
      page += 1
    }
    shorten(tag, to: page, output)
  }

  private func shorten(_ tag: RelationTag, to count: UInt32, _ output: IngestOutput) {
    if let known = state.sizes.blockCount(of: tag), known > count { setSize(of: tag, to: count, output) }
  }

  // MARK: Databases

  func databaseNeed(_ record: borrowing WALRecord) throws(IngestFault) -> IngestNeed? {
    guard record.header.info & 0xf0 == Database.createByCopy else { return nil }
    var fields = RecordFields(record.mainData)
    let target = try Self.database(&fields, tablespaceFirst: false)
    let source = try Self.database(&fields, tablespaceFirst: false)
    return need(source) ?? need(target)
  }

  func ingestDatabase(
    _ record: borrowing WALRecord,
    _ data: consuming RecordFields,
    _ output: IngestOutput
  ) throws(IngestFault) -> DatabaseCopy? {
    switch record.header.info & 0xf0 {
    case Database.createByCopy:
      let target = try Self.database(&data, tablespaceFirst: false)
      let source = try Self.database(&data, tablespaceFirst: false)
      return try copy(source, to: target, output)
    case Database.drop(rules.version):
      let database = try data.uint32("database")
      let count = try data.count("tablespaces", elementByteCount: 4)
      for _ in 0..<count {
        drop(DatabaseTag(tablespace: try data.uint32("tablespace"), database: database), output)
      }
      return nil
    default: return nil
    }
  }

  private func copy(
    _ source: DatabaseTag,
    to target: DatabaseTag,
    _ output: IngestOutput
  ) throws(IngestFault) -> DatabaseCopy {
    guard state.databases.entry(of: source) != nil, let directory = state.relations[source], source != target
    else { throw .databaseMissing(source) }
    let map = Key.relationMap(target)
    guard map.isCompactRepresentable else { throw .unsupportedKey(map) }
    markRelationMap(of: target, output)
    var copy = DatabaseCopy(source: source, target: target, relations: [])
    for entry in directory.entries {
      let tag = RelationTag(source, relation: entry.relation, fork: entry.fork)
      let count = state.sizes.blockCount(of: tag) ?? 0
      try create(RelationTag(target, relation: entry.relation, fork: entry.fork), blockCount: count, output)
      copy.relations.append(RelationSize(tag, blockCount: count))
    }
    let blockCount = copy.relations.reduce(UInt64(0)) { $0 + UInt64($1.blockCount) }
    guard blockCount <= IngestRules.maximumCopyBlockCount else {
      throw .limitExceeded(
        field: "blocks copied",
        found: blockCount,
        limit: IngestRules.maximumCopyBlockCount
      )
    }
    return copy
  }

  private func drop(_ database: DatabaseTag, _ output: IngestOutput) {
    guard state.databases.remove(database) else { return }
    output.put(.databaseDirectory, state.databases)
    // Entries of the second layout stay where they are: the database's own entry hides them.
    for entry in state.relations.removeValue(forKey: database)?.entries ?? [] {
      state.sizes.remove(RelationTag(database, relation: entry.relation, fork: entry.fork))
    }
  }

  // MARK: Relation maps

  /// The database has a relation map from now on.
  private func markRelationMap(of database: DatabaseTag, _ output: IngestOutput) {
    let entry = state.databases.entry(of: database)
    guard entry?.hasRelationMap != true else { return }
    state.databases.set(DatabaseDirectory.Entry(database, hasRelationMap: true))
    output.put(.databaseDirectory, state.databases)
    guard entry == nil else { return }
    state.relations[database] = RelationDirectory()
    output.put(.relationDirectoryV1(database), RelationDirectory())
  }

  func ingestRelationMap(_ data: consuming RecordFields, _ output: IngestOutput) throws(IngestFault) {
    let database = try Self.database(&data, tablespaceFirst: false)
    let key = Key.relationMap(database)
    guard key.isCompactRepresentable else { throw .unsupportedKey(key) }
    try data.skip(4, "nbytes")
    markRelationMap(of: database, output)
    // To the end of the record, whatever the count says.
    output.put(key, image: data.bytes.extracting(data.offset..<data.bytes.byteCount))
  }
}

/// Where the free space map keeps what it knows of heap blocks: pages of three levels, depth first.
enum FreeSpaceMap {
  static let slotsPerPage: UInt32 = 4069

  /// The page at the bottom with the slot of a heap block, counted over all levels.
  static func page(ofHeapBlock block: UInt32) -> UInt32 {
    var number = block / slotsPerPage
    var page: UInt32 = 0
    for _ in 0..<3 {
      page += number + 1
      number /= slotsPerPage
    }
    return page - 1
  }
}
