import IndexFormat

/// A row of a catalog that is mapped, as its columns give it.
protocol CatalogRow {
  /// The catalog's OID.
  static var catalogIdentifier: UInt32 { get }

  /// - Parameter columns: of the row, behind its header.
  init?(_ columns: RawSpan)
}

typealias ClassScan = CatalogScan<ClassRow>

/// Reads a catalog of a database at an LSN, page by page.
struct CatalogScan<Row: CatalogRow> {
  private let catalog: TimelineCatalog
  private let lsn: Lsn
  private var statuses: TransactionStatuses

  /// Pages that are read at once.
  private static var batchBlockCount: UInt32 { 512 }
  /// Longer ones are not read: some 10 million relations.
  private static var blockLimit: UInt32 { 1 << 19 }

  init(_ catalog: TimelineCatalog, at lsn: Lsn) {
    self.catalog = catalog
    self.lsn = lsn
    statuses = TransactionStatuses(catalog, at: lsn)
  }

  private struct Found {
    var header: RowHeader
    var row: Row
  }

  /// Gives all rows to `visit`, also those that nobody sees.
  ///
  /// - Returns: whether the catalog could be read as a whole: else it is damaged, has no relation map, or is too long.
  mutating func forEachRow(
    of database: DatabaseTag,
    _ visit: (Row, RowHeader.Visibility) -> Void
  ) async throws(ReadError) -> Bool {
    let (catalog, lsn) = (catalog, lsn)
    let map = try await readable { () async throws(ReadError) in
      try await catalog.relationMap(of: database, at: lsn)
    }
    guard let map,
      let file = map.mappings.first(where: { $0.relation == Row.catalogIdentifier })?.fileNumber
    else { return false }
    let tag = RelationTag(database, relation: file)
    let count = try await readable { () async throws(ReadError) in
      try await catalog.blockCount(of: tag, at: lsn)
    }
    guard let found = count, let blockCount = found, blockCount <= Self.blockLimit else { return false }
    var start: UInt32 = 0
    while start < blockCount {
      let end = min(start + Self.batchBlockCount, blockCount)
      let range = KeyRange(
        start: .relationBlock(tag, BlockNumber(start)),
        end: .relationBlock(tag, BlockNumber(end))
      )
      let pages = try await readable { () async throws(ReadError) in
        try await catalog.source.values(of: KeySpace(range), at: lsn)
      }
      guard let pages, pages.count == Int(end - start) else { return false }
      var rows: [Found] = []
      for page in pages { Self.addRows(of: page.bytes.span.bytes, &rows) }
      try await statuses.load(rows.flatMap(\.header.openTransactions))
      for found in rows { visit(found.row, found.header.visibility { statuses.status(of: $0) }) }
      start = end
    }
    return true
  }

  private static func addRows(of page: RawSpan, _ rows: inout [Found]) {
    guard page.byteCount == PageHeader.pageByteCount, PageHeader.problem(of: page) == nil,
      // A page whose header is wrong has a finding of its own.
      let header = try? PageHeader(parsing: page), !header.isNew
    else { return }
    var offset = PageHeader.byteCount
    while offset + 4 <= Int(header.lower) {
      let pointer = LinePointer(raw: page.littleEndian32(offset))
      offset += 4
      let end = pointer.offset + pointer.length
      // In use, and not only a way to another one.
      guard pointer.isNormal, end <= page.byteCount else { continue }
      let bytes = page.extracting(pointer.offset..<end)
      guard let header = RowHeader(bytes), header.columnsStart <= bytes.byteCount,
        let row = Row(bytes.extracting(header.columnsStart..<bytes.byteCount))
      else { continue }
      rows.append(Found(header: header, row: row))
    }
  }
}
