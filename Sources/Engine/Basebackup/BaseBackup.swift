import IndexFormat

/// The data directory of a timeline at an LSN, built from its values.
///
/// | kind | for whom | relations |
/// |---|---|---|
/// | `compute` | a compute, as page servers give it: it fetches pages and WAL itself | init forks, and each once more as main fork |
/// | `full` | a stock PostgreSQL of the same version, which starts from it | all forks; the main fork of an unlogged relation is its init fork |
///
/// Order of the entries: folders, configuration, SLRUs, databases in ascending order, aux files, `restart.lsn`,
/// prepared transactions, replication origins, the signal files, the control file, WAL. The control file comes near
/// the end so that no server starts from a directory that was cut off.
///
/// Other than a page server's: entries are in ascending order, not that of hash tables; `base/1` is there once;
/// `pg_wal` is listed; folders are their owner's alone; `pg_hba.conf` says the same in other words; a prepared
/// transaction that was imported does not get a second checksum. `full` has settings with which a server starts, a
/// checkpoint in its WAL, which the control file names, and checksums on pages where the cluster has them.
///
/// Bounded in memory: a batch of pages, the list of relations, and the small files. Whoever has pages of several shards
/// gives a `source` that knows them all (`ShardUnion`).
///
/// Source: `pageserver/src/basebackup.rs`.
public struct BaseBackup: Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    case compute = "basebackup"
    case full = "fullbackup"
  }

  public let catalog: TimelineCatalog
  public let point: BackupPoint
  public let kind: Kind
  /// Whether replication slots are left out: for a compute that only reads.
  public var isForReplica = false
  /// Pages of relations that are read at a time: 8 MiB.
  public var pagesPerRead = 1024

  public init(_ catalog: TimelineCatalog, at point: BackupPoint, kind: Kind) {
    self.catalog = catalog
    self.point = point
    self.kind = kind
  }

  /// What was written.
  public struct Summary: Equatable, Sendable {
    public var fileCount = 0
    public var folderCount = 0
    /// Bytes of the files.
    public var byteCount: UInt64 = 0
    /// Pages of relations.
    public var pageCount = 0
    /// Where the server writes its next record: behind the LSN of the backup.
    public var nextRecord = Lsn.invalid
  }

  /// Writes the directory to its end, or throws: what was written then is of no use.
  public func write(to sink: some BackupSink) async throws(BackupError) -> Summary {
    var run = try await BackupRun(self, sink)
    return try await run.write()
  }

  /// Seconds since 1970 of the timeline's checkpoint: a time for the files that is the same each time.
  public func time() async throws(BackupError) -> Int64 {
    do throws(ReadError) {
      return try await catalog.checkpoint(at: point.lsn).time
    } catch {
      throw .read(error)
    }
  }
}
