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
    let valueCount = try await replay.valueCount()
    #expect(coverage.values.checked == valueCount)
    #expect(coverage.records.checked > 0)
    let checked = replay.points.reduce(0) { $0 + (result.points[$1]?.coverage.keys.checked ?? 0) }
    let keyCount = try await replay.keyCount()
    #expect(checked == keyCount)
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

  /// One bit of one value in a delta layer, time and again: found, and named to the bit.
  @Test(arguments: [1, 4])
  func aFlippedBitInALayerIsNamed(number: Int) async throws {
    let replay = try GoldenReplay(try #require(GoldenIngestTests.cases.dropFirst(number).first))
    let replayed = try await replay.replay()
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    let deltas = replay.timeline.map.layers.indices.filter { replay.timeline.map.layers[$0].name.isDelta }
    for _ in 0..<4 {
      let position = LayerMap.Position(deltas[generator.below(deltas.count)])
      let reader = try await replay.timeline.open(position, nil)
      let entries = try await reader.entries().filter { $0.lsn > replay.start && $0.lsn <= replay.golden.end }
      guard !entries.isEmpty else { continue }
      let entry = entries[generator.below(entries.count)]
      let change = try replay.flip(entry, of: reader.object, &generator)
      let timeline = replay.timeline(with: [reader.object.key: change.bytes])
      let result = try await replay.verify(replayed, against: timeline, around: entry.key)
      let finding = try #require(result.findings.first { $0.code == .replayRecordDiffers })
      #expect(finding.key == entry.key && finding.lsn == entry.lsn && finding.offset == change.offset)
      #expect(finding.objectKey == reader.object.key)
      let bit = "differs: bit \(change.bit.trailingZeroBitCount) of byte \(change.place) alone"
      #expect(finding.message.hasSuffix(bit), "\(finding.message)")
      #expect(result.findings.allSatisfy { $0.key == entry.key })
      #expect(result.coverage.addsUp)
    }
  }

  /// A bit of the WAL: its record is named, what is before it is compared, what is behind it skipped.
  @Test func aFlippedBitInTheWALIsNamed() async throws {
    let replay = try GoldenReplay(try #require(GoldenIngestTests.cases.dropFirst().first))
    let whole = replay.wal
    var places: [WALReader.Place] = []
    _ = try replay.golden.wal.read { place, _ in
      if place.start > replay.start, place.end < replay.golden.end { places.append(place) }
    }
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    for _ in 0..<2 {
      let index = 1 + generator.below(places.count - 1)
      replay.wal = whole
      // Its checksum is at 20.
      replay.wal.bytes[Int(places[index].start.value - whole.start.value) + 21] ^= 8
      let replayed = try await replay.replay()
      #expect(replayed.end == places[index - 1].end && replayed.obstacle == .noWAL)
      let result = try await replay.verify(replayed).all
      #expect(result.findings.map(\.code) == [.walRecordDamaged])
      #expect(result.findings.first?.lsn == places[index].start)
      #expect(result.coverage.addsUp && result.coverage.values.skipped[.noWAL] ?? 0 > 0)
      let valueCount = try await replay.valueCount()
      #expect(result.coverage.values.present == valueCount)
    }
  }

  /// A tenant that was unsharded, then two shards, then four: of each of the four all its history.
  @Test(arguments: [UInt8(0), 1, 2, 3])
  func aShardIsWhatTheWALLeadsToOverTwoSplits(number: UInt8) async throws {
    var golden = try #require(GoldenIngestTests.cases.first)
    golden.tenant = "B"
    golden.timeline = try #require(TimelineID("4cff11de2de343f13f5d8f899072ad6d"))
    golden.shard = try ShardIdentity(number: number, count: 4, stripeSizePages: 16)
    // What the unsharded tenant began with.
    let replay = try GoldenReplay(golden, base: (try GoldenIngestTests.cases[0].source(), golden.start))
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
    let valueCount = try await replay.valueCount()
    #expect(coverage.values.checked == valueCount && coverage.keys.checked > 1000)
  }
}
