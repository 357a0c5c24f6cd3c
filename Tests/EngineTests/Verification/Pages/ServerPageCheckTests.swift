import Engine
import Foundation
import IndexFormat
import Testing

/// Every page of clusters that real servers made: shut down, killed, and recovered. The catalog says of what kind each
/// relation is.
@Suite(.enabled(if: !PostgresPrograms.installed.isEmpty, PostgresPrograms.absence), .serialized)
struct ServerPageCheckTests {
  /// Kinds of pages that the work leaves behind.
  private static let wanted = [
    "table", "sequence", "btree meta", "btree inner", "btree leaf", "btree deleted", "hash meta",
    "hash bucket",
    "hash overflow", "hash bitmap", "hash unused", "gin meta", "gin entry inner", "gin entry leaf",
    "gin posting inner",
    "gin posting leaf", "gin deleted", "gin pending list", "gist inner", "gist leaf", "gist deleted",
    "spgist meta",
    "spgist inner", "spgist leaf", "brin meta", "brin map", "brin tuples", "free space map", "visibility map",
    "pg_xact", "pg_multixact/offsets", "pg_multixact/members",
  ]

  @Test(arguments: PostgresPrograms.installed)
  func nothingIsWrongWithPagesOfRealServers(server: PostgresPrograms) throws {
    let settings = ["full_page_writes=off", "wal_level=replica"]
    let cluster = try RecoveryCluster(server, settings: settings, hasChecksums: false)
    let kinds = cluster.folder.appending(path: "kinds").path
    let list = """
      copy (select pg_relation_filenode(oid), relkind, relam from pg_class
        where pg_relation_filenode(oid) is not null) to '\(kinds)-NAME';
      """
    func listing(_ name: String) -> String { list.replacingOccurrences(of: "NAME", with: name) }
    let indexes = [IndexWorkload.gin, IndexWorkload.gist, IndexWorkload.spgist]
    try cluster.work([RecoveryWorkload.first, listing("base")], crashes: false)
    try cluster.copyBase()
    try cluster.work(
      indexes + [PageWorkload.script] + RecoveryWorkload.rest + [listing("data")],
      crashes: true
    )
    try cluster.recover(to: RecoveryWorkload.end)

    var counts: [String: Int] = [:]
    let next = try #require(
      try cluster.control(cluster.base, "Latest checkpoint's NextXID").split(separator: ":").last
    )
    let transaction: UInt32 = try #require(UInt32(next))
    let limits = PageCheck.Limits(nextTransaction: transaction)
    try Self.check(
      cluster.base,
      try Self.kinds("\(kinds)-base"),
      PageCheck(version: server.version, limits: limits),
      &counts
    )
    for folder in [cluster.data, cluster.recovered] {
      // Both have the relations of the end.
      try Self.check(folder, try Self.kinds("\(kinds)-data"), PageCheck(version: server.version), &counts)
    }
    print(
      server.version,
      counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    )
    let samples = try Self.samples(cluster.data)
    PageDamage.expect(Self.floors, of: samples, PageCheck(version: server.version))
    for name in Self.wanted { #expect(counts[name, default: 0] > 0, "\(name)") }
  }

  /// How many of 10,000 flipped bits are seen at least, in pages that no tenant of the golden data has.
  private static let floors = [
    "btree deleted": 5, "gin entry inner": 400, "gin pending list": 1000, "gin posting inner": 6,
    "gin posting leaf": 4000, "gist deleted": 5,
  ]

  private static func samples(_ folder: URL) throws -> PageSamples {
    let files = try RelationFiles(folder)
    var samples = PageSamples()
    for tag in files.bytes.keys {
      for number in 0..<files.blockCount(tag) {
        if let page = files.page(tag, number) { samples.add(page, tag.fork, BlockNumber(number)) }
      }
    }
    return samples
  }

  private static func kinds(_ path: String) throws -> [UInt32: (relationKind: UInt8, accessMethod: UInt32)] {
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    var kinds: [UInt32: (UInt8, UInt32)] = [:]
    for line in lines {
      let fields = line.split(separator: "\t")
      let number = try #require(UInt32(fields[0]))
      kinds[number] = (try #require(fields[1].utf8.first), try #require(UInt32(fields[2])))
    }
    return kinds
  }

  private static func check(
    _ folder: URL,
    _ kinds: [UInt32: (relationKind: UInt8, accessMethod: UInt32)],
    _ check: PageCheck,
    _ counts: inout [String: Int]
  ) throws {
    let files = try RelationFiles(folder)
    for tag in files.bytes.keys {
      for number in 0..<files.blockCount(tag) {
        guard let page = files.page(tag, number) else { continue }
        let signature = PageSignature(page, tag.fork, BlockNumber(number))
        // Relations of databases that nobody worked in have the numbers of those that were copied.
        let kind =
          kinds[tag.relation].map { PageKind(relationKind: $0.0, accessMethod: $0.1, fork: tag.fork) }
          ?? signature?.kind ?? .table
        if let signature { #expect(signature.kind == kind, "\(tag) block \(number)") }
        counts[signature?.name ?? "new", default: 0] += 1
        if let problem = check.problem(of: page.span.bytes, as: kind, block: BlockNumber(number)) {
          Issue.record(
            "\(folder.lastPathComponent) \(tag) block \(number), \(signature?.name ?? "new"): \(problem)"
          )
        }
      }
    }
    #expect(files.bytes.count > 500)
    for slru in [SLRUKind.transactionStatus, .multixactOffsets, .multixactMembers] {
      let place = folder.appending(path: slru.folder)
      for name in try FileManager.default.contentsOfDirectory(atPath: place.path) {
        let bytes = [UInt8](try Data(contentsOf: place.appending(path: name)))
        for start in stride(from: 0, to: bytes.count, by: 8192) {
          let page = Array(bytes[start..<min(start + 8192, bytes.count)])
          let problem = check.problem(of: page.span.bytes, as: .slru(slru), block: BlockNumber(0))
          if let problem { Issue.record("\(slru.folder)/\(name) at \(start): \(problem)") }
          counts[slru.folder, default: 0] += 1
        }
      }
    }
  }
}
