import Foundation
import Glibc
import IndexFormat
import Testing

/// A real PostgreSQL server on a data directory, for as long as this lives.
final class StockServer {
  let programs: PostgresPrograms
  /// Holds `data`, `log` and the socket.
  let folder: URL
  private var isRunning = false

  var data: String { folder.appending(path: "data").path }
  var log: String {
    get throws { try String(contentsOf: folder.appending(path: "log"), encoding: .utf8) }
  }

  init(_ programs: PostgresPrograms) throws {
    self.programs = programs
    // Names of sockets are short.
    folder = URL(filePath: "/tmp/scrubber-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
  }

  deinit {
    // What the test says counts.
    if isRunning { _ = try? control("stop -m immediate") }
    // The system clears its temporary folder.
    try? FileManager.default.removeItem(at: folder)
  }

  /// Gives all files to the user that the server runs as: it refuses to be root.
  func handOver() throws {
    if getuid() == 0 { try Self.shell("chown -R postgres '\(folder.path)'") }
  }

  func start() throws {
    try control("start -w -t 120 -l '\(folder.path)/log' -o \"-c listen_addresses= -k '\(folder.path)'\"")
    isRunning = true
  }

  func stop() throws {
    try control("stop -w -m fast")
    isRunning = false
  }

  @discardableResult
  private func control(_ arguments: String) throws -> String {
    let (log, words) = ("'\(folder.path)/log'", "'\(folder.path)/pg_ctl.log'")
    return try run(
      "'\(programs.folder)/pg_ctl' -D '\(data)' \(arguments) > \(words) 2>&1 || { cat \(words) \(log); exit 1; }"
    )
  }

  /// What a statement gives: rows by line, columns with `|` between them.
  func query(_ statement: String, database: String = "postgres", user: String) throws -> [String] {
    let file = folder.appending(path: "statement.sql")
    try Data(statement.utf8).write(to: file)
    let psql = "'\(programs.folder)/psql' -X -q -A -t -v ON_ERROR_STOP=1"
    return try run("\(psql) -h '\(folder.path)' -U \(user) -d '\(database)' -f '\(file.path)'")
      .split(separator: "\n").map(String.init)
  }

  /// Runs a command as the server's user, and gives what it printed.
  @discardableResult
  func run(_ command: String) throws -> String {
    let asUser = getuid() == 0 ? "setpriv --reuid postgres --regid postgres --init-groups " : ""
    let file = folder.appending(path: "command.sh")
    try Data(command.utf8).write(to: file)
    // A server that inherits what Foundation opened would let it wait as long as the server runs.
    let closing = "for fd in /proc/self/fd/*; do fd=${fd##*/}; [ $fd -le 2 ] || eval \"exec $fd>&-\"; done"
    return try Self.shell("cd '\(folder.path)' && { \(closing); \(asUser)bash '\(file.path)'; }")
  }

  @discardableResult
  private static func shell(_ command: String) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-c", command]
    process.currentDirectoryURL = URL(filePath: "/")
    // A file: a pipe would stay open as long as the server that was started.
    let url = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID().uuidString).out")
    defer { try? FileManager.default.removeItem(at: url) }  // Cleared by the system else.
    try Data().write(to: url)
    let output = try FileHandle(forWritingTo: url)
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
    try #require(process.terminationStatus == 0, "\(text.suffix(2000))")
    return text
  }
}
