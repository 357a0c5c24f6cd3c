import IndexFormat

/// Which records of the WAL somebody wants: those for which all that is said here is so.
public struct WALFilter: Equatable, Sendable {
  /// Any of these resource managers; of all if there are none.
  public var resourceManagers: Set<UInt8> = []
  public var relation: Relation?
  /// A block of the relation; of any relation if none is named.
  public var block: BlockNumber?
  public var fork: RelationFork?
  /// The record's transaction, or the one that it is a subtransaction of.
  public var transaction: UInt32?
  /// Where the record begins.
  public var start: Lsn = .invalid
  public var end: Lsn = Lsn(.max)
  public var needsImage = false

  /// A relation in all its forks.
  public struct Relation: Hashable, Sendable {
    public var database: DatabaseTag
    public var relation: UInt32

    public init(_ database: DatabaseTag, relation: UInt32) {
      self.database = database
      self.relation = relation
    }
  }

  public init() {}

  /// Whether the record can be told by its header alone not to be wanted.
  public func excludes(_ header: WALRecordHeader, at place: WALReader.Place) -> Bool {
    if place.start < start || place.start >= end { return true }
    return !resourceManagers.isEmpty && !resourceManagers.contains(header.resourceManager)
  }

  public func accepts(_ record: borrowing WALRecord, at place: WALReader.Place) -> Bool {
    if excludes(record.header, at: place) { return false }
    if let transaction, record.header.transaction != transaction, record.topLevelTransaction != transaction {
      return false
    }
    guard relation != nil || block != nil || fork != nil || needsImage else { return true }
    for index in record.blocks.indices where accepts(record.blocks[index]) { return true }
    return false
  }

  /// One and the same block must be all that is wanted.
  private func accepts(_ reference: WALBlockReference) -> Bool {
    if let relation,
      relation.relation != reference.relation.relation || relation.database != reference.relation.database
    {
      return false
    }
    if let block, block != reference.block { return false }
    if let fork, fork != reference.fork { return false }
    return !needsImage || reference.image != nil
  }
}
