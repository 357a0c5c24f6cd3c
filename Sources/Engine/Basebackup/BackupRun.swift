import IndexFormat

/// One data directory on its way: what was read before the first entry, and what was written so far.
struct BackupRun<Sink: BackupSink> {
  let backup: BaseBackup
  let sink: Sink
  let version: PostgresVersion
  let files: BackupFiles
  var summary = BaseBackup.Summary()

  var lsn: Lsn { backup.point.lsn }
  var isFull: Bool { backup.kind == .full }

  init(_ backup: BaseBackup, _ sink: Sink) async throws(BackupError) {
    self.backup = backup
    self.sink = sink
    guard let version = PostgresVersion(major: backup.catalog.facts.pgVersion) else {
      throw .unusable(
        backup.point.lsn,
        FormatError(
          .badValue,
          field: "pg_version",
          found: "\(backup.catalog.facts.pgVersion)",
          expected: "14 to 17"
        )
      )
    }
    self.version = version
    do throws(ReadError) {
      files = try await BackupFiles(backup.catalog, at: backup.point.lsn)
    } catch {
      throw .read(error)
    }
  }

  mutating func write() async throws(BackupError) -> BaseBackup.Summary {
    // What the control file lets not be done is found before the first byte.
    let end = try BackupEnd(backup, files, version)
    for folder in BackupTexts.folders(pgVersion: backup.catalog.facts.pgVersion) {
      try add(folder: BackupPath(folder))
    }
    try addConfiguration()
    try await addSLRUs()
    try await addDatabases()
    try addAuxFiles()
    try await addPreparedTransactions()
    try addOrigins()
    for name in ["neon.signal", "zenith.signal"] {
      try add(BackupPath(name), Array(backup.point.signal.utf8))
    }
    try add(BackupPath("global/pg_control"), end.controlFile)
    for name in end.wal.names { try addWAL(end.wal, name) }
    summary.nextRecord = end.nextRecord
    try sink.finish()
    return summary
  }

  mutating func add(folder: BackupPath) throws(BackupError) {
    try sink.addFolder(folder)
    summary.folderCount += 1
  }

  mutating func add(_ path: BackupPath, _ bytes: [UInt8]) throws(BackupError) {
    try begin(path, byteCount: UInt64(bytes.count))
    try sink.append(bytes.span.bytes)
    try sink.endFile()
  }

  mutating func begin(_ path: BackupPath, byteCount: UInt64) throws(BackupError) {
    try sink.beginFile(path, byteCount: byteCount)
    summary.fileCount += 1
    summary.byteCount += byteCount
  }

  private mutating func addConfiguration() throws(BackupError) {
    try add(BackupPath("pg_hba.conf"), Array(BackupTexts.hostRules.utf8))
    try add(BackupPath("pg_ident.conf"), [])
    try add(BackupPath("postgresql.auto.conf"), [])
    if isFull { try add(BackupPath("postgresql.conf"), Array(files.settings.text.utf8)) }
  }

  private mutating func addWAL(_ wal: BackupWAL, _ name: WALSegmentName) throws(BackupError) {
    try begin(BackupPath("pg_wal/\(name)"), byteCount: wal.segmentSize.byteCount)
    let sink = sink
    try wal.forEachPage(of: name) { (page) throws(BackupError) in try sink.append(page) }
    try sink.endFile()
  }

  /// An error of what a value says.
  func unusable(_ field: String, found: String, expected: String) -> BackupError {
    .unusable(lsn, FormatError(.badValue, field: field, found: found, expected: expected))
  }
}
