import Foundation
import Synchronization
import Testing

/// A PostgreSQL server of Debian's package, in a folder of its own, on a port of the loopback interface and over TLS with a
/// certificate that it made itself. Killed when the tests end.
final class RealPostgres: Sendable {
  static let password = "hush-database"
  static let programs = "/usr/lib/postgresql/15/bin"
  private static let children = Mutex<[pid_t]>([])
  private static let killsAtExit: Void = {
    atexit { RealPostgres.children.withLock { for child in $0 { kill(child, SIGKILL) } } }
  }()

  let port: Int
  private let folder: TemporaryFolder
  /// The certificate by which the server is known.
  var certificate: String { "\(folder.path)/server.crt" }

  static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: "\(programs)/initdb") }
  static let absence: Comment = "SKIPPED, NOT CHECKED: no PostgreSQL 15; run tools/setup tests"

  private static let server = Task { try await start() }

  /// Somebody else may have taken the port: then another is tried.
  private static func start() async throws -> RealPostgres {
    for _ in 0..<3 {
      // The reason of the last try is the one that is told.
      if let server = try? await RealPostgres() { return server }
    }
    return try await RealPostgres()
  }

  /// The one server; started when it is asked for first.
  static func running() async throws -> RealPostgres { try await server.value }

  private init() async throws {
    _ = Self.killsAtExit
    folder = try TemporaryFolder()
    port = Int.random(in: 21_000..<29_000)
    let path = folder.path
    try Self.shell("chmod 755 '\(path)'")
    try Self.shell(
      "openssl req -new -x509 -days 2 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 "
        + "-out '\(path)/server.crt' -keyout '\(path)/server.key' && chmod 644 '\(path)/server.crt' && chmod 600 "
        + "'\(path)/server.key' && printf '%s' '\(Self.password)' > '\(path)/password' && chmod 644 '\(path)/password'"
    )
    // The server refuses to be root.
    if getuid() == 0 {
      try Self.shell("mkdir '\(path)/data' && chown postgres '\(path)/data' '\(path)/server.key'")
    }
    try Self.shell(
      Self.asUser
        + "\(Self.programs)/initdb -D '\(path)/data' -U scrubber -A scram-sha-256 --pwfile '\(path)/password' "
        + "--no-sync --locale=C.UTF-8"
    )
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = [
      "-c",
      "exec \(Self.asUser)\(Self.programs)/postgres -D '\(path)/data' -p \(port) -c listen_addresses=127.0.0.1 "
        + "-c unix_socket_directories= -c fsync=off -c ssl=on -c ssl_cert_file='\(path)/server.crt' "
        + "-c ssl_key_file='\(path)/server.key' -c max_connections=40 > /dev/null 2>&1",
    ]
    process.standardInput = FileHandle.nullDevice
    try process.run()
    Self.children.withLock { $0.append(process.processIdentifier) }
    let deadline = ContinuousClock.now + .seconds(120)
    while true {
      do {
        _ = try query("select 1")
        return
      } catch {
        guard ContinuousClock.now < deadline, process.isRunning else { throw error }
        try await Task.sleep(for: .milliseconds(200))
      }
    }
  }

  static let asUser = getuid() == 0 ? "setpriv --reuid postgres --regid postgres --init-groups " : ""

  struct Failed: Error {
    var command: String
    var error: String
  }

  @discardableResult
  static func shell(_ command: String, input: String? = nil) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-c", command]
    process.currentDirectoryURL = URL(filePath: "/")
    let (output, error, text) = (Pipe(), Pipe(), Pipe())
    process.standardInput = text
    process.standardOutput = output
    process.standardError = error
    try process.run()
    try text.fileHandleForWriting.write(contentsOf: Data((input ?? "").utf8))
    try text.fileHandleForWriting.close()
    let said = try output.fileHandleForReading.readToEnd() ?? Data()
    let complained = try error.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failed(command: command, error: String(decoding: complained, as: UTF8.self))
    }
    return String(decoding: said, as: UTF8.self)
  }

  /// Runs statements by psql.
  @discardableResult
  func query(_ statements: String) throws -> String {
    try Self.shell(
      "PGPASSWORD='\(Self.password)' psql -q -At -v ON_ERROR_STOP=1 -h 127.0.0.1 -p \(port) -U scrubber -d postgres -f -",
      input: statements
    )
  }

  /// What to give as `--dump-db-connstr`.
  func connection(_ more: String = "", password: String = RealPostgres.password) -> String {
    "host=127.0.0.1 port=\(port) user=scrubber dbname=postgres password=\(password) \(more)"
  }

  /// The table as the project's own loader makes it.
  func makeTable(_ name: String) throws {
    try query(
      """
      create table "\(name.replacing("\"", with: "\"\""))" (
        sk_id bigint, tenant_id text, timeline_id text, active bool, is_cancelled bool,
        flush_lsn pg_lsn, write_lsn pg_lsn, epoch_start_lsn pg_lsn, backup_lsn pg_lsn, commit_lsn pg_lsn,
        peer_horizon_lsn pg_lsn, remote_consistent_lsn pg_lsn, num_computes bigint, last_removed_segno bigint,
        disk_backup_lsn pg_lsn, disk_commit_lsn pg_lsn, disk_peer_horizon_lsn pg_lsn, disk_remote_consistent_lsn pg_lsn,
        disk_term bigint, local_start_lsn pg_lsn, timeline_start_lsn pg_lsn);
      """
    )
  }
}
