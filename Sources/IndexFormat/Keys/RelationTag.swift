/// Which fork of which relation.
///
/// | use | form |
/// |---|---|
/// | text | `tablespace/database/relation`, and `_fsm`, `_vm` or `_init` for other forks than main |
/// | read | also `.N` or `_N` with the fork's number instead of its name |
/// | binary (directories, aux) | fork u8, tablespace u32, database u32, relation u32 |
///
/// Sorted by tablespace, database, relation, fork. A fork without a name is written `.N` here, which reads
/// back; the original writes `_UNKNOWN FORKNUM`. Source: `libs/pageserver_api/src/reltag.rs`.
public struct RelationTag: Hashable, Sendable {
  public let database: DatabaseTag
  public let relation: UInt32
  public let fork: RelationFork

  public init(_ database: DatabaseTag, relation: UInt32, fork: RelationFork = .main) {
    self.database = database
    self.relation = relation
    self.fork = fork
  }

  public init(tablespace: UInt32, database: UInt32, relation: UInt32, fork: RelationFork = .main) {
    self.init(DatabaseTag(tablespace: tablespace, database: database), relation: relation, fork: fork)
  }

  /// The file below a data directory that holds the pages of 1 GiB from `segment` on. Tablespaces other than
  /// the global one are not shown, as in the original.
  public func filePath(segment: UInt32) -> String {
    let folder = database.tablespace == DatabaseTag.globalTablespace ? "global" : "base/\(database.database)"
    return "\(folder)/\(RelationFileName(relation: relation, fork: fork, segment: segment))"
  }
}

extension RelationTag: Comparable {
  public static func < (left: RelationTag, right: RelationTag) -> Bool {
    if left.database != right.database { return left.database < right.database }
    return left.relation == right.relation ? left.fork < right.fork : left.relation < right.relation
  }
}

extension RelationTag: LosslessStringConvertible {
  public init?(_ text: String) {
    // The protocol has no room for a reason; who wants it uses `init(parsing:)`.
    guard let tag = try? RelationTag(parsing: text) else { return nil }
    self = tag
  }

  /// Reads the text form; the fork may also be a number.
  public init(parsing text: String) throws(FormatError) {
    let bytes = text.utf8Span.span.bytes
    let separator = bytes.firstOffset(of: UInt8(ascii: "_")) ?? bytes.firstOffset(of: UInt8(ascii: "."))
    let end = separator ?? bytes.byteCount
    var fork = RelationFork.main
    if let separator {
      guard let named = RelationFork(text: bytes.extracting((separator + 1)..<bytes.byteCount)) else {
        throw FormatError(
          .badValue,
          offset: separator + 1,
          field: "fork",
          found: "\"\(text)\"",
          expected: "fsm, vm, init or a number up to 255"
        )
      }
      fork = named
    }
    var members: (UInt32, UInt32, UInt32) = (0, 0, 0)
    var start = 0
    for (index, field) in ["tablespace", "database", "relation"].enumerated() {
      let slash = bytes.firstOffset(of: UInt8(ascii: "/"), from: start) ?? end
      let memberEnd = index == 2 ? end : Swift.min(slash, end)
      guard start <= memberEnd, let number = DecimalDigits.decode(bytes.extracting(start..<memberEnd)),
        let value = UInt32(exactly: number), index == 2 || memberEnd < end
      else {
        throw FormatError(
          .badValue,
          offset: Swift.min(start, end),
          field: field,
          found: "\"\(text)\"",
          expected: "TABLESPACE/DATABASE/RELATION in decimal, with _fsm, _vm or _init for other forks"
        )
      }
      switch index {
      case 0: members.0 = value
      case 1: members.1 = value
      default: members.2 = value
      }
      start = memberEnd + 1
    }
    self.init(tablespace: members.0, database: members.1, relation: members.2, fork: fork)
  }

  public var description: String { "\(database)/\(relation)\(fork.suffix)" }
}
