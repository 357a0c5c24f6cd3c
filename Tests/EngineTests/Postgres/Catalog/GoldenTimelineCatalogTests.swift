import Engine
import Foundation
import IndexFormat
import Testing

/// What real timelines hold, read by the engine's own way to values, compared with what their page servers said.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct GoldenTimelineCatalogTests {
  @Test(arguments: ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "M"])
  func catalogOfATimelineAgreesWithThePageServer(tenant: String) async throws {
    let oracle = try Oracle(tenant)
    let archive = try UnpackedArchive("\(Golden.part(of: tenant))/tenants/\(tenant).tar.zst")
    let plain = try PlainTenant(below: archive.url)
    let golden = try GoldenTenant(
      archive.url,
      stripeSize: try #require(StripeSize(pages: PlainTenant.stripeSizePages)),
      rules: Golden.part(of: tenant) == "pageserver" ? .march2026 : .june2024
    )
    func catalog(_ shard: TenantShardID, _ id: TimelineID) throws -> TimelineCatalog {
      let timeline = try #require(golden.timelines[GoldenTenant.Place(shard: shard.shard, timeline: id)])
      return TimelineCatalog(timeline, try plain.timeline(shard, id).catalog().facts)
    }
    for point in oracle.points {
      try await OracleCheck.point(try catalog(point.tenant, point.timeline), point)
    }
    for timeline in oracle.timelines {
      try await OracleCheck.timeline(try catalog(timeline.tenant, timeline.timeline), timeline)
    }
    for files in oracle.auxFiles {
      let tenant = try #require(oracle.timelines.first { $0.timeline == files.timeline }).tenant
      try await OracleCheck.auxFiles(try catalog(tenant, files.timeline), files)
    }
  }
}
