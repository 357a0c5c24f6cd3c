import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// Timelines from a table in a real PostgreSQL.
@Suite(
  "Table of dumps in PostgreSQL",
  .serialized,
  .enabled(if: RealPostgres.isInstalled, RealPostgres.absence)
)
struct DatabaseClaimsTests {
  private func all(_ source: DatabaseClaims) async throws -> (claims: [TimelineClaim], findings: [Finding]) {
    var (claims, findings) = ([TimelineClaim](), [Finding]())
    while let batch = try await source.next() {
      claims += batch.claims
      findings += batch.findings
    }
    return (claims, findings)
  }

  private func source(
    _ table: String,
    more: String = "",
    password: String = RealPostgres.password,
    tenants: Set<TenantID> = [],
    limits: PostgresConnection.Limits = .init()
  ) async throws -> DatabaseClaims {
    let server = try await RealPostgres.running()
    return try DatabaseClaims(
      connectionString: server.connection(more, password: password),
      table: table,
      tenants: tenants,
      limits: limits
    )
  }

  private func message(_ source: DatabaseClaims) async -> String {
    do {
      _ = try await all(source)
      return "no error"
    } catch {
      return (error as? ClaimSourceError)?.message ?? "\(error)"
    }
  }

  @Test func rowsOfSafekeepersBecomeClaimsInOrder() async throws {
    let server = try await RealPostgres.running()
    // A name that must be quoted.
    let table = "dumps\"; drop table x; -- '"
    try server.makeTable(table)
    let quoted = "\"\(table.replacing("\"", with: "\"\""))\""
    try server.query(
      """
      insert into \(quoted) (sk_id, tenant_id, timeline_id, is_cancelled, timeline_start_lsn, backup_lsn, commit_lsn,
          disk_backup_lsn, disk_term)
        select sk, md5('t' || n / 3), md5('l' || n), n % 100 = 0, '0/2000028', ('0/' || sk || '000000')::pg_lsn, null,
          case when sk = 3 then pg_lsn '0/5000000' end, sk
        from generate_series(1, 9999) n, generate_series(1, 3) sk order by random();
      update \(quoted) set tenant_id = upper(tenant_id) where sk_id = 2;
      """
    )
    let (claims, findings) = try await all(source(table))
    #expect(claims.count == 9_999)
    #expect(findings == [])
    let ids = claims.map { "\($0.tenant)/\($0.timeline)" }
    #expect(ids == ids.sorted())
    #expect(claims.count { $0.isCancelled } == 99)
    let open = claims.filter { !$0.isCancelled }
    #expect(open.allSatisfy { $0.rowCount == 3 && $0.backup == Lsn(0x500_0000) && $0.term == 3 })
    let tenant = try #require(claims.first?.tenant)
    let (some, _) = try await all(source(table, tenants: [tenant]))
    #expect(some.count == claims.count { $0.tenant == tenant })
    #expect(some.count > 0)
  }

  @Test func tablesWithFewColumnsAndTextsWillDo() async throws {
    let server = try await RealPostgres.running()
    try server.query(
      """
      create table few (tenant_id text, timeline_id text, timeline_start_lsn text, backup_lsn text);
      insert into few values (md5('a'), md5('b'), '0/10', '0/20'), (md5('a'), 'x', '0/10', '0/20'),
        (md5('a'), md5('c'), 'y', '0/20'), (null, null, null, null), (md5('a'), md5('d'), null, null);
      """
    )
    let (claims, findings) = try await all(source("few"))
    #expect(claims.count == 2)
    #expect(findings.map(\.code) == [.walClaimInvalid, .walClaimInvalid, .walClaimInvalid])
    #expect(claims.map(\.backup).sorted() == [.invalid, Lsn(0x20)])
  }

  @Test func whatGoesWrongIsToldWithoutThePassword() async throws {
    let server = try await RealPostgres.running()
    try server.query("create table narrow (tenant_id text, backup_lsn pg_lsn)")
    let expectations: [(source: DatabaseClaims, text: String)] = [
      (try await source("nowhere"), "relation \"nowhere\" does not exist"),
      (try await source("narrow"), "the table lacks timeline_id, timeline_start_lsn"),
      (try await source("few", password: "hush-wrong"), "password authentication failed"),
      (try await source("few", more: "sslmode=verify-full sslrootcert=/etc/passwd"), "root certificate"),
      (try await source("few", more: "hush-rest-of-a-password"), "the connection string is none"),
      (try await source("few", more: "port=1"), "refused"),
    ]
    for (source, text) in expectations {
      let message = await message(source)
      #expect(message != "no error")
      #expect(message.contains(text), "\(message)")
      #expect(!message.contains("hush"), "\(message)")
      // The end stays the end.
      #expect(await self.message(source) == message)
    }
  }

  @Test func theServerMustBeWhoItSays() async throws {
    let server = try await RealPostgres.running()
    try server.query(
      "create table if not exists empty_dumps (tenant_id text, timeline_id text, timeline_start_lsn pg_lsn, backup_lsn pg_lsn)"
    )
    let right = "sslmode=verify-full sslrootcert=\(server.certificate)"
    #expect(try await all(source("empty_dumps", more: right)).claims == [])
    // Another authority than the one that signed.
    let folder = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/openssl")
    process.arguments = [
      "req", "-new", "-x509", "-nodes", "-subj", "/CN=localhost", "-out", "\(folder.path)/other.crt",
      "-keyout",
      "\(folder.path)/other.key",
    ]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let wrong = "sslmode=verify-full sslrootcert=\(folder.path)/other.crt"
    #expect(await message(try source("empty_dumps", more: wrong)).contains("certificate verify failed"))
    // The certificate is of another host.
    let host = "host=ip6-localhost hostaddr=127.0.0.1 sslmode=verify-full sslrootcert=\(server.certificate)"
    #expect(await message(try source("empty_dumps", more: host)) != "no error")
  }

  @Test(.timeLimit(.minutes(60))) func statementsHaveATimeOutAndCanBeCancelled() async throws {
    let server = try await RealPostgres.running()
    try server.query(
      """
      create or replace view slow as select md5('a')::text tenant_id, md5('b')::text timeline_id,
        pg_lsn '0/1' timeline_start_lsn, (case when pg_sleep(600) is null then pg_lsn '0/1' end) backup_lsn;
      """
    )
    var limits = PostgresConnection.Limits()
    limits.statement = .seconds(1)
    let late = await message(try source("slow", limits: limits))
    #expect(late.contains("statement timeout") || late.contains("waited too long"), "\(late)")
    let waiting = try await source("slow")
    let start = ContinuousClock.now
    let task = Task { await message(waiting) }
    try await Task.sleep(for: .milliseconds(300))
    task.cancel()
    #expect(await task.value.contains("cancelled"))
    #expect(ContinuousClock.now - start < .seconds(60))
  }

  // MARK: The program

  @Test func theProgramScansAFolderAgainstATable() async throws {
    let server = try await RealPostgres.running()
    try server.makeTable("program_dumps")
    try server.query(
      """
      insert into program_dumps (sk_id, tenant_id, timeline_id, is_cancelled, timeline_start_lsn, backup_lsn) values
        (1, '\(WALFixture.tenant)', '\(WALFixture.main)', false, '0/2000028', '0/4000000'),
        (2, '\(WALFixture.tenant)', '\(WALFixture.main)', null, '0/2000028', '0/3000000');
      """
    )
    let folder = try TemporaryFolder()
    let place = "wal/\(WALFixture.tenant)/\(WALFixture.main)"
    try folder.makeFolder(place)
    for number: UInt64 in [2, 3] {
      try folder.write("\(place)/\(WALFixture.segment(number))")
      #expect(truncate("\(folder.path)/\(place)/\(WALFixture.segment(number))", 16 << 20) == 0)
    }
    func run(_ connection: String) throws -> BuiltProgram.Outcome {
      try BuiltProgram.run([
        "scan-metadata", "--bucket", folder.path, "-n", "safekeeper", "--json", "--dump-db-connstr",
        connection,
        "--dump-db-table", "program_dumps",
      ])
    }
    let whole = try run(server.connection())
    #expect(whole.exitCode == 0, "\(whole.error)")
    #expect(whole.output.contains("\"timeline_count\":1,"))
    #expect(whole.output.contains("\"source\":\"table program_dumps\""))
    #expect(!(whole.output + whole.error).contains("hush"))
    try folder.remove("\(place)/\(WALFixture.segment(2))")
    #expect(try run(server.connection()).exitCode == 2)
    let refused = try run(server.connection(password: "hush-wrong"))
    #expect(refused.exitCode == 1)
    #expect(!(refused.output + refused.error).contains("hush"))
  }
}
