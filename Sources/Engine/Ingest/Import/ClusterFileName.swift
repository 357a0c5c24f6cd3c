import IndexFormat

/// What a file of a cluster holds, told by its path below the data directory.
///
/// | path | what |
/// |---|---|
/// | `global/N`, `base/DB/N`, with fork and segment | pages of a relation |
/// | `global/pg_filenode.map`, `base/DB/pg_filenode.map` | which files belong to mapped catalogs |
/// | `pg_xact/N`, `pg_multixact/offsets/N`, `pg_multixact/members/N` | pages of an SLRU |
/// | `pg_twophase/N` | the state of a prepared transaction |
/// | `global/pg_control` | the control file |
/// | `PG_VERSION`, `backup_label`, `tablespace_map`, `neon.signal`, `zenith.signal` | what the backup is |
/// | `standby.signal`, `recovery.signal` | no value: of whoever started a server from it |
/// | `pg_tblspc/…` | a tablespace of its own |
///
/// Nil of all others, temporary relations (`t3_16384`) too: nothing is made of them.
///
/// Sources: `pageserver/src/import_datadir.rs`; PostgreSQL `src/common/relpath.c`, `storage/reinit.c`.
enum ClusterFileName: Hashable, Sendable {
  case controlFile
  case relationMap(DatabaseTag)
  case relation(RelationTag, segment: UInt32)
  case slru(SLRUSegment)
  case prepared(UInt64)
  case note(Note)
  case tablespace

  /// Small files that no value is made of.
  enum Note: String, Hashable, Sendable, CaseIterable {
    case version = "PG_VERSION"
    case label = "backup_label"
    case tablespaceMap = "tablespace_map"
    case neonSignal = "neon.signal"
    case zenithSignal = "zenith.signal"
  }

  init?(_ path: String) throws(BaseBackupError) {
    let parts = path.split(separator: "/").map(String.init)
    guard let name = parts.last else { return nil }
    if parts.contains(where: { $0.hasPrefix("GNUSparseFile") }) {
      throw BaseBackupError(.refused, path, found: "a file with holes", expected: "an archive without such")
    }
    switch (parts.first, parts.count) {
    case (_, 1):
      guard let note = Note(rawValue: name) else { return nil }
      self = .note(note)
    case ("global", 2) where name == "pg_control": self = .controlFile
    case ("global", 2): try self.init(name, of: .global, path)
    case ("base", 3):
      // Temporary files have a folder beside those of databases.
      guard let number = UInt32(parts[1]), "\(number)" == parts[1] else { return nil }
      let database = DatabaseTag(tablespace: DatabaseTag.defaultTablespace, database: number)
      try self.init(name, of: database, path)
    case ("pg_xact", 2): try self.init(name, of: .transactionStatus, path)
    case ("pg_multixact", 3) where parts[1] == "offsets": try self.init(name, of: .multixactOffsets, path)
    case ("pg_multixact", 3) where parts[1] == "members": try self.init(name, of: .multixactMembers, path)
    case ("pg_twophase", 2):
      guard let transaction = Self.number(name) else { throw Self.unknown(path, "a transaction") }
      self = .prepared(transaction)
    case ("pg_tblspc", 2...): self = .tablespace
    default: return nil
    }
  }

  private init?(_ name: String, of database: DatabaseTag, _ path: String) throws(BaseBackupError) {
    // The first one is a cache that the server writes anew.
    if name == "pg_internal.init" || name.hasPrefix("pg_internal.init.") || name == "PG_VERSION" {
      return nil
    }
    if name.hasPrefix(".") || Self.isTemporary(name) { return nil }
    if name == "pg_filenode.map" {
      self = .relationMap(database)
      return
    }
    let file: RelationFileName
    do throws(FormatError) {
      file = try RelationFileName(parsing: name)
    } catch {
      throw BaseBackupError(.damaged, path, found: error.found, expected: error.expected)
    }
    let limit = UInt32.max / RelationFileName.blocksPerSegment
    guard file.relation != 0, file.segment < limit, "\(file)" == name else {
      throw Self.unknown(path, "a file of a relation")
    }
    self = .relation(RelationTag(database, relation: file.relation, fork: file.fork), segment: file.segment)
  }

  private init?(_ name: String, of kind: SLRUKind, _ path: String) throws(BaseBackupError) {
    if name.hasPrefix(".") { return nil }
    guard let value = Self.number(name), let number = UInt32(exactly: value) else {
      throw Self.unknown(path, "a segment")
    }
    self = .slru(SLRUSegment(kind, number: number))
  }

  private static func number(_ name: String) -> UInt64? {
    // A sign is no digit of a name.
    name.utf8.allSatisfy({ $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "+") })
      ? UInt64(name, radix: 16) : nil
  }

  private static func unknown(_ path: String, _ what: String) -> BaseBackupError {
    BaseBackupError(.damaged, path, found: "a name that is not \(what)", expected: "the name of \(what)")
  }

  /// A relation of a session: `t`, the session, `_`, digits.
  private static func isTemporary(_ name: String) -> Bool {
    guard name.hasPrefix("t"), let mark = name.firstIndex(of: "_") else { return false }
    let session = name[name.index(after: name.startIndex)..<mark]
    return !session.isEmpty && session.allSatisfy(\.isASCIIDigit)
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
