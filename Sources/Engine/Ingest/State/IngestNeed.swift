import IndexFormat

/// What must be known before a record can be ingested.
public enum IngestNeed: Equatable, Sendable {
  /// The relations of a database, with their lengths.
  case relations(DatabaseTag)
  /// The aux files of a key.
  case auxFiles(Key)
}

/// What was needed.
public enum IngestAnswer: Sendable {
  /// Relation forks, and those that the second layout has.
  case relations(DatabaseTag, [RelationSize], secondLayout: [RelationTag])
  case auxFiles(Key, AuxFileList)
}

/// A database that a record copies file by file. Its directories are written with the record; pages and the relation
/// map are to be read as they were before it, and put at its LSN.
public struct DatabaseCopy: Equatable, Sendable {
  public var source: DatabaseTag
  public var target: DatabaseTag
  /// Relation forks of the source.
  public var relations: [RelationSize]
}
