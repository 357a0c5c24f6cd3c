@testable import Engine
import Foundation
import IndexFormat
import Testing

/// Timelines of real page servers against their own WAL.
@Suite(.enabled(if: Golden.isPresent, Golden.absence), .serialized)
struct GoldenReplayTests {
  /// Every stored value, every image and every key at each point is what base and WAL lead to.
  @Test(arguments: GoldenIngestTests.cases)
  func aTimelineIsWhatItsWALLeadsTo(of golden: GoldenIngest) async throws {
    let replay = try GoldenReplay(golden)
    let replayed = try await replay.replay()
    #expect(replayed.end == golden.end && replayed.obstacle == nil)
    let result = try await replay.verify(replayed)
    try await Self.expectClean(result, replay)
    #expect(replay.points.count == golden.pointCount)
  }

  /// - points: whose keys were counted.
  static func expectClean(
    _ result: (all: VerificationResult, points: [Lsn: VerificationResult]),
    _ replay: GoldenReplay
  ) async throws {
    #expect(result.all.findings.map { "\($0.message) \($0.seen ?? "") \($0.expected ?? "")" } == [])
    #expect(result.all.omittedFindingCount == 0)
    let coverage = result.all.coverage
    #expect(coverage.addsUp)
    #expect(coverage.values.skipped.isEmpty && coverage.keys.skipped.isEmpty)
    #expect(coverage.values.checked == (try await replay.valueCount()))
    #expect(coverage.records.checked > 0)
    let keyCount = replay.points.reduce(0) { $0 + (result.points[$1]?.coverage.keys.checked ?? 0) }
    #expect(keyCount == UInt64(replay.golden.pointValueCount))
  }

  /// The archive that initdb left, its own WAL, and a segment of a real compute.
  @Test func aComputesSegmentIsWhatTheTimelineHolds() async throws {
    let golden = try GoldenIngest(
      "C",
      "b065218850d3a122f6a04f3efd229bcd",
      .v15,
      .archive("neon-testdata/initdb.tar.zst"),
      from: "0/14AEB90",
      "safekeeper",
      to: "0/1FFFF98",
      valueCount: 0,
      points: (1, 4891)
    )
    let initdb = try UnpackedArchive("neon-testdata/initdb.tar.zst")
    let segment = initdb.url.appending(path: "pg_wal/000000010000000000000001")
    let growth = try await TimelineGrowth.begin(above: try golden.source(), at: golden.start, golden.rules)
    // The record of the checkpoint with which initdb ended.
    growth.stop = Lsn(0x14a_ec08)
    try await GoldenIngest.feed(growth, [UInt8](try Data(contentsOf: segment)), from: golden.wal.segment)
    let replay = try GoldenReplay(golden, base: (growth.timeline(), growth.lastLsn))
    try await Self.expectClean(try await replay.verify(try await replay.replay()), replay)
  }

  /// A tenant that was unsharded, then two shards, then four: of each of the four all its history.
  @Test(arguments: [UInt8(0), 1, 2, 3])
  func aShardIsWhatTheWALLeadsToOverTwoSplits(number: UInt8) async throws {
    var golden = try #require(GoldenIngestTests.cases.first)
    golden.tenant = "B"
    golden.timeline = try #require(TimelineID("4cff11de2de343f13f5d8f899072ad6d"))
    golden.shard = try ShardIdentity(number: number, count: 4, stripeSizePages: 16)
    let replay = try GoldenReplay(golden)
    replay.splits = [
      ReplayPlan.Stretch(to: Lsn(0x383_c160), shard: .unsharded()),
      ReplayPlan.Stretch(
        to: Lsn(0x409_3988),
        shard: try ShardIdentity(number: number % 2, count: 2, stripeSizePages: 16)
      ),
    ]
    let result = try await replay.verify(try await replay.replay())
    #expect(result.all.findings.map { "\($0.message) \($0.seen ?? "") \($0.expected ?? "")" } == [])
    let coverage = result.all.coverage
    #expect(coverage.addsUp && coverage.values.skipped.isEmpty && coverage.keys.skipped.isEmpty)
    #expect(coverage.values.checked == (try await replay.valueCount()) && coverage.keys.checked > 1000)
  }
}
