import Engine
import IndexFormat

/// What came of a data directory, for people or as JSON.
struct BackupReport: Sendable {
  var kind: BaseBackup.Kind
  var target: BackupTarget
  var tenant: TenantID
  var shardCount: Int
  var timeline: TimelineID
  var lsn: Lsn
  var pgVersion: UInt32
  var summary: BaseBackup.Summary
  var duration: Duration

  private var form: String {
    switch target {
    case .standardOutput, .archive: "tar"
    case .folder: "folder"
    }
  }

  private var head: String {
    "\(kind.rawValue) of timeline \(timeline) of \(tenant) at \(lsn)"
  }

  /// One line, for where the archive itself is what is printed.
  var line: String {
    "\(head): \(files), \(DecimalText.bytes(summary.byteCount)), next record at \(summary.nextRecord)"
  }

  private var files: String {
    "\(Count(summary.fileCount, "file")) in \(Count(summary.folderCount, "folder"))"
  }

  func lines(_ style: TextStyle) -> [String] {
    var table = TextTable([.init(title: ""), .init(title: "")])
    table.add([form == "tar" ? "archive" : "folder", target.path ?? "standard output"])
    table.add(["PostgreSQL", "\(pgVersion)"])
    if shardCount > 1 { table.add(["shards", "\(shardCount)"]) }
    table.add(["content", "\(files), \(DecimalText.bytes(summary.byteCount))"])
    table.add(["pages of relations", DecimalText.grouped(summary.pageCount)])
    table.add(["next record", "\(summary.nextRecord)"])
    table.add(["duration", "\(DecimalText.seconds(duration)) s"])
    return [head] + table.lines(style)
  }

  /// | member | content |
  /// |---|---|
  /// | `kind` | `basebackup` or `fullbackup` |
  /// | `tenant_id`, `timeline_id`, `lsn`, `pg_version`, `shard_count` | of what |
  /// | `form`, `output` | `tar` or `folder`; its path, or null for standard output |
  /// | `file_count`, `folder_count`, `byte_count`, `page_count` | integers; bytes are those of the files |
  /// | `next_record_lsn` | where the server writes its next record |
  /// | `duration_seconds`, `version` | |
  var json: [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("kind", kind.rawValue)
      json.member("tenant_id", tenant.description)
      json.member("timeline_id", timeline.description)
      json.member("lsn", lsn.description)
      json.member("pg_version", pgVersion)
      json.member("shard_count", shardCount)
      json.member("form", form)
      json.name("output")
      if let path = target.path { json.value(path) } else { json.null() }
      json.member("file_count", summary.fileCount)
      json.member("folder_count", summary.folderCount)
      json.member("byte_count", summary.byteCount)
      json.member("page_count", summary.pageCount)
      json.member("next_record_lsn", summary.nextRecord.description)
      json.name("duration_seconds")
      json.raw(DecimalText.seconds(duration).utf8)
      json.member("version", Version.program)
    }
    return json.bytes
  }
}
