import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// Data directories of real tenants by the built program: file by file those of a page server, and PostgreSQL starts
/// from them.
@Suite(.enabled(if: Golden.isPresent, Golden.absence), .timeLimit(.minutes(60)))
struct BackupGoldenTests {
  private static let main = "5fe8b8114a3857e52fdd46ec6012f196"
  private static let dev = "827604938300ca90278a19b256e6932f"
  private static let mainOfB = "4cff11de2de343f13f5d8f899072ad6d"

  /// A timeline, an LSN, and the list of the page server's files there.
  struct Point: Sendable, CustomTestStringConvertible {
    var bucket: String
    var timeline: String
    var lsn: String
    var list: String
    var count: Int

    var testDescription: String { "\(bucket), \(list)" }
    var command: String { list.contains("fullbackup") ? "fullbackup" : "basebackup" }
  }

  static let points = [
    Point(bucket: "A", timeline: main, lsn: "0/43DEDE0", list: "A.main@end.basebackup", count: 31),
    Point(bucket: "A", timeline: main, lsn: "0/43DEDE0", list: "A.main@end.fullbackup", count: 1366),
    Point(bucket: "A", timeline: dev, lsn: "0/40863D8", list: "A.dev@fend.basebackup", count: 25),
    Point(bucket: "A", timeline: dev, lsn: "0/40863D8", list: "A.dev@fend.fullbackup", count: 1346),
    // The four shards of B have ingested the same WAL.
    Point(bucket: "B", timeline: mainOfB, lsn: "0/43DEDE0", list: "A.main@end.fullbackup", count: 1366),
  ]

  /// As `GoldenBasebackupTests` in the engine's tests: what may differ is listed there.
  @Test(arguments: points)
  func filesAreThoseOfThePageServer(_ point: Point) throws {
    let bucket = try RealBucket.unpack([point.bucket])
    let target = try TemporaryFolder()
    let outcome = try BackupProgram.unpack(
      [point.command, "--bucket", bucket.path, "--timeline-id", point.timeline, "--lsn", point.lsn],
      into: target.path
    )
    #expect(outcome.exitCode == 0, "\(outcome.error)")
    let content = try BackupProgram.content(of: target.path)
    let told = try Self.list(point.list)
    // Folders of slots are not listed, but files in them are.
    let ofFiles = told.files.keys.map { String($0.prefix(upTo: $0.lastIndex(of: "/") ?? $0.startIndex)) }
    #expect(content.folders == told.folders.union(["pg_wal"]).union(ofFiles).subtracting([""]))
    var mayDiffer: Set = ["pg_hba.conf"]
    var names = Set(told.files.keys)
    if point.command == "fullbackup" {
      names.insert("postgresql.conf")
      mayDiffer.formUnion(["global/pg_control"] + names.filter { $0.hasPrefix("pg_wal/") })
    }
    #expect(Set(content.files.keys) == names)
    var equalCount = 0
    for (path, file) in told.files where !mayDiffer.contains(path) {
      #expect(content.files[path] == file, "\(path)")
      equalCount += 1
    }
    #expect(told.files.count == point.count && equalCount >= point.count - 3)
  }

  /// What the page server said: name, size, SHA-256 or `dir`.
  private static func list(_ name: String) throws -> BackupProgram.Content {
    let folder = try TemporaryFolder()
    try Golden.unpack("pageserver/oracle/A.tar.zst", into: folder.path)
    let text = String(decoding: try BackupProgram.bytes("\(folder.path)/\(name).tar.tsv"), as: UTF8.self)
    var content = BackupProgram.Content()
    for line in text.split(separator: "\n").dropFirst() {
      let fields = line.split(separator: "\t").map(String.init)
      try #require(fields.count == 3)
      if fields[2] == "dir" {
        content.folders.insert(fields[0])
      } else {
        content.files[fields[0]] = .init(byteCount: try #require(Int(fields[1])), digest: fields[2])
      }
    }
    return content
  }

  @Test(
    .enabled(if: PostgresPrograms.areComplete, PostgresPrograms.absence),
    arguments: [("A", main, 17), ("B", mainOfB, 17), ("C", "b065218850d3a122f6a04f3efd229bcd", 15)]
  )
  func postgresStartsFromAFullBackup(_ tenant: String, _ timeline: String, _ major: Int) throws {
    let bucket = try RealBucket.unpack([tenant])
    let server = try StockServer(
      try #require(PostgresPrograms.installed.last { $0.version.major == major })
    )
    let outcome = try BuiltProgram.run([
      "fullbackup", "--bucket", bucket.path, "--timeline-id", timeline, "--output-path", server.data,
    ])
    #expect(outcome.exitCode == 0, "\(outcome.error)")
    try server.handOver()
    try server.start()
    let log = try server.log
    #expect(log.contains("database system was shut down at") && !log.contains("redo starts"))
    #expect(!log.contains("FATAL") && !log.contains("PANIC"))
    let user = "cloud_admin"
    let tables = try server.query(
      "select c.oid::regclass from pg_class c where relkind in ('r', 'm')",
      user: user
    )
    #expect(tables.count > 60)
    let counts = tables.map { "select count(t.*::text) from \($0) t;" }.joined(separator: "\n")
    #expect(try server.query(counts, user: user).count == tables.count)
    let check = "'\(server.programs.folder)/pg_amcheck'"
    if FileManager.default.isExecutableFile(atPath: String(check.dropFirst().dropLast())) {
      let options = "-h '\(server.folder.path)' -U \(user) --all --install-missing --heapallindexed 2>&1"
      #expect(try server.run("\(check) \(options)") == "")
    }
    try server.stop()
  }
}
