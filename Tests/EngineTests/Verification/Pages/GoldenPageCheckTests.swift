import Engine
import Foundation
import IndexFormat
import Testing

/// Every page of every relation and SLRU of real tenants, at each point that their page servers told of: nothing is
/// wrong with any of them.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct GoldenPageCheckTests {
  /// What every tenant has.
  private static let common = [
    "table", "btree leaf", "btree inner", "btree meta", "free space map", "visibility map", "pg_xact",
    "pg_multixact/offsets", "pg_multixact/members",
  ]
  /// What the large workload leaves behind, besides what is found in new clusters.
  private static let indexes = [
    "sequence", "hash meta", "hash bucket", "hash overflow", "hash bitmap", "hash unused", "gin meta",
    "gin entry leaf",
    "gin deleted", "gist inner", "gist leaf", "spgist meta", "spgist inner", "spgist leaf", "brin meta",
    "brin map",
    "brin tuples",
  ]
  private static let large = ["A", "B", "F", "G", "H", "I", "J", "M"]

  @Test(arguments: GoldenReadTests.tenants)
  func nothingIsWrongWithPagesOfRealTenants(tenant: GoldenReadTests.Tenant) async throws {
    let counts = try await GoldenReadTests.withFolder(tenant) { root in
      let golden = try GoldenReadTests.open(tenant, root)
      var seen = Set<SeenPage>()
      var counts: [String: Int] = [:]
      for oracle in try GoldenReadTests.oracles(root) {
        try await Self.check(oracle, golden, &seen, &counts)
      }
      return counts
    }
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) { print(tenant.name, name, count) }
    for name in Self.common + (Self.large.contains(tenant.name) ? Self.indexes : []) {
      #expect(counts[name, default: 0] > 0, "\(name)")
    }
  }

  /// A page is the same at most points.
  private struct SeenPage: Hashable {
    var key: Key
    var digest: [UInt8]
  }

  private static func check(
    _ oracle: GoldenOracle,
    _ golden: GoldenTenant,
    _ seen: inout Set<SeenPage>,
    _ counts: inout [String: Int]
  ) async throws {
    let timeline = try #require(golden.timelines[oracle.place])
    let rules = try #require(timeline.redo)
    let values = try await timeline.values(
      of: KeySpace(KeyRange(.checkpoint)),
      at: oracle.lsn
    )
    // A shard that is not the first one has none.
    let checkpoint = try values.first.map { try Checkpoint(parsing: $0.bytes.span.bytes) }
    let limits = checkpoint.map { PageCheck.Limits($0, lsn: oracle.lsn) } ?? PageCheck.Limits(lsn: oracle.lsn)
    let check = PageCheck(version: rules.version, limits: limits)
    var wanted: [KeyRange] = []
    for page in oracle.pages where page.key.mayHoldRecords {
      guard seen.insert(SeenPage(key: page.key, digest: page.digest)).inserted else { continue }
      wanted.append(KeyRange(page.key))
    }
    var redo = PageRedo(rules)
    var counted = counts
    try await timeline.forEachBatch(of: KeySpace(wanted), at: oracle.lsn) { batch in
      for read in batch.values {
        do throws(ReadError) {
          let page = try redo.value(of: read, at: oracle.lsn, timeline.rules)
          count(read.key, page, check, &counted)
        } catch {
          Issue.record("\(error)")
        }
      }
    }
    counts = counted
  }

  private static func count(_ key: Key, _ page: [UInt8], _ check: PageCheck, _ counts: inout [String: Int]) {
    let problem: FormatError?
    let name: String
    switch KeyClass(key) {
    case .slruBlock(let segment, let block):
      name = segment.kind.folder
      problem = check.problem(of: page.span.bytes, as: .slru(segment.kind), block: block)
    case .relationBlock(let tag, let block):
      let signature = PageSignature(page, tag.fork, block)
      name = signature?.name ?? "new"
      problem = check.problem(of: page.span.bytes, as: signature?.kind ?? .table, block: block)
    default: return
    }
    counts[name, default: 0] += 1
    if let problem { Issue.record("\(KeyClass(key)), \(name): \(problem)") }
  }
}
