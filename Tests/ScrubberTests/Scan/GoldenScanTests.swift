import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// Scans of what real page servers of both eras left: nothing is wrong there, and the counts are those of the
/// existing scrubber.
struct GoldenScanTests {
  @Test func tenantsAToHGiveTheCountsOfTheExistingScrubber() async throws {
    let record = await ScanRecord.scan(
      try BucketFixture(tenants: ["A", "B", "C", "D", "E", "F", "G", "H"]).makeStore()
    )
    let summary = record.summary
    #expect(summary.tenantCount == 8)
    #expect(summary.timelineCount == 21)
    #expect(summary.timelineShardCount == 32)
    #expect(summary.indicesByVersion == [15: 31])
    let tenantB = "960d9d0b9e77e0bd7221cb08d27fe138"
    let timelineB = "4cff11de2de343f13f5d8f899072ad6d"
    let orphans = Set(summary.withOrphans.map { "\($0.tenantShard)/\($0.timeline)" })
    #expect(
      orphans == [
        "4f1bca4f36e70647a6a0e573c9de17af/5fe8b8114a3857e52fdd46ec6012f196", "\(tenantB)/\(timelineB)",
        "\(tenantB)-0002/\(timelineB)", "\(tenantB)-0102/\(timelineB)", "\(tenantB)-0004/\(timelineB)",
        "\(tenantB)-0204/\(timelineB)",
      ]
    )
    #expect(summary.withOrphans.count == orphans.count)
  }

  @Test(arguments: ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "M"])
  func aGoldenTenantHasNoErrorsAndNoWarnings(_ tenant: String) async throws {
    let record = await ScanRecord.scan(try BucketFixture(tenants: [tenant]).makeStore())
    #expect(record.findings(.error) == [])
    #expect(record.findings(.warning) == [])
    #expect(record.errors == [])
    #expect(record.summary.coverage.isComplete)
    #expect(record.summary.coverage.objectsSkipped == [:])
    #expect(record.summary.tenantCount == 1)
  }

  @Test func tenantsOfJune2024HaveIndexVersion6() async throws {
    let record = await ScanRecord.scan(try BucketFixture(tenants: ["J", "K", "M"]).makeStore())
    #expect(record.summary.tenantCount == 3)
    #expect(record.summary.timelineShardCount == 22)
    #expect(record.summary.indicesByVersion == [6: 22])
  }

  @Test func supersededLayersOfJAreGarbage() async throws {
    let record = await ScanRecord.scan(try BucketFixture(tenants: ["J"]).makeStore())
    #expect(record.findings.filter { $0.code == .layerOrphan }.count == 18)
    #expect(record.summary.withOrphans.count == 1)
  }

  @Test func interruptedDeletionOfKIsNamed() async throws {
    let record = await ScanRecord.scan(try BucketFixture(tenants: ["K"]).makeStore())
    let deleting = record.findings.filter { $0.code == .timelineDeleting }
    #expect(deleting.map(\.timeline) == [TimelineID("c1475aab47caa1b309865a70a0fce3b3")])
  }

  @Test func layersOfTheParentsOfMAreInUse() async throws {
    let record = await ScanRecord.scan(try BucketFixture(tenants: ["M"]).makeStore())
    let ancestors = record.findings.filter { $0.code == .shardAncestor }
    #expect(ancestors.compactMap(\.shard) == [.unsharded, ShardIndex("0002"), ShardIndex("0102")])
    #expect(ancestors.allSatisfy { ($0.bytes ?? 0) > 0 })
    #expect(record.findings.filter { $0.code == .layerMissing } == [])
  }

  @Test func theOrderOfFindingsDoesNotDependOnTheNumberOfJobs() async throws {
    let store = try BucketFixture(tenants: ["A", "B", "E", "J", "K", "M"]).makeStore()
    let one = await ScanRecord.scan(store, jobs: 1)
    for jobs in [2, 7, 64] {
      let many = await ScanRecord.scan(store, jobs: jobs)
      #expect(many.findings == one.findings)
      #expect(many.summary.coverage == one.summary.coverage)
    }
  }

  @Test func atDepthListNothingIsRead() async throws {
    let store = FaultyObjectStore(try BucketFixture(tenants: ["A", "B", "J"]).makeStore(), faults: [])
    let record = await ScanRecord.scan(store, depth: .list)
    #expect(store.calls(of: .read) == 0)
    #expect(record.findings(.error) == [])
    #expect(record.summary.coverage.isComplete)
    #expect(record.summary.coverage.objectsSkipped.keys.sorted { $0.rawValue < $1.rawValue } == [.depth])
  }

  @Test func onlyTheSelectedTenantIsScanned() async throws {
    let store = try BucketFixture(tenants: ["A", "B", "E"]).makeStore()
    let tenant = try #require(TenantSelector("f8d29c5dd92e0ee1bdf5d3a6513060f1"))
    let record = await ScanRecord.scan(store, selection: [tenant])
    #expect(record.summary.tenantCount == 1)
    #expect(Set(record.findings.compactMap(\.tenant)) == [tenant.tenant])
  }
}
