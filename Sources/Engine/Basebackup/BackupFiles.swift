import IndexFormat

/// The small files of a data directory, read before the first entry is written: settings follow from them.
struct BackupFiles {
  let controlFile: ControlFile
  let checkpoint: Checkpoint
  let auxFiles: [AuxFile]
  let preparedTransactions: [UInt64]
  let origins: [ReplicationOrigin]

  init(_ catalog: TimelineCatalog, at lsn: Lsn) async throws(ReadError) {
    controlFile = try await catalog.controlFile(at: lsn)
    checkpoint = try await catalog.checkpoint(at: lsn)
    auxFiles = try await catalog.auxFiles(at: lsn)
    preparedTransactions = try await catalog.preparedTransactions(at: lsn).transactions
    origins = try await catalog.replicationOrigins(at: lsn)
  }

  var slots: [ReplicationSlotFile] { auxFiles.compactMap(ReplicationSlotFile.init) }

  var settings: BackupTexts.Settings {
    let slots = slots
    return BackupTexts.Settings(
      preparedTransactionCount: preparedTransactions.count,
      slotCount: slots.count,
      hasLogicalSlots: slots.contains { $0.isLogical },
      originCount: origins.count
    )
  }
}

/// The state of a replication slot: an aux file `pg_replslot/NAME/state`. Little-endian.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 16 | magic, CRC-32C, version, length |
/// | 16 | 64 | name |
/// | 80 | 4 | database; 0 for a physical slot |
/// | 96 | 8 | restart LSN |
///
/// Source: PostgreSQL `src/backend/replication/slot.c`.
struct ReplicationSlotFile {
  var isLogical: Bool
  var restartLsn: Lsn

  /// Nil for other files, and for one that is too short to be the state of a slot.
  init?(_ file: AuxFile) {
    let path = file.path.description
    guard path.hasPrefix("pg_replslot/"), path.hasSuffix("/state"), file.content.count >= 104 else {
      return nil
    }
    let bytes = file.content.span.bytes
    isLogical = bytes.littleEndian32(80) != 0
    restartLsn = Lsn(bytes.littleEndian64(96))
  }
}
