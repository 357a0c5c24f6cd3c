import Foundation
import IndexFormat
import Testing

/// A cluster of a real PostgreSQL that works, crashes, and is recovered by the server itself, up to a named place
/// in its WAL and without letting anyone in: nothing but replay touches its pages.
///
/// | folder | content |
/// |---|---|
/// | `base` | copy of the cluster, shut down, before the work whose WAL is replayed |
/// | `data` | the cluster when it was killed, with its WAL |
/// | `recovered` | the copy, behind the server's replay of that WAL |
final class RecoveryCluster {
  static let asUser = getuid() == 0 ? "setpriv --reuid postgres --regid postgres --init-groups " : ""

  let server: PostgresPrograms
  let folder: URL
  var base: URL { folder.appending(path: "base") }
  var data: URL { folder.appending(path: "data") }
  var recovered: URL { folder.appending(path: "recovered") }

  /// - settings: lines of `postgresql.conf`.
  init(_ server: PostgresPrograms, settings: [String], hasChecksums: Bool) throws {
    self.server = server
    folder = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // The programs refuse to be root.
    if getuid() == 0 { try shell("chown postgres '\(folder.path)'") }
    try run("initdb -D data -U scrubber -A trust --no-sync --locale=C.UTF-8" + (hasChecksums ? " -k" : ""))
    let common = [
      "listen_addresses=''", "unix_socket_directories='\(folder.path)'", "fsync=off", "autovacuum=off",
      "max_prepared_transactions=5", "wal_keep_size='4GB'", "max_wal_size='2GB'", "wal_recycle=off",
      "shared_buffers='32MB'", "max_connections=10",
    ]
    try append(common + settings, to: "data/postgresql.conf")
  }

  deinit {
    // The system clears its temporary folder; what the test says counts.
    try? FileManager.default.removeItem(at: folder)
  }

  struct Failed: Error {
    var command: String
    var output: String
  }

  /// A server that stays would keep pipes open, and whatever else it inherits by which `Process` sees the end: all
  /// input and output goes through files, and all else is closed.
  ///
  /// - Returns: what it printed.
  @discardableResult
  func shell(_ command: String, input: String = "") throws -> String {
    let (given, said) = (folder.appending(path: "input"), folder.appending(path: "output"))
    try Data(input.utf8).write(to: given)
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    let closes = "for fd in /proc/self/fd/*; do fd=${fd##*/}; [ $fd -le 2 ] || eval \"exec $fd>&-\"; done"
    process.arguments = ["-c", "cd '\(folder.path)'; (\(closes); \(command)) < input > output 2>&1"]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let text = String(decoding: try Data(contentsOf: said), as: UTF8.self)
    guard process.terminationStatus == 0 else { throw Failed(command: command, output: text) }
    return text
  }

  @discardableResult
  private func run(_ program: String, input: String = "") throws -> String {
    try shell("\(Self.asUser)\(server.folder)/\(program)", input: input)
  }

  private func append(_ lines: [String], to path: String) throws {
    let text = lines.map { $0 + "\n" }.joined()
    try shell("cat >> '\(path)'", input: text)
  }

  // MARK: Steps

  /// Runs scripts on a server that is stopped then: in an orderly way, or as by a crash.
  func work(_ scripts: [String], crashes: Bool) throws {
    try run(crashes: crashes) { for script in scripts { try query(script) } }
  }

  func query(_ script: String) throws {
    try run("psql -qX -h '\(folder.path)' -U scrubber -d postgres -v ON_ERROR_STOP=1", input: script)
  }

  /// Does something while the server runs.
  func run(crashes: Bool, _ body: () throws -> Void) throws {
    try run("pg_ctl -D data -w -s -l log start")
    do {
      try body()
    } catch {
      try run("pg_ctl -D data -w -s -m immediate stop")
      throw error
    }
    try run("pg_ctl -D data -w -s -m \(crashes ? "immediate" : "fast") stop")
  }

  func copyBase() throws { try shell("cp -a '\(data.path)' '\(base.path)'") }

  /// Has the server replay the WAL on a copy of the base, up to the restore point of this name.
  func recover(to name: String) throws {
    try shell("rm -rf recovered")
    try shell("cp -a '\(base.path)' '\(recovered.path)'")
    try run("pg_controldata -D recovered > /dev/null && touch recovered/recovery.signal")
    let settings = [
      "restore_command='cp \"\(data.path)/pg_wal/%f\" \"%p\"'", "recovery_target_name='\(name)'",
      "recovery_target_action=shutdown", "hot_standby=off",
    ]
    try append(settings, to: "recovered/postgresql.conf")
    let log = try run("postgres -D recovered")
    guard log.contains("recovery stopping at restore point \"\(name)\""),
      log.contains("restartpoint complete"),
      try control(recovered, "Database cluster state") == "shut down in recovery"
    else { throw Failed(command: "recovery", output: log) }
  }

  /// A field of the cluster's control file.
  func control(_ cluster: URL, _ field: String) throws -> String {
    let text = try run("pg_controldata -D '\(cluster.path)'")
    let line = text.split(separator: "\n").first { $0.hasPrefix(field + ":") }
    return try #require(line).dropFirst(field.utf8.count + 1).trimmingCharacters(in: .whitespaces)
  }

  /// Where replay begins.
  func redoStart() throws -> Lsn {
    try #require(Lsn(try control(base, "Latest checkpoint's REDO location")))
  }

  /// All of the WAL, and where it begins.
  func wal() throws -> BlockHistories.WAL {
    let folder = data.appending(path: "pg_wal")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
      $0.utf8.count == 24
    }
    let first = try #require(names.min().flatMap { UInt64($0.suffix(8), radix: 16) })
    var bytes: [UInt8] = []
    bytes.reserveCapacity(names.count << 24)
    for name in names.sorted() { bytes += try Data(contentsOf: folder.appending(path: name)) }
    return BlockHistories.WAL(version: server.version, start: Lsn(first << 24), bytes: bytes)
  }
}
