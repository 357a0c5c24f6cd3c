import IndexFormat

/// SLRUs, aux files, prepared transactions, replication origins.
extension BackupRun {
  /// Segments without pages give no files. Commit times behind pages of pg_xact are left away: they are not
  /// PostgreSQL's.
  mutating func addSLRUs() async throws(BackupError) {
    for kind in SLRUKind.allCases {
      for segment in try await segments(of: kind) where segment.blockCount > 0 {
        let pages = try await pages(of: segment)
        let path = BackupPath("\(kind.folder)/\(segment.segment.fileName)")
        try begin(path, byteCount: UInt64(pages.count) * UInt64(PageHeader.pageByteCount))
        for (index, page) in pages.enumerated() {
          let hasTime =
            kind == .transactionStatus && page.count == TransactionStatusPage.byteCountWithTime
          guard page.count == PageHeader.pageByteCount || hasTime else {
            throw unusable(
              "\(segment.segment), block \(index)",
              found: "\(page.count) bytes",
              expected: "\(PageHeader.pageByteCount)"
            )
          }
          try sink.append(page.span.bytes.extracting(0..<PageHeader.pageByteCount))
        }
        try sink.endFile()
      }
    }
  }

  private func segments(of kind: SLRUKind) async throws(BackupError) -> [SLRUSegmentSize] {
    do throws(ReadError) {
      return try await backup.catalog.slruSegments(kind, at: lsn)
    } catch {
      throw .read(error)
    }
  }

  private func pages(of segment: SLRUSegmentSize) async throws(BackupError) -> [[UInt8]] {
    do throws(ReadError) {
      return try await backup.catalog.slruPages(segment, at: lsn)
    } catch {
      throw .read(error)
    }
  }

  mutating func addAuxFiles() throws(BackupError) {
    var restart: Lsn?
    for file in files.auxFiles {
      let text = file.path.description
      let isOfSlot = text.hasPrefix("pg_replslot")
      if isOfSlot && backup.isForReplica || text == Self.originsPath { continue }
      // Statistics are those of a clean shutdown, and of no other moment.
      if text == "pg_stat/pgstat.stat", files.checkpoint.redo != lsn { continue }
      try add(try path(ofAuxFile: text), file.content)
      if let slot = ReplicationSlotFile(file) { restart = min(restart ?? slot.restartLsn, slot.restartLsn) }
    }
    guard let restart else { return }
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(restart.value)
    try add(BackupPath("restart.lsn"), bytes)
  }

  /// Aux files come from whoever wrote the WAL: none may take the place of what is written here, or give orders to
  /// the server.
  private func path(ofAuxFile text: String) throws(BackupError) -> BackupPath {
    let path: BackupPath
    do throws(FormatError) {
      path = try BackupPath(validating: text)
    } catch {
      throw .unusable(lsn, error)
    }
    let top = String(text.prefix { $0 != "/" })
    let isReserved =
      Self.reserved.contains(top) || top.hasSuffix(".conf") || top.hasSuffix(".signal")
      || top.hasPrefix("postmaster.") || text == top && BackupTexts.folders(pgVersion: 17).contains(top)
    guard !isReserved else {
      throw unusable("aux file", found: "\"\(text)\"", expected: "no file that PostgreSQL itself has there")
    }
    return path
  }

  private static var originsPath: String { "pg_logical/replorigin_checkpoint" }

  private static var reserved: Set<String> {
    [
      "base", "global", "pg_wal", "pg_xact", "pg_multixact", "pg_twophase", "pg_tblspc", "pg_commit_ts",
      "pg_subtrans", "PG_VERSION", "backup_label", "tablespace_map", "restart.lsn", "current_logfiles",
    ]
  }

  /// Files of pg_twophase: what is stored, and its CRC-32C, which only imported ones have already.
  mutating func addPreparedTransactions() async throws(BackupError) {
    let digits = version >= .v17 ? 16 : 8
    for transaction in files.preparedTransactions {
      var bytes: [UInt8]
      do throws(ReadError) {
        bytes = try await backup.catalog.twoPhaseFile(of: transaction, at: lsn)
      } catch {
        throw .read(error)
      }
      // The second number of the file is its length with the checksum.
      let hasChecksum = bytes.count >= 8 && Int(bytes.span.bytes.littleEndian32(4)) == bytes.count
      if !hasChecksum { bytes.appendLittleEndian(CRC32C.checksum(bytes.span.bytes)) }
      let number = String(transaction, radix: 16, uppercase: true)
      let name = String(repeating: "0", count: max(0, digits - number.utf8.count)) + number
      try add(BackupPath("pg_twophase/\(name)"), bytes)
    }
  }

  /// `pg_logical/replorigin_checkpoint`, only if there are origins. Little-endian: 0x1257DADE; of each origin its
  /// number (2 bytes), 6 zeros, and its LSN; the CRC-32C of all before.
  mutating func addOrigins() throws(BackupError) {
    guard !files.origins.isEmpty else { return }
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(UInt32(0x1257_dade))
    for origin in files.origins {
      bytes.appendLittleEndian(UInt64(origin.identifier))
      bytes.appendLittleEndian(origin.remoteLsn.value)
    }
    bytes.appendLittleEndian(CRC32C.checksum(bytes.span.bytes))
    try add(BackupPath(Self.originsPath), bytes)
  }
}
