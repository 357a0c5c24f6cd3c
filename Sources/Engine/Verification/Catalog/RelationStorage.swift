/// How the pages of a relation's main fork are laid out, as pg_class tells it.
public enum RelationStorage: UInt8, Sendable, CaseIterable {
  /// Nobody says, or pg_class cannot be read.
  case unknown
  case table
  case btree
  case hash
  case gist
  case gin
  case spgist
  case brin
  case sequence
  /// An access method of an extension.
  case other

  /// - Parameters:
  ///   - accessMethod: `pg_class.relam`, the OID in pg_am.
  ///   - kind: `pg_class.relkind`.
  ///
  /// Source: PostgreSQL `catalog/pg_am.dat`, `catalog/pg_class.h`.
  init(accessMethod: UInt32, kind: UInt8) {
    if kind == UInt8(ascii: "S") {
      self = .sequence
      return
    }
    switch accessMethod {
    case 2: self = .table
    case 403: self = .btree
    case 405: self = .hash
    case 783: self = .gist
    case 2742: self = .gin
    case 4000: self = .spgist
    case 3580: self = .brin
    default: self = .other
    }
  }
}
