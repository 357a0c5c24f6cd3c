import IndexFormat

/// What a record is replayed for: one block, of one record.
struct RedoTarget {
  let tag: RelationTag
  let block: BlockNumber
  /// The record's end, which the page gets as its LSN.
  let lsn: Lsn
  let rules: RedoRules
  /// How the record names the block.
  let reference: WALBlockReference

  var isVisibilityMap: Bool { tag.fork == .visibilityMap }

  /// Whether the record makes the page from nothing.
  var isInitialized: Bool { reference.flags.contains(.willInit) }

  /// Throws unless the kind of the record has it that the page is made from nothing, or not.
  func require(isInitialized expected: Bool) throws(RedoFault) {
    guard isInitialized == expected else { throw .badInitialization }
  }
}

/// What replay depends on beside the records.
public struct RedoRules: Equatable, Sendable {
  public var version: PostgresVersion
  /// Whether heap records of 14 and 15 are those of Neon's computes, which keep command ids.
  public var hasNeonHeapRecords: Bool
  /// Whether clearing bits of the visibility map sets the LSN of the map's page: page servers since 2024-06.
  public var stampsClearedVisibilityMap: Bool
  /// Whether changes of hint bits are logged: clusters with checksums or `wal_log_hints`, and so never Neon's. There a
  /// table's page gets the LSN of the record that tells it to be all visible.
  public var logsHintBits: Bool

  public init(
    version: PostgresVersion,
    hasNeonHeapRecords: Bool? = nil,
    stampsClearedVisibilityMap: Bool = true,
    logsHintBits: Bool = false
  ) {
    self.version = version
    self.hasNeonHeapRecords = hasNeonHeapRecords ?? (version <= .v15)
    self.stampsClearedVisibilityMap = stampsClearedVisibilityMap
    self.logsHintBits = logsHintBits
  }
}
