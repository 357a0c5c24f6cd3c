import IndexFormat
import Testing

@testable import Scrubber

/// Folders that cannot be listed: nothing is said to be missing that may lie in them, and all else is checked.
struct HoleyListingTests {
  private typealias World = BucketFixture

  private static let shards = ["0002", "0102"].compactMap { ShardIndex($0) }

  /// A sharded tenant: timeline 2 branches off 1, 3 stands alone, and a layer of 3 is gone from shard 1 of 2.
  private static func world() -> (world: World, lost: String) {
    var world = World()
    for shard in shards {
      world.addTimeline(World.timeline(1), shard)
      world.add(
        World.index([], ancestor: World.timeline(1), branchPoint: World.end),
        World.timeline(2),
        shard
      )
      world.addTimeline(World.timeline(3), shard)
    }
    let lost = World.layer(shard: shards[1])
    let key = world.add(lost, World.timeline(3))
    world.objects[key] = nil
    return (world, key)
  }

  private static func scan(_ world: World, without folder: String) async throws -> ScanRecord {
    let record = await ScanRecord.scan(HoleyObjectStore(base: try world.makeStore(), folder: folder), jobs: 1)
    #expect(record.summary.coverage.isComplete)
    #expect(record.errors.contains { $0.objectKey == folder })
    return record
  }

  @Test func withoutAHoleTheLossIsFound() async throws {
    let (world, lost) = Self.world()
    let record = await ScanRecord.scan(try world.makeStore())
    #expect(record.accusations == ["layer.missing \(lost)"])
  }

  /// The timeline that cannot be listed is not said to be missing, nor the ancestor of the one that branches off it;
  /// what is wrong with another one is.
  @Test func aHoleInOneTimelineHidesNoLossOfAnother() async throws {
    let (world, lost) = Self.world()
    for shard in Self.shards {
      let record = try await Self.scan(world, without: World.folder(shard, World.timeline(1)))
      #expect(record.accusations == ["layer.missing \(lost)"])
    }
  }

  @Test func inAHoleNothingIsMissing() async throws {
    let (world, _) = Self.world()
    let record = try await Self.scan(world, without: World.folder(Self.shards[1], World.timeline(3)))
    #expect(record.accusations == [])
  }

  @Test func aShardThatCannotBeListedIsNotLost() async throws {
    let (world, _) = Self.world()
    for folder in [World.folder(Self.shards[1]), World.folder(Self.shards[1]) + "timelines/"] {
      #expect(try await Self.scan(world, without: folder).accusations == [])
    }
  }

  /// The parent of a split cannot be listed: what the children name there is unknown.
  @Test func layersInAParentThatCannotBeListedAreUnknown() async throws {
    var world = World()
    for shard in Self.shards { world.add(World.index([World.layer()]), World.timeline(1), shard) }
    world.add(World.layer(), World.timeline(1))
    #expect(await ScanRecord.scan(try world.makeStore()).accusations == [])
    #expect(try await Self.scan(world, without: World.folder()).accusations == [])
  }
}
