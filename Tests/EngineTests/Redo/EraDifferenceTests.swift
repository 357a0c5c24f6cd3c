@testable import Engine
import Foundation
import IndexFormat
import Testing

/// All that page servers of 2024 answered of their tenants, and the nine values in which page servers of 2026 differ
/// when they read the same objects.
///
/// | what | 2024 | 2026 | Scrubber |
/// |---|---|---|---|
/// | LSN of a page of a visibility map whose bits a record clears | that of the page below | the record's | the era of the index: both are sane, the bits are the same, and so computes see what they saw |
/// | aux files of the first layout | records applied to the directory below | the directory alone | 2024 always: 2026 loses what was put, changed or deleted since |
/// | `redo` of the checkpoint | that of the base backup | 0 | as it is stored; what Scrubber ingests gets 0, as of 2026 |
///
/// The third is a difference of what they write, and in no answer to the same objects.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct EraDifferenceTests {
  enum Difference: Equatable, Sendable {
    /// The LSN that 2024 leaves on the page, and that of the last record, which 2026 sets.
    case visibilityMapLsn(Lsn, Lsn)
    /// Paths of 2024's files, and of 2026's.
    case auxFiles([String], [String])
  }

  /// A value that each era gives in a way of its own.
  struct Case: Equatable, Sendable, CustomStringConvertible {
    var oracle: String
    var key: String
    var lsn: Lsn
    var difference: Difference

    var description: String { "\(oracle) \(key) at \(lsn): \(difference)" }
  }

  private static let cases: [Case] = {
    func files(_ letters: String...) -> [String] { letters.map { "pg_logical/mappings/\($0)" } }
    func map(_ oracle: String, _ relation: String, at lsn: UInt64, _ old: UInt64, _ new: UInt64) -> Case {
      Case(
        oracle: oracle,
        key: "relation 1663/5/\(relation)_vm block 0",
        lsn: Lsn(lsn),
        difference: .visibilityMapLsn(Lsn(old), Lsn(new))
      )
    }
    return [
      Case(
        oracle: "J.aux@end",
        key: "aux files (v1)",
        lsn: Lsn(0x3f5_77f0),
        difference: .auxFiles(files("a", "b") + ["pg_replslot/s/state"], files("a"))
      ),
      map("J.dev@fmid", "1249", at: 0x404_9fe8, 0x3db_3578, 0x3f9_b178),
      map("J.early@w1", "1247", at: 0x384_c8b0, 0x35f_e3f8, 0x36c_c668),
      map("J.early@w1", "1249", at: 0x384_c8b0, 0x360_e8a0, 0x382_0cb8),
      map("J.early@w1", "2608", at: 0x384_c8b0, 0x362_a848, 0x381_bbc8),
      map("J.early@w1", "2610", at: 0x384_c8b0, 0x362_5f30, 0x381_ec38),
      map("J.early@w1", "2611", at: 0x384_c8b0, 0x361_fb60, 0x36c_c980),
      map("J.early@w1", "16430", at: 0x384_c8b0, 0x35f_3c20, 0x365_8000),
      map("J.early@w1", "16433", at: 0x384_c8b0, 0x35f_c268, 0x366_55b8),
    ]
  }()

  struct Era: Sendable, CustomTestStringConvertible {
    var tenant: GoldenReadTests.Tenant
    var valueCount: Int
    var testDescription: String { tenant.name }
  }

  /// 71,015 values in all.
  private static let eras: [Era] = zip(
    GoldenReadTests.tenants.filter { $0.rules == .june2024 },
    [52_763, 7359, 10_893]
  ).map { Era(tenant: $0, valueCount: $1) }

  @Test(arguments: eras)
  func ourValuesAreThoseOf2024AndDifferFrom2026InNamedCases(era: Era) async throws {
    let (found, count) = try await GoldenReadTests.withFolder(era.tenant) { root in
      let golden = try GoldenReadTests.open(era.tenant, root)
      let names = try FileManager.default.contentsOfDirectory(atPath: root.path).sorted()
      var comparison = try EraComparison(auxFiles: try Oracle(era.tenant.name).auxFiles)
      for name in names where name.hasSuffix(".pages.tsv") || name.hasSuffix(".sparse.tsv") {
        let oracle = try GoldenOracle(root.appending(path: name))
        let timeline = try #require(golden.timelines[oracle.place])
        try await comparison.compare(name, oracle, timeline)
      }
      return (comparison.differences, comparison.count)
    }
    #expect(found == Self.cases.filter { $0.oracle.hasPrefix(era.tenant.name) })
    #expect(count == era.valueCount)
  }

  /// The same WAL, ingested by a page server of each era: what they hold differs in the order of directories, which is
  /// that of a hash table, in the place of aux files, and in the checkpoint's `redo`.
  @Test func theSameWALDiffersInTheCheckpointsRedo() async throws {
    let (old, new) = (try await Self.values("J.main@end"), try await Self.values("G.main@end"))
    let common = old.keys.filter { new[$0] != nil }
    #expect(old.count == 5522 && common.count == 5521 && new.count == 5521)
    #expect(old.keys.filter { new[$0] == nil } == [.auxFilesV1])
    let others = common.filter { old[$0] != new[$0] }.sorted()
    #expect(others.count == 7)
    for key in others {
      let (theirs, later) = (try #require(old[key]), try #require(new[key]))
      switch KeyClass(key) {
      case .checkpoint:
        var checkpoint = try Checkpoint(parsing: theirs.span.bytes)
        #expect(checkpoint.redo == Lsn(0x200_0028))
        checkpoint.redo = .invalid
        #expect(try Checkpoint(parsing: later.span.bytes) == checkpoint)
      default:
        let (left, right) = (LayerValue.image(theirs), LayerValue.image(later))
        #expect(GoldenIngest.isEqual(key, Self.encoded(left), Self.encoded(right)), "\(KeyClass(key))")
      }
    }
  }

  private static func encoded(_ value: LayerValue) -> [UInt8] {
    var bytes: [UInt8] = []
    value.encode(into: &bytes)
    return bytes
  }

  private static func values(_ name: String) async throws -> [Key: [UInt8]] {
    let letter = String(name.prefix(1))
    let golden = try GoldenTenant(letter)
    let point = try #require(try Oracle(letter).points.first { $0.name == name })
    let place = GoldenTenant.Place(shard: point.tenant.shard, timeline: point.timeline)
    let timeline: Timeline = try #require(golden.timelines[place])
    var values: [Key: [UInt8]] = [:]
    for value in try await timeline.values(of: KeySpace(point.dense), at: point.lsn) {
      values[value.key] = value.bytes
    }
    return values
  }
}

/// Values of an oracle of 2024, made by the rules of both eras out of the same records.
private struct EraComparison {
  private(set) var differences: [EraDifferenceTests.Case] = []
  private(set) var count = 0
  private let auxFiles: [Oracle.AuxFiles]
  private let hasher: Hasher256
  private let later = {
    var rules = ReadRules.june2024
    (rules.appliesAuxFileRecords, rules.stampsClearedVisibilityMap) = (false, true)
    return rules
  }()

  init(auxFiles: [Oracle.AuxFiles]) throws {
    self.auxFiles = auxFiles
    hasher = try Hasher256()
  }

  mutating func compare(_ name: String, _ oracle: GoldenOracle, _ timeline: Timeline) async throws {
    let keys = KeySpace(oracle.pages.map { KeyRange($0.key) })
    var pages: [Key: GoldenOracle.Page] = [:]
    for page in oracle.pages { pages[page.key] = page }
    let rules = try #require(timeline.redo)
    #expect(timeline.rules == .june2024 && !rules.stampsClearedVisibilityMap)
    var found = self
    try await timeline.forEachBatch(of: keys, at: oracle.lsn) { batch in
      #expect(batch.failures.isEmpty && batch.missing.isEmpty)
      for read in batch.values {
        guard let page = pages.removeValue(forKey: read.key) else { continue }
        do {
          try found.compare(read, page, name, at: oracle.lsn, timeline.id, rules)
        } catch {
          Issue.record("\(read.key): \(error)")
        }
      }
    }
    self = found
    #expect(pages.isEmpty)
  }

  private mutating func compare(
    _ read: KeyRead,
    _ page: GoldenOracle.Page,
    _ name: String,
    at lsn: Lsn,
    _ timeline: TimelineID,
    _ rules: RedoRules
  ) throws {
    var laterRules = rules
    laterRules.stampsClearedVisibilityMap = true
    var redo = PageRedo(rules)
    let value = try redo.value(of: read, at: lsn, .june2024)
    redo = PageRedo(laterRules)
    let other = try redo.value(of: read, at: lsn, later)
    let isEqual = try value.count == page.byteCount && isAnswered(value, page.digest, read)
    #expect(isEqual, "\(name) \(read.key)")
    if isEqual { count += 1 }
    guard value != other else { return }
    let difference: EraDifferenceTests.Difference
    switch KeyClass(read.key) {
    case .auxFilesV1:
      let (ours, theirs) = (
        try AuxFilesDirectory(parsing: value.span.bytes), try AuxFilesDirectory(parsing: other.span.bytes)
      )
      let answered = try #require(auxFiles.first { $0.timeline == timeline && $0.lsn == lsn })
      for file in ours.files { #expect(answered.files[file.path.description] == file.content) }
      difference = .auxFiles(ours.files.map(\.path.description), theirs.files.map(\.path.description))
    case .relationBlock(let tag, _) where tag.fork == .visibilityMap:
      // The whole LSN stands in the first eight bytes.
      #expect(value.dropFirst(8) == other.dropFirst(8))
      let (lower, higher) = (try Self.lsn(value), try Self.lsn(other))
      difference = .visibilityMapLsn(lower, higher)
      #expect(read.records.last?.lsn == higher && lower < higher)
    default:
      Issue.record("\(name) \(KeyClass(read.key)) differs")
      return
    }
    differences.append(
      EraDifferenceTests.Case(
        oracle: String(name.dropLast(".pages.tsv".count)),
        key: "\(KeyClass(read.key))",
        lsn: lsn,
        difference: difference
      )
    )
  }

  /// Whether a value is what was answered: of aux files with records, in some order, which is that of a hash table.
  private func isAnswered(_ value: [UInt8], _ digest: [UInt8], _ read: KeyRead) throws -> Bool {
    if hasher.digest(value).starts(with: digest) { return true }
    guard read.key == .auxFilesV1, !read.records.isEmpty else { return false }
    let files = try AuxFilesDirectory(parsing: value.span.bytes).files.map { file in
      var bytes: [UInt8] = []
      AuxFilesDirectory([file]).encode(into: &bytes)
      return Array(bytes.dropFirst(8))
    }
    return Self.orders(files).contains {
      hasher.digest(Array(value.prefix(8)) + $0.flatMap { $0 }).starts(with: digest)
    }
  }

  private static func orders(_ items: [[UInt8]]) -> [[[UInt8]]] {
    guard items.count > 1 else { return [items] }
    return items.indices.flatMap { index in
      var rest = items
      let first = rest.remove(at: index)
      return orders(rest).map { [first] + $0 }
    }
  }

  private static func lsn(_ page: [UInt8]) throws -> Lsn { try PageHeader(parsing: page.span.bytes).lsn }
}
