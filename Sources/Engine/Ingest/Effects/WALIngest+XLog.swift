import IndexFormat

/// Records that change nothing but the tracked checkpoint.
///
/// | record | main data used |
/// |---|---|
/// | checkpoint | 88 bytes: `Checkpoint` |
/// | next OID | u32 |
/// | change of parameters (17) | i32 at 20: wal_level |
/// | end of recovery (17) | i32 at 16: wal_level |
/// | running transactions | u32 at 16: the oldest one |
extension WALIngest {
  func ingestXLog(
    _ record: borrowing WALRecord,
    _ data: consuming RecordFields,
    _ output: IngestOutput
  ) throws(IngestFault) {
    let operation = record.header.info & 0xf0
    switch operation {
    case XLogOperation.nextOid:
      let next = try data.uint32("next OID")
      if next != state.checkpoint.value.nextOid { state.checkpoint.modify { $0.nextOid = next } }
    case XLogOperation.shutdownCheckpoint, XLogOperation.onlineCheckpoint:
      state.checkpoint.take(
        try Self.checkpoint(data.bytes),
        isShutdown: operation == XLogOperation.shutdownCheckpoint,
        endingAt: output.lsn,
        prepared: state.prepared.transactions,
        rules.version
      )
    case XLogOperation.parameterChange where rules.version >= .v17: try setWALLevel(&data, at: 20)
    case XLogOperation.endOfRecovery where rules.version >= .v17: try setWALLevel(&data, at: 16)
    default: break
    }
  }

  private func setWALLevel(_ data: inout RecordFields, at offset: Int) throws(IngestFault) {
    try data.skip(offset, "parameters")
    let level = Int32(bitPattern: try data.uint32("wal_level"))
    state.checkpoint.modify { $0.walLevel = level }
  }

  /// What follows the structure is not looked at.
  private static func checkpoint(_ bytes: RawSpan) throws(IngestFault) -> Checkpoint {
    guard bytes.byteCount >= Checkpoint.byteCount else {
      throw .dataTooShort(field: "checkpoint", found: bytes.byteCount, expected: Checkpoint.byteCount)
    }
    do throws(FormatError) {
      return try Checkpoint(parsing: bytes.extracting(0..<Checkpoint.byteCount))
    } catch {
      throw .badField(field: error.field, found: UInt64(bytes.byte(16)), expected: error.expected)
    }
  }

  func ingestStandby(_ record: borrowing WALRecord, _ data: consuming RecordFields) throws(IngestFault) {
    guard record.header.info & 0xf0 == 0x10 else { return }
    try data.skip(16, "running transactions")
    let oldest = try data.uint32("oldestRunningXid")
    state.checkpoint.modify { $0.oldestActiveTransaction = oldest }
  }
}
