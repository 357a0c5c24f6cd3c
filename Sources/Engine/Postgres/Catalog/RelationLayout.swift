import IndexFormat

/// Which layout of relation directories tells what relations there are.
///
/// | `rel_size_migration` | `rel_size_migrated_at` | before that LSN | from it on |
/// |---|---|---|---|
/// | absent, `legacy` | | first | first |
/// | `migrating` | an LSN | first | first; the second is written beside it, and need not be complete |
/// | `migrated` | an LSN | first | second |
/// | `migrating`, `migrated` | absent: 2025-02-14 to 2025-07-23 | | both together: a relation is in one of them |
///
/// Source: `pageserver/src/pgdatadir_mapping.rs` and its history.
public enum RelationLayout: Equatable, Sendable {
  case first
  case migrated(at: Lsn)
  case union

  /// Where relations are looked up at one LSN.
  public enum Place: Equatable, Sendable {
    case first
    case second
    case both
  }

  /// Takes what an index says; a mode that is not known is an error.
  public init(_ mode: RelSizeMigration?, migratedAt: Lsn?) throws(FormatError) {
    switch mode ?? .legacy {
    case .legacy: self = .first
    case .migrating: self = migratedAt == nil ? .union : .first
    case .migrated: self = migratedAt.map { .migrated(at: $0) } ?? .union
    case let unknown:
      throw FormatError(
        .badValue,
        field: "rel_size_migration",
        found: "\"\(unknown.rawValue)\"",
        expected: "legacy, migrating or migrated"
      )
    }
  }

  public func place(at lsn: Lsn) -> Place {
    switch self {
    case .first: .first
    case .migrated(let start): lsn < start ? .first : .second
    case .union: .both
    }
  }
}
