import IndexFormat

/// A row of pg_database, as far as it says that there is a database.
///
/// | offset in the columns | size | column |
/// |---|---|---|
/// | 0 | 4 | oid |
///
/// Little-endian. Source: PostgreSQL `catalog/pg_database.h`.
struct DatabaseRow: CatalogRow, Equatable, Sendable {
  var identifier: UInt32

  static let catalogIdentifier: UInt32 = 1262

  init?(_ columns: RawSpan) {
    guard columns.byteCount >= 4 else { return nil }
    identifier = columns.littleEndian32(0)
  }

  /// Whether a database was made to its end. CREATE DATABASE copies relation after relation, and what it copies names
  /// those that are still to come; a server that crashed in it leaves a part behind. The row that says that there is
  /// such a database counts from the commit on.
  ///
  /// Also true where pg_database cannot be read, as then nobody says otherwise.
  static func isComplete(
    _ database: DatabaseTag,
    _ catalog: TimelineCatalog,
    at lsn: Lsn
  ) async throws(ReadError) -> Bool {
    guard database != .global else { return true }
    var scan = CatalogScan<DatabaseRow>(catalog, at: lsn)
    var isThere = false
    let isRead = try await scan.forEachRow(of: .global) { row, visibility in
      if row.identifier == database.database, visibility == .visible { isThere = true }
    }
    return isThere || !isRead
  }
}
