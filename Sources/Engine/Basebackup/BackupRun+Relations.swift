import IndexFormat

/// Databases and relations.
extension BackupRun {
  mutating func addDatabases() async throws(BackupError) {
    let entries: [DatabaseDirectory.Entry]
    do throws(ReadError) {
      entries = try await backup.catalog.databases(at: lsn).entries
    } catch {
      throw .read(error)
    }
    for entry in entries { try await add(entry) }
  }

  private mutating func add(_ entry: DatabaseDirectory.Entry) async throws(BackupError) {
    let database = entry.database
    var map: [UInt8]?
    let relations: [RelationSize]
    do throws(ReadError) {
      if entry.hasRelationMap { map = try await relationMap(of: database) }
      relations = try await backup.catalog.sizes(
        of: try await backup.catalog.relations(ofListed: [database], at: lsn),
        at: lsn
      )
    } catch {
      throw .read(error)
    }
    let versionFile = Array(BackupTexts.version(pgVersion: backup.catalog.facts.pgVersion).utf8)
    if database.tablespace == DatabaseTag.globalTablespace {
      try add(BackupPath("PG_VERSION"), versionFile)
      if let map { try add(BackupPath("global/pg_filenode.map"), map) }
    } else {
      // Tablespaces of users were never supported; what is left of them has nothing in it.
      if map == nil && relations.isEmpty { return }
      guard database.tablespace == DatabaseTag.defaultTablespace else {
        throw unusable("tablespace", found: "\(database)", expected: "that of the cluster, 1663 or 1664")
      }
      let folder = "base/\(database.database)"
      try add(folder: BackupPath(folder))
      if let map {
        try add(BackupPath("\(folder)/PG_VERSION"), versionFile)
        try add(BackupPath("\(folder)/pg_filenode.map"), map)
      }
    }
    try await add(relations)
  }

  /// As it is stored, once it is known to be one.
  private func relationMap(of database: DatabaseTag) async throws(ReadError) -> [UInt8] {
    _ = try await backup.catalog.relationMap(of: database, at: lsn)
    return try await backup.catalog.source.value(of: .relationMap(database), at: lsn)
  }

  /// - relations: of one database, in ascending order.
  private mutating func add(_ relations: [RelationSize]) async throws(BackupError) {
    let unlogged = Set(relations.lazy.filter { $0.tag.fork == .initial }.map(\.tag.relation))
    var batch = PieceBatch(limit: max(backup.pagesPerRead, 1))
    for size in relations {
      guard size.tag.fork.isKnown else {
        throw unusable("fork of \(size.tag)", found: "\(size.tag.fork.number)", expected: "0 to 3")
      }
      let isInit = size.tag.fork == .initial
      guard isInit || isFull else { continue }
      // What an unlogged table held was never stored: it is empty after a crash, and so here.
      if size.tag.fork == .main, unlogged.contains(size.tag.relation) { continue }
      var names = [size.tag]
      if isInit { names.append(RelationTag(size.tag.database, relation: size.tag.relation)) }
      for name in names {
        for piece in RelationPieces(size, as: name, limit: batch.limit) {
          if !batch.takes(piece) { try await write(&batch) }
          batch.append(piece)
        }
      }
    }
    try await write(&batch)
  }

  /// Reads the pages of a batch and writes them.
  private mutating func write(_ batch: inout PieceBatch) async throws(BackupError) {
    guard !batch.pieces.isEmpty else { return }
    if Task.isCancelled { throw .read(.cancelled) }
    var pages: [KeyedValue] = []
    if batch.pageCount > 0 {
      do throws(ReadError) {
        pages = try await backup.catalog.source.values(of: batch.keys, at: lsn)
      } catch {
        throw .read(error)
      }
    }
    var position = 0
    for piece in batch.pieces {
      if piece.isFirst {
        let byteCount = UInt64(piece.fileBlockCount) * UInt64(PageHeader.pageByteCount)
        try begin(piece.path, byteCount: byteCount)
      }
      for block in piece.blocks {
        let key = Key.relationBlock(piece.relation, BlockNumber(block))
        guard position < pages.count, pages[position].key == key else { throw await missing(key) }
        try append(&pages[position].bytes, key, BlockNumber(block))
        position += 1
      }
      if piece.isLast { try sink.endFile() }
    }
    summary.pageCount += batch.pageCount
    batch.removeAll()
  }

  private func append(_ page: inout [UInt8], _ key: Key, _ block: BlockNumber) throws(BackupError) {
    guard page.count == PageHeader.pageByteCount else {
      throw unusable("page \(key)", found: "\(page.count) bytes", expected: "\(PageHeader.pageByteCount)")
    }
    // Stored pages have no checksum, or one of before they were changed. A page of zeros has none.
    if isFull, files.controlFile.dataChecksumVersion != 0,
      page.span.bytes.firstNonZero(in: 0..<page.count) != nil,
      let checksum = PageChecksum.checksum(of: page.span.bytes, at: block)
    {
      page[8] = UInt8(truncatingIfNeeded: checksum)
      page[9] = UInt8(truncatingIfNeeded: checksum >> 8)
    }
    try sink.append(page.span.bytes)
  }

  /// Asks for one page alone, which says where it was looked for.
  private func missing(_ key: Key) async -> BackupError {
    do throws(ReadError) {
      let page = try await backup.catalog.source.value(of: key, at: lsn)
      return unusable("page \(key)", found: "\(page.count) bytes, but not among others", expected: "both")
    } catch {
      return .read(error)
    }
  }
}

/// Pieces whose pages are read at once: keys in ascending order.
private struct PieceBatch {
  let limit: Int
  private(set) var pieces: [RelationPiece] = []
  private(set) var keys = KeySpace()
  private(set) var pageCount = 0
  private var end = Key.min

  init(limit: Int) { self.limit = limit }

  /// Whether a piece fits: an init fork comes twice, which needs another read.
  func takes(_ piece: RelationPiece) -> Bool {
    pieces.count < limit && pageCount + piece.blocks.count <= limit && piece.keys.start >= end
  }

  mutating func append(_ piece: RelationPiece) {
    pieces.append(piece)
    guard !piece.blocks.isEmpty else { return }
    keys.append(piece.keys)
    end = piece.keys.end
    pageCount += piece.blocks.count
  }

  mutating func removeAll() { self = PieceBatch(limit: limit) }
}
