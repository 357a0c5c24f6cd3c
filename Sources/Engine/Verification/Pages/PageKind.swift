import IndexFormat

/// What a page is a part of: it decides what the page must look like.
public enum PageKind: Hashable, Sendable {
  /// Rows of a table: also of toast tables, catalogs and materialized views. Not of sequences.
  case table
  case sequence
  case btree
  case hash
  case gin
  case gist
  case spgist
  case brin
  /// A relation of an access method that is not PostgreSQL's own. Some keep other things where line pointers would be,
  /// so only the header is looked at.
  case other
  case freeSpaceMap
  case visibilityMap
  case slru(SLRUKind)

  /// Numbers of access methods in `pg_am`. They are the same in every cluster.
  private enum AccessMethod {
    static let heap: UInt32 = 2
    static let btree: UInt32 = 403
    static let hash: UInt32 = 405
    static let gist: UInt32 = 783
    static let gin: UInt32 = 2742
    static let brin: UInt32 = 3580
    static let spgist: UInt32 = 4000
  }

  /// The kind of a relation's pages, told by its row of `pg_class`.
  ///
  /// - relationKind: `relkind`, a letter.
  /// - accessMethod: `relam`; 0 for sequences.
  /// - fork: the fork that the page is of. What unlogged relations begin with is made as their main fork is.
  public init(relationKind: UInt8, accessMethod: UInt32, fork: RelationFork = .main) {
    switch fork {
    case .freeSpaceMap: self = .freeSpaceMap
    case .visibilityMap: self = .visibilityMap
    default:
      if relationKind == UInt8(ascii: "S") {
        self = .sequence
        return
      }
      switch accessMethod {
      case AccessMethod.heap: self = .table
      case AccessMethod.btree: self = .btree
      case AccessMethod.hash: self = .hash
      case AccessMethod.gist: self = .gist
      case AccessMethod.gin: self = .gin
      case AccessMethod.brin: self = .brin
      case AccessMethod.spgist: self = .spgist
      default: self = .other
      }
    }
  }
}
