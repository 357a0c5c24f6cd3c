import IndexFormat

/// What a base backup is, told by its small files: of which cluster, and where WAL goes on.
///
/// | there is | WAL goes on at | it is |
/// |---|---|---|
/// | `neon.signal` or `zenith.signal` | redo of the checkpoint in `pg_control` | made of a key space: `fullbackup` |
/// | `backup_label` | its start | of a running server: consistent only where the backup ended |
/// | neither, and the server was shut down | redo of the checkpoint in `pg_control`: its own record | as it was shut down |
/// | neither, and it was not | – | refused: nobody knows where it is consistent |
///
/// Both `fullbackup`s set redo to where the next record begins. Sources: `pageserver/src/basebackup.rs`; PostgreSQL
/// `src/backend/access/transam/xlogrecovery.c`.
public struct BackupOrigin: Sendable {
  public let version: PostgresVersion
  public let controlFile: ControlFile
  public let start: Lsn
  /// Whether its pages are those of a key space, byte for byte but for their checksums.
  public let isOfKeySpace: Bool
  /// Whether files may be newer than `start`: they fit together only where the backup ended.
  public let isOfRunningServer: Bool

  public init(_ files: ClusterFiles) throws(BaseBackupError) {
    guard let control = files.file(.controlFile) else {
      let found = "no global/pg_control"
      throw BaseBackupError(.refused, files.location, found: found, expected: "a base backup")
    }
    controlFile = try files.controlFile(control)
    version = try Self.version(files, controlFile)
    try Self.checkWhole(files)
    isOfKeySpace = files.file(.note(.neonSignal)) != nil || files.file(.note(.zenithSignal)) != nil
    if let file = files.file(.note(.label)) {
      let label = try Self.label(files, file)
      start = label.start
      isOfRunningServer = true
      return
    }
    isOfRunningServer = false
    start = controlFile.checkpointCopy.redo
    guard isOfKeySpace || controlFile.state == .shutDown else {
      throw BaseBackupError(
        .refused,
        "global/pg_control",
        found: "a cluster that was not shut down, and no backup_label",
        expected: "what pg_basebackup or fullbackup wrote, or a server that was shut down"
      )
    }
    guard start != .invalid else {
      throw BaseBackupError(.damaged, "global/pg_control", found: "redo 0/0", expected: "where WAL goes on")
    }
  }

  private static func version(
    _ files: ClusterFiles,
    _ control: ControlFile
  ) throws(BaseBackupError) -> PostgresVersion {
    guard let file = files.file(.note(.version)) else {
      throw BaseBackupError(.refused, files.location, found: "no PG_VERSION", expected: "a base backup")
    }
    let text = String(decoding: try files.content(file, limit: 64).prefix { $0 > 0x20 }, as: UTF8.self)
    guard let number = UInt32(text), let version = PostgresVersion(major: number) else {
      throw BaseBackupError(.refused, "PG_VERSION", found: "\(text)", expected: "a version from 14 to 17")
    }
    let told = control.pgVersion
    guard told == nil || told == number else {
      let found = "the catalog version of \(told ?? 0)"
      throw BaseBackupError(.damaged, "global/pg_control", found: found, expected: "that of \(number)")
    }
    guard control.blockSize == UInt32(PageHeader.pageByteCount),
      control.blocksPerSegment == RelationFileName.blocksPerSegment
    else {
      throw BaseBackupError(
        .refused,
        "global/pg_control",
        found: "pages of \(control.blockSize) bytes, \(control.blocksPerSegment) in a file",
        expected: "8192 and 131072"
      )
    }
    return version
  }

  private static func checkWhole(_ files: ClusterFiles) throws(BaseBackupError) {
    if let map = files.file(.note(.tablespaceMap)), map.byteCount > 0 {
      throw BaseBackupError(.refused, map.path, found: "tablespaces", expected: "none")
    }
    guard files.files.contains(where: { if case .relationMap = $0.name { true } else { false } }) else {
      throw BaseBackupError(
        .refused,
        files.location,
        found: "no pg_filenode.map: files of relations are not there",
        expected: "what pg_basebackup or fullbackup wrote"
      )
    }
  }

  private static func label(
    _ files: ClusterFiles,
    _ file: ClusterFiles.File
  ) throws(BaseBackupError) -> BackupLabel {
    let content = try files.content(file, limit: BackupLabel.maximumByteCount)
    let label: BackupLabel
    do throws(FormatError) {
      label = try BackupLabel(parsing: content)
    } catch {
      throw BaseBackupError(
        .damaged,
        "\(file.path): \(error.field)",
        found: error.found,
        expected: error.expected
      )
    }
    if label.isIncremental {
      let found = "an incremental backup"
      throw BaseBackupError(
        .refused,
        file.path,
        found: found,
        expected: "a whole one, as of pg_combinebackup"
      )
    }
    if label.isOfStandby {
      throw BaseBackupError(.refused, file.path, found: "a backup of a standby", expected: "one of a primary")
    }
    return label
  }
}
