import Engine
import Foundation
import IndexFormat
import Testing

/// Data directories of a real tenant, file by file as a page server gave them.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct GoldenBasebackupTests {
  /// Where in the timelines of tenant A the page server was asked, and how many files it gave.
  static let points: [(String, BaseBackup.Kind, Int)] = [
    ("A.main@end", .compute, 31), ("A.main@end", .full, 1366), ("A.dev@fend", .compute, 25),
    ("A.dev@fend", .full, 1346),
  ]

  /// All files but the named ones have the same names, lengths and SHA-256.
  ///
  /// | other than the page server's | how |
  /// |---|---|
  /// | `base/1` | is there once, not twice |
  /// | `pg_wal` | is there as a folder of its own |
  /// | `pg_hba.conf` | the same rules in other words |
  /// | `postgresql.conf` | full only: a server does not start without |
  /// | `global/pg_control`, WAL segment | full only: with a checkpoint. That of a compute is equal, too |
  @Test(arguments: points)
  func filesAreThoseOfThePageServer(name: String, kind: BaseBackup.Kind, count: Int) async throws {
    let archive = try UnpackedArchive("pageserver/oracle/A.tar.zst")
    let told = try Told(archive.url.appending(path: "\(name).\(kind.rawValue).tar.tsv"))
    let golden = try GoldenTenant("A")
    let point = try #require(try Oracle("A").points.first { $0.name == name })
    let sink = try RecordingSink()
    let summary = try await GoldenBackup.backup(golden, point, kind).write(to: sink)
    #expect(sink.isFinished)

    #expect(Set(sink.folders) == Set(told.folders).union(["pg_wal"]))
    #expect(sink.folders.count == Set(sink.folders).count)
    #expect(told.folders.count == Set(told.folders).count + 1)
    var mayDiffer: Set = ["pg_hba.conf"]
    var names = Set(told.files.keys)
    if kind == .full {
      names.insert("postgresql.conf")
      mayDiffer.formUnion(["global/pg_control"] + told.files.keys.filter { $0.hasPrefix("pg_wal/") })
    }
    #expect(Set(sink.files.keys) == names)
    var equalCount = 0
    for (path, file) in told.files where !mayDiffer.contains(path) {
      let own = try #require(sink.files[path], "\(path)")
      #expect(own.byteCount == file.byteCount && own.digest == file.digest, "\(path)")
      #expect(own.announced == own.byteCount)
      equalCount += 1
    }
    #expect(equalCount == told.files.count - (kind == .full ? 3 : 1))
    #expect(told.files.count == count)
    #expect(summary.fileCount == sink.files.count && summary.folderCount == sink.folders.count)
    #expect(summary.byteCount == sink.files.values.reduce(0) { $0 + $1.byteCount })
    // What makes a directory usable comes last.
    #expect(sink.order.suffix(2).first == "global/pg_control")
    print("\(name) \(kind): \(equalCount) files equal, \(summary)")
  }

  /// Reads of one page, of a few and of many give the same.
  @Test(arguments: [1, 7, 100_000])
  func batchesDoNotShow(pagesPerRead: Int) async throws {
    let golden = try GoldenTenant("A")
    let point = try #require(try Oracle("A").points.first { $0.name == "A.dev@fend" })
    let usual = try RecordingSink()
    _ = try await GoldenBackup.backup(golden, point, .full).write(to: usual)
    let other = try RecordingSink()
    var backup = try GoldenBackup.backup(golden, point, .full)
    backup.pagesPerRead = pagesPerRead
    _ = try await backup.write(to: other)
    #expect(other.files == usual.files && other.order == usual.order)
  }

  /// What a page server said: name, size, SHA-256 or `dir`.
  private struct Told {
    var folders: [String] = []
    var files: [String: RecordingSink.File] = [:]

    init(_ url: URL) throws {
      let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
      for line in text.split(separator: "\n").dropFirst() {
        let fields = line.split(separator: "\t").map(String.init)
        try #require(fields.count == 3)
        if fields[2] == "dir" {
          folders.append(fields[0])
          continue
        }
        let size = try #require(UInt64(fields[1]))
        let digest = stride(from: 0, to: 64, by: 2).compactMap { place -> UInt8? in
          UInt8(String(fields[2].dropFirst(place).prefix(2)), radix: 16)
        }
        files[fields[0]] = RecordingSink.File(byteCount: size, digest: digest, announced: size)
      }
    }
  }
}

/// Data directories of golden tenants.
enum GoldenBackup {
  static func backup(_ golden: GoldenTenant, _ point: Oracle.Point, _ kind: BaseBackup.Kind) throws
    -> BaseBackup
  {
    let place = GoldenTenant.Place(shard: point.tenant.shard, timeline: point.timeline)
    var catalog = try golden.catalog(place)
    if point.tenant.shard.count > 1 {
      // Pages are on all shards; all else is what shard 0 has.
      let shards = try (0..<point.tenant.shard.count).map { number in
        let shard = ShardIndex(number: number, count: point.tenant.shard.count)
        return try #require(
          golden.timelines[GoldenTenant.Place(shard: shard, timeline: point.timeline)]
        )
      }
      let stripeSize = try #require(GoldenTenant.stripeSize)
      catalog = TimelineCatalog(
        try #require(ShardUnion(shards, stripeSize: stripeSize)),
        catalog.facts
      )
    }
    return BaseBackup(
      catalog,
      at: BackupPoint(point.lsn, of: try golden.index(place)),
      kind: kind
    )
  }
}
