import IndexFormat

/// How far an origin of logical replication has come.
public struct ReplicationOrigin: Equatable, Sendable {
  public var identifier: UInt16
  public var remoteLsn: Lsn

  public init(_ identifier: UInt16, remoteLsn: Lsn) {
    self.identifier = identifier
    self.remoteLsn = remoteLsn
  }
}

/// Control file, checkpoint, relation maps, prepared transactions, replication origins.
extension TimelineCatalog {
  public func controlFile(at lsn: Lsn) async throws(ReadError) -> ControlFile {
    try await read(.controlFile, at: lsn)
  }

  public func checkpoint(at lsn: Lsn) async throws(ReadError) -> Checkpoint {
    try await read(.checkpoint, at: lsn)
  }

  /// The relation map of a database, of the length that the timeline's version of PostgreSQL has.
  public func relationMap(of database: DatabaseTag, at lsn: Lsn) async throws(ReadError) -> RelationMap {
    let key = Key.relationMap(database)
    let bytes = try await source.value(of: key, at: lsn)
    do throws(FormatError) {
      return try RelationMap(parsing: bytes.span.bytes, pgVersion: facts.pgVersion)
    } catch {
      throw .damagedValue(key, lsn, error)
    }
  }

  public func preparedTransactions(at lsn: Lsn) async throws(ReadError) -> TwoPhaseDirectory {
    let bytes = try await source.value(of: .twoPhaseDirectory, at: lsn)
    do throws(FormatError) {
      return try TwoPhaseDirectory(parsing: bytes.span.bytes, pgVersion: facts.pgVersion)
    } catch {
      throw .damagedValue(.twoPhaseDirectory, lsn, error)
    }
  }

  /// The state of a prepared transaction: a file of pg_twophase, without the checksum at its end
  /// unless it was imported.
  public func twoPhaseFile(of transaction: UInt64, at lsn: Lsn) async throws(ReadError) -> [UInt8] {
    try await source.value(of: .twoPhaseFile(transaction: transaction), at: lsn)
  }

  /// Origins that there are, in ascending order: not those that were dropped.
  public func replicationOrigins(at lsn: Lsn) async throws(ReadError) -> [ReplicationOrigin] {
    var origins: [ReplicationOrigin] = []
    for value in try await source.values(of: KeySpace(.replicationOrigins), at: lsn) {
      let stored: ReplicationOriginValue = try parse(value.key, lsn, value.bytes)
      guard stored.isPresent, let remoteLsn = stored.remoteLsn,
        case .replicationOrigin(let identifier) = KeyClass(value.key)
      else { continue }
      origins.append(ReplicationOrigin(identifier, remoteLsn: remoteLsn))
    }
    return origins
  }
}
