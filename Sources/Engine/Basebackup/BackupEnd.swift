import IndexFormat

/// What a data directory ends with: control file and WAL, which belong together.
struct BackupEnd {
  let controlFile: [UInt8]
  let wal: BackupWAL
  let nextRecord: Lsn

  init(_ backup: BaseBackup, _ files: BackupFiles, _ version: PostgresVersion) throws(BackupError) {
    let isFull = backup.kind == .full
    let lsn = backup.point.lsn
    let control = files.controlFile
    func unusable(_ field: String, _ found: String, _ expected: String) -> BackupError {
      .unusable(lsn, FormatError(.badValue, field: field, found: found, expected: expected))
    }
    // Page servers have segments of 16 MiB whatever the control file says; a server goes by the control file.
    let size = isFull ? WALSegmentSize(byteCount: UInt64(control.walSegmentSize)) : .standard
    guard let size else {
      throw unusable("xlog_seg_size", "\(control.walSegmentSize)", "a power of two from 1 MiB to 1 GiB")
    }
    guard var wal = BackupWAL(version, control.systemIdentifier, size, at: lsn) else {
      throw unusable("LSN", "\(lsn)", "one with WAL segments behind it")
    }
    var checkpoint = files.checkpoint
    checkpoint.redo = wal.start
    if isFull {
      checkpoint.timelineID = WALSegmentName.neonTimeline
      checkpoint.previousTimelineID = WALSegmentName.neonTimeline
      // At a shutdown no transaction is active.
      checkpoint.oldestActiveTransaction = 0
      wal.putCheckpoint(checkpoint, previous: backup.point.previousLsn ?? .invalid)
    }
    controlFile = control.bytesAfterShutdown(checkpoint, record: isFull ? wal.start : nil)
    nextRecord = wal.start
    self.wal = wal
  }
}
