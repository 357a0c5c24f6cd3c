import Engine
import IndexFormat

/// All that a timeline's directories name at one LSN, with sizes. A class, as it crosses an `await`.
final class TimelineCensus: Sendable {
  struct Database: Sendable {
    var entry: DatabaseDirectory.Entry
    var forkCount = 0
    var blockCount: UInt64 = 0

    var byteCount: UInt64 {
      let (bytes, overflow) = blockCount.multipliedReportingOverflow(by: UInt64(PageHeader.pageByteCount))
      return overflow ? .max : bytes
    }
  }

  let keySpace: CollectedKeySpace
  let databases: [Database]
  let relations: [RelationSize]
  let segments: [SLRUSegmentSize]
  let auxFiles: [AuxFile]
  let origins: [ReplicationOrigin]
  let preparedCount: Int

  private init(
    _ keySpace: CollectedKeySpace,
    _ entries: [DatabaseDirectory.Entry],
    _ relations: [RelationSize],
    _ segments: [SLRUSegmentSize],
    _ auxFiles: [AuxFile],
    _ origins: [ReplicationOrigin],
    _ preparedCount: Int
  ) {
    self.keySpace = keySpace
    var databases: [DatabaseTag: Database] = [:]
    for entry in entries { databases[entry.database] = Database(entry: entry) }
    for size in relations {
      databases[size.tag.database]?.forkCount += 1
      databases[size.tag.database]?.blockCount += UInt64(size.blockCount)
    }
    self.databases = entries.compactMap { databases[$0.database] }
    self.relations = relations
    self.segments = segments
    self.auxFiles = auxFiles
    self.origins = origins
    self.preparedCount = preparedCount
  }

  /// Values that need WAL records applied are not needed for it, but for aux files of the first layout.
  static func count(_ catalog: TimelineCatalog, at lsn: Lsn) async throws(ReadError) -> TimelineCensus {
    let keySpace = try await catalog.keySpace(at: lsn)
    let entries = try await catalog.databases(at: lsn).entries
    let relations = try await catalog.relationSizes(at: lsn)
    var segments: [SLRUSegmentSize] = []
    if catalog.facts.hasSLRUs {
      for kind in SLRUKind.allCases { segments += try await catalog.slruSegments(kind, at: lsn) }
    }
    let prepared = try await catalog.preparedTransactions(at: lsn)
    return TimelineCensus(
      keySpace,
      entries,
      relations,
      segments,
      try await catalog.auxFiles(at: lsn),
      try await catalog.replicationOrigins(at: lsn),
      prepared.transactions.count
    )
  }

  /// What page servers call the logical size: all forks of all relations.
  var logicalByteCount: UInt64 { databases.reduce(0) { $0.saturatingSum($1.byteCount) } }

  var slruBlockCount: Int { segments.reduce(0) { $0 + Int($1.blockCount) } }
}
