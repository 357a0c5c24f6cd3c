import Engine
import IndexFormat
import Testing

/// What real timelines hold, read by the engine's own way to values, compared with what their page servers said.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct GoldenTimelineCatalogTests {
  @Test(arguments: GoldenCatalogTests.tenants)
  func catalogOfATimelineAgreesWithThePageServer(tenant: String, counts: [Int]) async throws {
    let oracle = try Oracle(tenant)
    let golden = try GoldenTenant(tenant)
    func catalog(_ tenant: TenantShardID, _ timeline: TimelineID) throws -> TimelineCatalog {
      try golden.catalog(GoldenTenant.Place(shard: tenant.shard, timeline: timeline))
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
    // Times of commits are within pages of pg_xact that have records to be applied.
    #expect([oracle.points.count, oracle.timelines.count, oracle.auxFiles.count] == Array(counts.prefix(3)))
  }
}
