/// The keys of each family: the other direction of `KeyClass`.
///
/// Source: `libs/pageserver_api/src/key.rs`.
extension Key {
  /// Field1 of the reserved prefix of relation sizes, second layout; never written.
  public static let relationSizeV2Prefix: UInt8 = 0x61
  public static let auxFilePrefix: UInt8 = 0x62
  public static let replicationOriginPrefix: UInt8 = 0x63
  /// Field1 of the reserved prefix of database directories, second layout; never written.
  public static let databaseDirectoryV2Prefix: UInt8 = 0x64
  public static let relationDirectoryV2Prefix: UInt8 = 0x65

  public static let databaseDirectory = Key(0, 0, 0, 0, 0, 0)
  public static let twoPhaseDirectory = Key(2, 0, 0, 0, 0, 0)
  public static let controlFile = Key(3, 0, 0, 0, 0, 0)
  public static let checkpoint = Key(3, 0, 0, 0, 0, 1)
  /// All aux files in one value; written until 2024-10.
  public static let auxFilesV1 = Key(3, 0, 0, 0, 0, 2)

  /// Field6 of sizes.
  static let sizeMarker: UInt32 = 0xffff_ffff

  public static func relationMap(_ database: DatabaseTag) -> Key {
    Key(0, database.tablespace, database.database, 0, 0, 0)
  }

  public static func relationDirectoryV1(_ database: DatabaseTag) -> Key {
    Key(0, database.tablespace, database.database, 0, 0, 1)
  }

  public static func relationBlock(_ tag: RelationTag, _ block: BlockNumber) -> Key {
    Key(0, tag.database.tablespace, tag.database.database, tag.relation, tag.fork.number, block.value)
  }

  public static func relationSize(_ tag: RelationTag) -> Key { relationBlock(tag, BlockNumber(sizeMarker)) }

  public static func slruDirectory(_ kind: SLRUKind) -> Key { Key(1, kind.rawValue, 0, 0, 0, 0) }

  public static func slruBlock(_ segment: SLRUSegment, _ block: BlockNumber) -> Key {
    Key(1, segment.kind.rawValue, 1, segment.number, 0, block.value)
  }

  public static func slruSegmentSize(_ segment: SLRUSegment) -> Key {
    slruBlock(segment, BlockNumber(sizeMarker))
  }

  /// The state of a prepared transaction: a 32-bit transaction up to PostgreSQL 16, a 64-bit one from 17 on,
  /// spread over fields 4, 5 and 6.
  public static func twoPhaseFile(transaction: UInt64) -> Key {
    Key(
      2,
      0,
      0,
      UInt32(truncatingIfNeeded: transaction >> 40),
      UInt8(truncatingIfNeeded: transaction >> 32),
      UInt32(truncatingIfNeeded: transaction)
    )
  }

  public static func replicationOrigin(_ identifier: UInt16) -> Key {
    Key(replicationOriginPrefix, 0, 0, 0, 0, UInt32(identifier))
  }

  public static func relationDirectoryV2(_ tag: RelationTag) -> Key {
    Key(
      relationDirectoryV2Prefix,
      tag.database.tablespace,
      tag.database.database,
      tag.relation,
      tag.fork.number,
      1
    )
  }
}

/// The ranges that page servers read, delete and inherit by.
extension KeyRange {
  /// All sparse keys.
  public static let sparse = prefixes(0x60, 0x7f)
  public static let auxFiles = prefixes(Key.auxFilePrefix, Key.replicationOriginPrefix)
  public static let replicationOrigins = KeyRange(
    start: Key(Key.replicationOriginPrefix, 0, 0, 0, 0, 0),
    end: Key(Key.replicationOriginPrefix, 0, 0, 0, 0, 0x1_0000)
  )
  public static let relationDirectoriesV2 = prefixes(0x65, 0x66)
  /// The dense keys that a branch does not take from its ancestor: the first layout of aux files.
  public static let nonInheritedDense = KeyRange(start: .auxFilesV1, end: Key(3, 0, 0, 0, 0, 3))
  /// The sparse keys that a branch does not take from its ancestor: aux files and replication origins.
  public static let nonInheritedSparse = prefixes(Key.auxFilePrefix, 0x64)

  /// Everything of one database. The very last key does not belong to it, as in the original.
  public static func database(_ tag: DatabaseTag) -> KeyRange { database(tag, family: 0) }

  public static func relationDirectoriesV2(_ tag: DatabaseTag) -> KeyRange {
    database(tag, family: Key.relationDirectoryV2Prefix)
  }

  /// One fork with its size.
  public static func relation(_ tag: RelationTag) -> KeyRange {
    let last = Key.relationSize(tag)
    // Family 0 never ends the key space, so there is always a key behind it.
    return KeyRange(start: .relationBlock(tag, BlockNumber(0)), end: last.successor ?? last)
  }

  /// One SLRU segment with its size.
  public static func slru(_ segment: SLRUSegment) -> KeyRange {
    let start = Key.slruBlock(segment, BlockNumber(0))
    return KeyRange(start: start, end: Key(start.field1, start.field2, start.field3, start.field4, 1, 0))
  }

  /// One prepared transaction: a single key.
  public static func twoPhaseFile(transaction: UInt64) -> KeyRange {
    let end =
      transaction == .max
      ? Key(2, 0, 1, 0, 0, 0) : Key.twoPhaseFile(transaction: transaction + 1)
    return KeyRange(start: .twoPhaseFile(transaction: transaction), end: end)
  }

  private static func database(_ tag: DatabaseTag, family: UInt8) -> KeyRange {
    KeyRange(
      start: Key(family, tag.tablespace, tag.database, 0, 0, 0),
      end: Key(family, tag.tablespace, tag.database, .max, .max, .max)
    )
  }

  private static func prefixes(_ start: UInt8, _ end: UInt8) -> KeyRange {
    KeyRange(start: Key(start, 0, 0, 0, 0, 0), end: Key(end, 0, 0, 0, 0, 0))
  }
}
