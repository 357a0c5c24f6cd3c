/// What page servers ask of a key, field by field as they ask it, quirks included: where a stored value
/// follows from the answer, ours must be the same. `KeyClass` is the exact classification.
///
/// Source: `libs/pageserver_api/src/key.rs`.
extension Key {
  /// A page of a relation. Does not look at the fork or at tablespace and database. Before 2024-01-05 it was
  /// true for sizes too.
  @inlinable
  public var isRelationBlock: Bool { field1 == 0 && field4 != 0 && field6 != 0xffff_ffff }

  /// The length of a relation. Does not look at the relation's number, which is never 0 in what is written.
  public var isRelationSize: Bool { field1 == 0 && field6 == 0xffff_ffff }

  /// The list of a database's relations, first layout. False for the global database (database 0), although
  /// it has such a key.
  public var isRelationDirectoryV1: Bool {
    field1 == 0 && field2 != 0 && field3 != 0 && field4 == 0 && field5 == 0 && field6 == 1
  }

  public var isFreeSpaceMapBlock: Bool { isRelationBlock && field5 == RelationFork.freeSpaceMap.number }

  public var isVisibilityMapBlock: Bool { isRelationBlock && field5 == RelationFork.visibilityMap.number }

  /// A page of the init fork of an unlogged relation.
  public var isInitForkBlock: Bool { isRelationBlock && field5 == RelationFork.initial.number }

  /// A page of an SLRU. Does not look at the kind or at field5.
  public var isSLRUBlock: Bool { field1 == 1 && field3 == 1 && field6 != 0xffff_ffff }

  /// The length of an SLRU segment.
  public var isSLRUSegmentSize: Bool {
    field1 == 1 && field2 < 3 && field3 == 1 && field5 == 0 && field6 == 0xffff_ffff
  }

  /// The list of an SLRU's segments. Any kind, also one that does not exist.
  public var isSLRUDirectory: Bool {
    field1 == 1 && field3 == 0 && field4 == 0 && field5 == 0 && field6 == 0
  }

  /// A key of the aux file family, second layout. Only field1 counts.
  public var isAuxFile: Bool { field1 == Key.auxFilePrefix }

  /// A sparse ("metadata") key, which may be absent anywhere. 0x7F does not count.
  public var isSparse: Bool { field1 >= 0x60 && field1 < 0x7f }

  /// Whether the value may be a WAL record. All others are written as whole values only (but for aux v1
  /// deltas).
  public var mayHoldRecords: Bool { isRelationBlock || isSLRUBlock }

  /// Reads the key as a relation's page. As in the original, only field1 is checked.
  public func relationBlock() throws(FormatError) -> (RelationTag, BlockNumber) {
    guard field1 == 0 else { throw Key.unexpectedFamily(field1, expected: "0x00, relations") }
    return (relationTag, BlockNumber(field6))
  }

  /// Reads the key as an SLRU's page. As in the original, neither field3 nor field6 is checked.
  public func slruBlock() throws(FormatError) -> (SLRUSegment, BlockNumber) {
    guard field1 == 1 else { throw Key.unexpectedFamily(field1, expected: "0x01, SLRUs") }
    guard let kind = SLRUKind(rawValue: field2) else {
      throw FormatError(
        .badValue,
        offset: 1,
        field: "SLRU kind",
        found: String(field2),
        expected: "0 (pg_xact), 1 (multixact members) or 2 (multixact offsets)"
      )
    }
    return (SLRUSegment(kind, number: field4), BlockNumber(field6))
  }

  /// The relation fork that a page or the size of a relation belongs to: the fields of any other key taken for one.
  public var relationTag: RelationTag {
    RelationTag(tablespace: field2, database: field3, relation: field4, fork: RelationFork(field5))
  }

  private static func unexpectedFamily(_ field1: UInt8, expected: String) -> FormatError {
    FormatError(
      .badValue,
      field: "key family",
      found: "0x" + HexDigits.string(UInt64(field1), count: 2, uppercase: false),
      expected: expected
    )
  }
}
