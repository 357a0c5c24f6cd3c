@testable import Engine
import Foundation
import IndexFormat
import Testing

/// Every value that real page servers rebuilt from records, rebuilt by replay: byte for byte by its hash.
struct GoldenRedoTests {
  /// How values with records came out; each counts for every resource manager that one of its records is of.
  struct Counts: Equatable, CustomStringConvertible {
    var equal = 0
    var wrong = 0
    var unsupported = 0

    var description: String { "\(equal) equal, \(wrong) wrong, \(unsupported) unsupported" }
  }

  struct Case: CustomTestStringConvertible, Sendable {
    var tenant: GoldenReadTests.Tenant
    var testDescription: String { tenant.name }
  }

  @Test(.enabled(if: Golden.isPresent, Golden.absence), arguments: GoldenReadTests.tenants)
  func replayGivesTheValuesOfThePageServer(tenant: GoldenReadTests.Tenant) async throws {
    let counts = try await GoldenReadTests.withFolder(tenant) { root in
      let golden = try GoldenReadTests.open(tenant, root)
      let hasher = try Hasher256()
      var counts: [String: Counts] = [:]
      for oracle in try GoldenReadTests.oracles(root) {
        let timeline = try #require(golden.timelines[oracle.place])
        try await Self.compare(oracle, timeline, hasher, &counts)
      }
      return counts
    }
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) { print(tenant.name, name, count) }
    #expect(counts.values.allSatisfy { $0.wrong == 0 })
  }

  private static func compare(
    _ oracle: GoldenOracle,
    _ timeline: Timeline,
    _ hasher: Hasher256,
    _ counts: inout [String: Counts]
  ) async throws {
    let pages = oracle.pages.filter { $0.key.mayHoldRecords && $0.recordCount != 0 }
    var digests: [Key: GoldenOracle.Page] = [:]
    for page in pages { digests[page.key] = page }
    let wanted = KeySpace(pages.map { KeyRange($0.key) })
    var redo = PageRedo(try #require(timeline.redo))
    var counted = counts
    try await timeline.forEachBatch(of: wanted, at: oracle.lsn) { batch in
      for read in batch.values where !read.records.isEmpty {
        guard let page = digests[read.key] else { continue }
        let outcome: WritableKeyPath<Counts, Int>
        do throws(ReadError) {
          let value = try redo.value(of: read, at: oracle.lsn, timeline.rules)
          let isEqual = value.count == page.byteCount && hasher.digest(value).starts(with: page.digest)
          outcome = isEqual ? \.equal : \.wrong
        } catch .unreplayed {
          outcome = \.unsupported
        } catch {
          outcome = \.wrong
          Issue.record("\(error)")
        }
        if outcome == \.wrong { Issue.record("\(KeyClass(read.key)) at \(oracle.lsn): \(names(read))") }
        for name in names(read) { counted[name, default: Counts()][keyPath: outcome] += 1 }
      }
    }
    counts = counted
  }

  /// The resource managers of a read's records; of records of page servers the kind.
  static func names(_ read: KeyRead) -> Set<String> {
    Set(
      read.records.map { record in
        guard case .postgres(_, let bytes) = record.record, let header = WALRecordHeader(bytes.span.bytes)
        else {
          return "\(record.record.tag)"
        }
        return ResourceManager(rawValue: header.resourceManager).map { "\($0)" }
          ?? "\(header.resourceManager)"
      }
    )
  }
}
