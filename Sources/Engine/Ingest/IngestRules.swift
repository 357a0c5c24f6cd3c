import IndexFormat

/// What ingest depends on beside the records.
public struct IngestRules: Equatable, Sendable {
  public var version: PostgresVersion
  /// Whose timeline it is: other shards' blocks are left out.
  public var shard: ShardIdentity
  /// Whether heap records of 14 and 15 are those of Neon's computes.
  public var hasNeonHeapRecords: Bool
  /// Whether relations are also written to directories of the second layout (`rel_size_migration` = `migrating`).
  public var writesSecondLayout: Bool
  /// Whether the LSN of an origin is looked for where the name of a prepared transaction stands, as page servers do
  /// when a record has both: they forget the name. Off, the right LSN is taken.
  public var overlooksTransactionNames: Bool
  /// Whether what records make may be there already: the files of a running server were copied one after the other,
  /// and WAL goes on where the first one was. What is there stays.
  public var standsOnNewerFiles = false

  /// Blocks that one record may leave out between the end of a relation and the block that it writes. PostgreSQL leaves
  /// out a few; each is a page of zeros.
  public static let maximumGapBlockCount: UInt32 = 1 << 17
  /// Bytes of aux files that are held, all together.
  public static let maximumAuxFileByteCount = 256 << 20
  /// Blocks of a database that is copied by one record: they are held until the record is done.
  public static let maximumCopyBlockCount: UInt64 = 1 << 19

  public init(
    version: PostgresVersion,
    shard: ShardIdentity = .unsharded(),
    hasNeonHeapRecords: Bool? = nil,
    writesSecondLayout: Bool = false,
    overlooksTransactionNames: Bool = true
  ) {
    self.version = version
    self.shard = shard
    self.hasNeonHeapRecords = hasNeonHeapRecords ?? (version <= .v15)
    self.writesSecondLayout = writesSecondLayout
    self.overlooksTransactionNames = overlooksTransactionNames
  }

  var isShardZero: Bool { shard.index.number == 0 }
}
