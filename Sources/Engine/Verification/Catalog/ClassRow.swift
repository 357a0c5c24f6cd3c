import IndexFormat

/// A row of pg_class, as far as storage is concerned.
///
/// | offset in the columns | size | column |
/// |---|---|---|
/// | 0 | 4 | oid |
/// | 4 | 64 | relname, zeros behind it |
/// | 84 | 4 | relam |
/// | 88 | 4 | relfilenode; 0 if the relation map tells it, or there is none |
/// | 92 | 4 | reltablespace; 0 for the database's |
/// | 113 | 1 | relisshared |
/// | 114 | 1 | relpersistence: p permanent, u unlogged, t temporary |
/// | 115 | 1 | relkind |
///
/// None of these columns may be null, so they stand where they are in each row. Numbers are little-endian. The same in
/// PostgreSQL 14 to 17. Source: PostgreSQL `catalog/pg_class.h`.
struct ClassRow: CatalogRow, Equatable, Sendable {
  var identifier: UInt32
  var accessMethod: UInt32
  var fileNumber: UInt32
  var tablespace: UInt32
  var isShared: Bool
  var persistence: UInt8
  var kind: UInt8

  static let byteCount = 116
  /// The catalog's own OID.
  static let catalogIdentifier: UInt32 = 1259

  /// - Parameter columns: of the row, behind its header.
  init?(_ columns: RawSpan) {
    guard columns.byteCount >= Self.byteCount else { return nil }
    identifier = columns.littleEndian32(0)
    accessMethod = columns.littleEndian32(84)
    fileNumber = columns.littleEndian32(88)
    tablespace = columns.littleEndian32(92)
    isShared = columns.byte(113) != 0
    persistence = columns.byte(114)
    kind = columns.byte(115)
  }

  /// Tables, indexes, TOAST tables, materialized views and sequences have files; views, types and partitioned
  /// relations do not.
  var hasStorage: Bool { "rtimS".utf8.contains(kind) }

  var isPermanent: Bool { persistence == UInt8(ascii: "p") }
  var isUnlogged: Bool { persistence == UInt8(ascii: "u") }

  /// Of pages of the main fork.
  var pageKind: PageKind { PageKind(relationKind: kind, accessMethod: accessMethod) }
}
