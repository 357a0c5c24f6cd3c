/// Files that are the same whatever the timeline holds, and the server's settings.
enum BackupTexts {
  /// Folders in the order of page servers, without `base/1`, which comes with its database.
  static func folders(pgVersion: UInt32) -> [String] {
    let summaries = pgVersion >= 17 ? ["pg_wal/summaries"] : []
    return ["global", "pg_wal", "pg_wal/archive_status"] + summaries + [
      "pg_commit_ts", "pg_dynshmem", "pg_notify", "pg_serial", "pg_snapshots", "pg_subtrans", "pg_twophase",
      "pg_multixact", "pg_multixact/members", "pg_multixact/offsets", "base", "pg_replslot", "pg_tblspc",
      "pg_stat", "pg_stat_tmp", "pg_xact", "pg_logical", "pg_logical/snapshots", "pg_logical/mappings",
    ]
  }

  /// What `PG_VERSION` files hold, as page servers write it.
  static func version(pgVersion: UInt32) -> String { pgVersion >= 16 ? "\(pgVersion)\n" : "\(pgVersion)" }

  /// Who may connect: the rules that page servers give, all from the machine itself.
  static let hostRules = """
    # Connections from this machine need no password. Change that before you let others in.
    # TYPE  DATABASE     USER  ADDRESS       METHOD
    local   all          all                 trust
    host    all          all   127.0.0.1/32  trust
    host    all          all   ::1/128       trust
    local   replication  all                 trust
    host    replication  all   127.0.0.1/32  trust
    host    replication  all   ::1/128       trust

    """

  /// What a server needs to start from the directory.
  struct Settings {
    var preparedTransactionCount: Int
    var slotCount: Int
    var hasLogicalSlots: Bool
    var originCount: Int

    /// `postgresql.conf`.
    var text: String {
      var lines = [
        "# Without these settings the server would not start from this directory; all others are its defaults.",
        "max_prepared_transactions = \(preparedTransactionCount)",
        // 10 is the default. Origins take of the same number.
        "max_replication_slots = \(max(10, slotCount, originCount))",
      ]
      if hasLogicalSlots { lines.append("wal_level = logical") }
      return lines.joined(separator: "\n") + "\n"
    }
  }
}
