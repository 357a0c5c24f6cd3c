@testable import Engine
import Foundation
import IndexFormat
import Testing

/// WAL ingested by ourselves gives what it gave to real page servers.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct GoldenIngestTests {
  static let cases: [GoldenIngest] = {
    // Without golden data no test asks for the list.
    (try? makeCases()) ?? []
  }()

  private typealias Case = (
    String, String, PostgresVersion, GoldenIngest.Base, String, String, String, Int, Int, Int
  )

  private static func makeCases() throws -> [GoldenIngest] {
    func archive(_ tenant: String) -> GoldenIngest.Base { .archive("pageserver/base/\(tenant).base.tar.zst") }
    // Tenant, timeline, version, base, where it begins, WAL, where it ends, values, points, values at points.
    let cases: [Case] = [
      (
        "A", "5fe8b8114a3857e52fdd46ec6012f196", .v17, archive("A"), "0/2000028", "A-main", "0/43DEDE0",
        87_487, 5, 28_486
      ),
      (
        "A", "827604938300ca90278a19b256e6932f", .v17, .layers, "0/3F4E490", "A-fork", "0/40863D8", 6495, 2,
        10_766
      ),
      (
        "D", "b34fca8be01413e3c84cc55ed97043a2", .v16, .layers, "0/2000028", "D-main", "0/3D789A8", 73_218, 2,
        10_012
      ),
      (
        "F", "bc77f37e111274676fdabc6dd051ef91", .v17, archive("F"), "0/2000028", "F-main", "0/441AB30", 6922,
        1, 5504
      ),
      (
        "G", "7383cd90a3b00c337e71b1f57a1e40fd", .v15, archive("G"), "0/2000028", "G-main", "0/43FC620",
        87_714, 2, 10_892
      ),
      (
        "H", "9f8ce30251307c5e732fff2407921b58", .v17, .layers, "0/2000028", "H-main", "0/4022910", 83_244, 2,
        10_995
      ),
      (
        "I", "edf40cd3e0ca6a6baa0263bf8d191170", .v17, .layers, "0/3000000", "A-main", "0/3F4E418", 63_013, 2,
        9486
      ),
    ]
    return try cases.map { tenant, timeline, version, base, start, wal, end, values, points, pointValues in
      var golden = try GoldenIngest(
        tenant,
        timeline,
        version,
        base,
        from: start,
        wal,
        to: end,
        valueCount: values,
        points: (points, pointValues)
      )
      golden.isCollected = tenant == "F"
      golden.writesSecondLayout = tenant == "I"
      return golden
    }
  }

  /// Each value of each delta layer is ours, byte for byte, and none of ours is missing there; so is the import. And at
  /// each point that the page server was asked for, keys and values are those that it gave.
  @Test(arguments: cases)
  func ingestGivesTheValuesOfThePageServer(of golden: GoldenIngest) async throws {
    let timeline = try await golden.grow().timeline()
    let theirs = try Golden.withTenant("pageserver/tenants/\(golden.tenant).tar.zst") { files in
      try golden.goldenValues(files)
    }
    #expect(theirs.count == golden.valueCount)
    #expect(try await golden.differences(golden.values(timeline), theirs, timeline) == [])
    try await golden.comparePoints(timeline)
  }

  /// A tenant that was unsharded, then two shards, then four: each has what is its own.
  @Test func shardsGetTheValuesOfThePageServer() async throws {
    var unsharded = try #require(Self.cases.first)
    unsharded.tenant = "B"
    unsharded.timeline = try #require(TimelineID("4cff11de2de343f13f5d8f899072ad6d"))
    unsharded.end = Lsn(0x383_c160)
    let files = try UnpackedArchive("pageserver/tenants/B.tar.zst")
    let layers = try LayerFile.all(below: files.url)
    var timelines: [ShardIndex: GrowingTimeline] = [:]
    var valueCount = 0
    func grow(_ golden: GoldenIngest, above source: GrowingTimeline?) async throws {
      let timeline = try await golden.grow(above: source).timeline()
      let theirs = try golden.goldenValues(layers)
      valueCount += theirs.count
      let differences = try await golden.differences(golden.values(timeline), theirs, timeline)
      #expect(differences == [], "\(golden.shard.index)")
      timelines[golden.shard.index] = timeline
    }
    try await grow(unsharded, above: nil)
    let ends = [unsharded.end, Lsn(0x409_3988), Lsn(0x43d_ede0)]
    for (step, count) in [UInt8(2), 4].enumerated() {
      for number in 0..<count {
        var golden = unsharded
        golden.base = .layers
        golden.shard = try ShardIdentity(number: number, count: count, stripeSizePages: 16)
        (golden.start, golden.end) = (ends[step], ends[step + 1])
        // The first of the four was collected at the end.
        golden.isCollected = count == 4 && number == 0
        let parent = count == 2 ? ShardIndex.unsharded : ShardIndex(number: number % 2, count: 2)
        let source: GrowingTimeline = try #require(timelines[parent])
        try await grow(golden, above: source)
      }
    }
    #expect(valueCount == 88_818)
  }

  /// The archive that initdb left, its own WAL, and a segment of a real compute.
  @Test func theSegmentOfASafekeeperGivesTheValuesOfThePageServer() async throws {
    var golden = try GoldenIngest(
      "C",
      "b065218850d3a122f6a04f3efd229bcd",
      .v15,
      .archive("neon-testdata/initdb.tar.zst"),
      from: "0/14AEB90",
      "safekeeper",
      to: "0/1FFFF98",
      valueCount: 77_733,
      points: (1, 4891)
    )
    let initdb = try UnpackedArchive("neon-testdata/initdb.tar.zst")
    let segment = initdb.url.appending(path: "pg_wal/000000010000000000000001")
    let growth = try await TimelineGrowth.begin(above: try golden.source(), at: golden.start, golden.rules)
    // The record of the checkpoint with which initdb ended.
    growth.stop = Lsn(0x14a_ec08)
    try await GoldenIngest.feed(growth, [UInt8](try Data(contentsOf: segment)), from: golden.wal.segment)
    golden.start = growth.lastLsn
    #expect(growth.recordCount == 1)
    let timeline = try await golden.grow(above: growth.timeline()).timeline()
    golden.start = Lsn(0x14a_eb90)
    let theirs = try Golden.withTenant("pageserver/tenants/C.tar.zst") { try golden.goldenValues($0) }
    #expect(theirs.count == golden.valueCount)
    #expect(try await golden.differences(golden.values(timeline), theirs, timeline) == [])
    try await golden.comparePoints(timeline)
  }
}
