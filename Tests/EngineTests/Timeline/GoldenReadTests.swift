import Engine
import Foundation
import IndexFormat
import Testing

/// Every value that real page servers gave, read from the objects that they had: equal where no record has to be
/// applied, as many records where some have, and no more layers visited.
struct GoldenReadTests {
  struct Counts: Equatable, CustomStringConvertible {
    var oracles = 0
    var equal = 0
    var unreplayed = 0
    /// Values of page servers of 2024 that needed records: how many, they do not tell.
    var unreplayed2024 = 0
    var ours = 0
    var theirs = 0

    var description: String {
      "\(oracles) oracles, \(equal) equal, \(unreplayed) + \(unreplayed2024) unreplayed, layers \(ours) of \(theirs)"
    }
  }

  struct Tenant: CustomTestStringConvertible, Sendable {
    var name: String
    var rules: ReadRules
    var counts: Counts

    var era: String { rules == .june2024 ? "pageserver-2024" : "pageserver" }
    var testDescription: String { name }

    init(_ name: String, oracles: Int, equal: Int, unreplayed: Int, layers: Int) {
      self.name = name
      rules = .march2026
      counts = Counts(oracles: oracles, equal: equal, unreplayed: unreplayed, ours: layers, theirs: layers)
    }

    init(_ name: String, oracles: Int, equal: Int, unreplayed2024: Int) {
      self.name = name
      rules = .june2024
      counts = Counts(oracles: oracles, equal: equal, unreplayed2024: unreplayed2024)
    }
  }

  static let tenants: [Tenant] = [
    Tenant("A", oracles: 10, equal: 51972, unreplayed: 3495, layers: 141_148),
    Tenant("B", oracles: 12, equal: 16090, unreplayed: 939, layers: 28762),
    Tenant("C", oracles: 1, equal: 3680, unreplayed: 1211, layers: 6179),
    Tenant("D", oracles: 2, equal: 9996, unreplayed: 16, layers: 12436),
    Tenant("E", oracles: 1, equal: 3693, unreplayed: 0, layers: 7385),
    Tenant("F", oracles: 2, equal: 12177, unreplayed: 27, layers: 12204),
    Tenant("G", oracles: 2, equal: 10417, unreplayed: 475, layers: 22704),
    Tenant("H", oracles: 2, equal: 10228, unreplayed: 767, layers: 13490),
    Tenant("I", oracles: 2, equal: 8950, unreplayed: 536, layers: 11889),
    Tenant("J", oracles: 10, equal: 52070, unreplayed2024: 693),
    Tenant("K", oracles: 2, equal: 7356, unreplayed2024: 0),
    Tenant("M", oracles: 8, equal: 10406, unreplayed2024: 487),
  ]

  @Test(.enabled(if: Golden.isPresent, Golden.absence), arguments: tenants)
  func valuesAreThoseOfThePageServer(tenant: Tenant) async throws {
    let counts = try await Self.withFolder(tenant) { root in
      let golden = try Self.open(tenant, root)
      let hasher = try Hasher256()
      var counts = Counts()
      for oracle in try Self.oracles(root) {
        let timeline = try #require(golden.timelines[oracle.place])
        try await Self.compare(oracle, timeline, hasher, &counts)
      }
      return counts
    }
    #expect(counts == tenant.counts)
  }

  @Test(.enabled(if: Golden.isPresent, Golden.absence), arguments: tenants)
  func readingAgreesWithTheNaiveReading(tenant: Tenant) async throws {
    try await Self.withFolder(tenant) { root in
      let golden = try Self.open(tenant, root)
      var options = ReadOptions()
      options.validates = true
      for oracle in try Self.oracles(root).prefix(2) {
        let timeline = try #require(golden.timelines[oracle.place])
        // A share of the keys, as each is read on its own.
        let wanted = KeySpace(
          oracle.pages.enumerated().filter { $0.offset % 61 == 0 }
            .map { KeyRange($0.element.key) }
        )
        try await timeline.forEachBatch(of: wanted, at: oracle.lsn, options) { batch in
          #expect(batch.failures.isEmpty && batch.missing.isEmpty)
        }
      }
    }
  }

  static func withFolder<Result>(_ tenant: Tenant, _ body: (URL) async throws -> Result) async throws
    -> Result
  {
    let root = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    // The system clears its temporary folder; what the test says counts.
    defer { try? FileManager.default.removeItem(at: root) }
    for archive in [
      "\(tenant.era)/tenants/\(tenant.name).tar.zst", "\(tenant.era)/oracle/\(tenant.name).tar.zst",
    ] {
      try Golden.unpack(archive, into: root)
    }
    return try await body(root)
  }

  static func open(_ tenant: Tenant, _ root: URL) throws -> GoldenTenant {
    try GoldenTenant(root, rules: tenant.rules)
  }

  static func oracles(_ root: URL) throws -> [GoldenOracle] {
    try FileManager.default.contentsOfDirectory(atPath: root.path).sorted().filter {
      $0.hasSuffix(".pages.tsv")
    }
    .map { try GoldenOracle(root.appending(path: $0)) }
  }

  private static func compare(
    _ oracle: GoldenOracle,
    _ timeline: Timeline,
    _ hasher: Hasher256,
    _ counts: inout Counts
  ) async throws {
    counts.oracles += 1
    let wanted = KeySpace(oracle.pages.map { KeyRange($0.key) })
    var pages = oracle.pages[...]
    var counted = counts
    try await timeline.forEachBatch(of: wanted, at: oracle.lsn) { batch in
      #expect(batch.missing.isEmpty)
      #expect(batch.failures.isEmpty, "\(batch.failures.first.map { "\($0.error)" } ?? "")")
      let layerCounts = Self.layerCounts(batch)
      for (read, visits) in zip(batch.values, layerCounts) {
        guard let page = pages.popFirst(), page.key == read.key else {
          Issue.record("\(read.key) is not the next of the oracle")
          return
        }
        Self.compare(read, page, timeline, hasher, at: oracle.lsn, &counted)
        guard let layerCount = page.layerCount else { continue }
        if visits > layerCount {
          Issue.record("\(read.key) at \(oracle.lsn): \(visits) layers, not \(layerCount)")
        }
        counted.ours += visits
        counted.theirs += layerCount
      }
    }
    counts = counted
    #expect(pages.isEmpty, "\(pages.first.map { "\($0.key)" } ?? "")")
  }

  /// How many layers were read for each value.
  private static func layerCounts(_ batch: ReadBatch) -> [Int] {
    let values = batch.values
    var counts = [Int](repeating: 0, count: values.count)
    for visit in batch.visits {
      var position = 0
      for range in visit.keys.ranges {
        while position < values.count, values[position].key < range.start { position += 1 }
        while position < values.count, values[position].key < range.end {
          counts[position] += 1
          position += 1
        }
      }
    }
    return counts
  }

  private static func compare(
    _ read: KeyRead,
    _ page: GoldenOracle.Page,
    _ timeline: Timeline,
    _ hasher: Hasher256,
    at lsn: Lsn,
    _ counts: inout Counts
  ) {
    if let recordCount = page.recordCount, read.records.count != recordCount {
      Issue.record("\(read.key) at \(lsn): \(read.records.count) records, not \(recordCount)")
    }
    do throws(ReadError) {
      let value = try read.value(at: lsn, timeline.rules)
      // The directory of aux files is in the order of a hash table where records were applied.
      let isEqual =
        value.count == page.byteCount
        && (read.key == .auxFilesV1 && !read.records.isEmpty
          || hasher.digest(value).starts(with: page.digest))
      if isEqual { counts.equal += 1 } else { Issue.record("\(read.key) at \(lsn): another value") }
    } catch {
      guard case .unreplayed(let value) = error, value.hasBase, value.recordCount == read.records.count else {
        Issue.record("\(error)")
        return
      }
      if page.recordCount == nil { counts.unreplayed2024 += 1 } else { counts.unreplayed += 1 }
    }
  }
}
