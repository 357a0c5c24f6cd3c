import Engine
import Foundation
import IndexFormat
import Testing

/// The last proof: a stock PostgreSQL starts from full backups of real timelines as they stand, and finds all in order.
@Suite(
  .enabled(if: Golden.isPresent, Golden.absence),
  .enabled(if: PostgresPrograms.areComplete, PostgresPrograms.absence),
  .serialized
)
struct StockServerTests {
  /// A point of a golden tenant, and what must be found there.
  struct Boot: CustomTestStringConvertible, Sendable {
    var point: String
    var version: PostgresVersion
    var testDescription: String { point }
  }

  private static let user = SourceServer.user

  static let all: [Boot] = [
    Boot(point: "C.main@end", version: .v15),
    Boot(point: "G.main@ckpt", version: .v15),
    Boot(point: "G.main@end", version: .v15),
    Boot(point: "A.main@end", version: .v17),
    Boot(point: "A.main@bench1", version: .v17),
    Boot(point: "A.dev@fend", version: .v17),
    Boot(point: "A.grand@fend", version: .v17),
    Boot(point: "A.ro@bench1", version: .v17),
    Boot(point: "B.0004.main@end", version: .v17),
    Boot(point: "D.main@ckpt", version: .v16),
    Boot(point: "F.main@end", version: .v17),
    Boot(point: "H.main@end", version: .v17),
    Boot(point: "I.main@w1", version: .v17),
  ]

  @Test(arguments: all)
  func aFullBackupStarts(boot: Boot) async throws {
    let server = try StockServer(
      try #require(PostgresPrograms.installed.last { $0.version == boot.version })
    )
    let letter = String(boot.point.prefix(1))
    let golden = try GoldenTenant(letter)
    let point = try #require(try Oracle(letter).points.first { $0.name == boot.point })
    let backup = try GoldenBackup.backup(golden, point, .full)
    let summary = try await backup.write(to: try FolderSink(server.data, syncs: false))
    try server.handOver()

    let control = try server.run("'\(server.programs.folder)/pg_controldata' '\(server.data)'")
    #expect(control.contains("Database cluster state:               shut down"))
    #expect(control.contains("Latest checkpoint location:           \(summary.nextRecord)"))
    #expect(!control.contains("WARNING"))
    try checkWAL(server, summary)

    try server.start()
    let log = try server.log
    #expect(log.contains("database system was shut down at"))
    #expect(!log.contains("redo starts") && !log.contains("FATAL") && !log.contains("PANIC"))

    let prepared = try await backup.catalog.preparedTransactions(at: point.lsn).transactions.count
    #expect(try server.query("select count(*) from pg_prepared_xacts", user: Self.user) == ["\(prepared)"])
    let rows = try server.rows(user: Self.user)
    #expect(rows.tableCount > 60)
    try await compareRows(rows, boot, at: point.lsn)
    try countTwice(server, Self.user)
    let check = try server.amcheck(user: Self.user)
    #expect(check.isEmpty, "\(check.prefix(2000))")
    // It goes on from there: writes, stops and starts again.
    _ = try server.query("create table scrubber_wrote as select generate_series(1, 1000)", user: Self.user)
    try server.stop()
    try server.start()
    #expect(try server.query("select count(*) from scrubber_wrote", user: Self.user) == ["1000"])
    try server.stop()
    print("\(boot.point): \(summary.pageCount) pages, \(rows.tableCount) tables, \(rows.rowCount) rows")
  }

  /// PostgreSQL's own reader finds the checkpoint from the start of the segment.
  private func checkWAL(_ server: StockServer, _ summary: BaseBackup.Summary) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(server.data)/pg_wal")
      .filter { $0.utf8.count == 24 }.sorted()
    let ends = [try #require(names.first), try #require(names.last)].joined(separator: " ")
    // Behind the last record there are zeros, which it calls an error.
    let dump = try server.run(
      "'\(server.programs.folder)/pg_waldump' -p '\(server.data)/pg_wal' \(ends) 2>&1 || true"
    )
    let records = dump.split(separator: "\n").filter { $0.hasPrefix("rmgr:") }
    #expect(records.count == 1, "\(dump)")
    #expect(dump.contains("CHECKPOINT_SHUTDOWN redo \(summary.nextRecord)"), "\(dump)")
  }

  /// The rows of all tables are those of the cluster that the tenant was made of.
  private func compareRows(_ rows: TableRows, _ boot: Boot, at lsn: Lsn) async throws {
    guard let cluster = SourceServer.cluster(of: boot.point) else {
      return try await compareWithScript(rows, boot)
    }
    let source = try await SourceServer.rows(of: cluster, at: lsn)
    #expect(source.tableCount > 60)
    #expect(rows.differences(from: source) == [], "\(boot.point)")
  }

  /// WAL of Neon's computes, which a stock server does not recover.
  ///
  /// | tenant | what its rows are compared with |
  /// |---|---|
  /// | F, G at their ends | counts of A, of the same script; but for a table of which it deletes rows by chance |
  /// | C | its WAL ends before the first row is committed |
  private func compareWithScript(_ rows: TableRows, _ boot: Boot) async throws {
    let users = rows.userRowCounts
    if boot.point.hasPrefix("C.") {
      let tables = ["accounts", "branches", "history", "tellers"].map { "postgres.public.pgbench_\($0)" }
      #expect(users == Dictionary(uniqueKeysWithValues: tables.map { ($0, 0) }))
    } else if boot.point.hasSuffix("@end") {
      let cluster = try #require(SourceServer.cluster(of: "A.main@end"))
      var counts = try await SourceServer.rows(of: cluster, at: Lsn(0x43d_ede0)).userRowCounts
      let chance = "postgres.public.t_spgist"
      #expect(counts.count == 15 && counts[chance] != nil)
      counts[chance] = users[chance]
      #expect(users == counts, "\(boot.point)")
    }
  }

  /// Counts the rows of users' tables by their pages, and by an index if there is one.
  private func countTwice(_ server: StockServer, _ user: String) throws {
    let databases = try server.query("select datname from pg_database where datallowconn", user: user)
    #expect(databases.contains("postgres") && databases.contains("template1"))
    for database in databases {
      let users = try server.query(
        """
        select c.oid::regclass from pg_class c join pg_namespace n on n.oid = relnamespace
        where relkind in ('r', 'm') and n.nspname !~ '^pg_|^information_schema$' order by 1
        """,
        database: database,
        user: user
      )
      for way in ["enable_seqscan = off", "enable_indexscan = off"] {
        let twice = users.map { "select count(*) from \($0);" }.joined(separator: "\n")
        let plain = try server.query(twice, database: database, user: user)
        #expect(try server.query("set \(way);\n\(twice)", database: database, user: user) == plain)
      }
    }
  }
}
