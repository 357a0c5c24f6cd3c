import IndexFormat
import Testing

@testable import Scrubber

/// Worlds made to mislead: what cannot be known must not be said, and what is there must be.
struct NastyTenantTests {
  private typealias World = BucketFixture

  private static let timeline = World.timeline(1)
  private static let shards = ["0002", "0102"].compactMap { ShardIndex($0) }

  /// A tenant that was split in two: each child names the parent's layer and one of its own.
  private static func split() -> World {
    var world = World()
    let old = World.layer()
    world.add(old, timeline)
    world.add(World.index([old]), timeline)
    for shard in shards {
      let end = Lsn(0x170_0040)
      let new = World.layer(
        LayerName(delta: .all, from: World.end.successor, to: end.successor),
        shard: shard
      )
      world.add(new, timeline)
      world.add(World.index([old, new], end: end), timeline, shard)
    }
    return world
  }

  private static func scan(_ world: World) async throws -> ScanRecord {
    let record = await ScanRecord.scan(try world.makeStore())
    #expect(record.summary.coverage.isComplete)
    return record
  }

  // MARK: What an index that is not there named

  @Test func parentsLayersAreInUse() async throws {
    #expect(try await Self.scan(Self.split()).accusations == [])
  }

  /// The one child that still names the parent's layer has lost its index, its timeline, or altogether: the layer is
  /// not garbage.
  @Test(arguments: ["index", "garbled", "timeline", "shard"])
  func layersThatALostIndexMayNameAreNoGarbage(_ what: String) async throws {
    var world = Self.split()
    let rewritten = World.layer(LayerName(image: .all, at: Lsn(0x170_0040)), shard: Self.shards[0])
    world.add(rewritten, Self.timeline)
    world.add(World.index([rewritten], end: Lsn(0x170_0040)), Self.timeline, Self.shards[0])
    let folder = World.folder(Self.shards[1], Self.timeline)
    switch what {
    case "index": world.objects[folder + "index_part.json-00000001"] = nil
    case "garbled": world.put(folder + "index_part.json-00000001", text: "{")
    case "timeline":
      world.objects = world.objects.filter { !$0.key.hasPrefix(folder) }
      world.addTimeline(World.timeline(2), Self.shards[0])
      world.addTimeline(World.timeline(2), Self.shards[1])
    default: world.objects = world.objects.filter { !$0.key.hasPrefix(World.folder(Self.shards[1])) }
    }
    let record = try await Self.scan(world)
    #expect(!record.findings(.error).isEmpty)
    let garbage = record.findings.filter { $0.code == .layerOrphan && $0.shard == .unsharded }
    #expect(garbage == [])
  }

  @Test func layersOfTheParentThatNoChildNamesAreGarbage() async throws {
    var world = Self.split()
    let old = World.layer(LayerName(image: .all, at: Lsn(0x170_0008)))
    let key = world.add(old, Self.timeline)
    let record = try await Self.scan(world)
    #expect(record.accusations == ["layer.orphan \(key)"])
  }

  // MARK: Splits

  /// A split was taken back after its children had written, and the parent went on under the next generation.
  @Test func aSplitThatWasTakenBackLeavesTheParentServing() async throws {
    var world = Self.split()
    let end = Lsn(0x170_0080)
    let new = World.layer(
      LayerName(delta: .all, from: World.end.successor, to: end.successor),
      generation: .valid(2)
    )
    world.add(new, Self.timeline)
    world.add(World.index([World.layer(), new], end: end), Self.timeline, generation: .valid(2))
    let record = try await Self.scan(world)
    #expect(record.findings(.error) == [])
    #expect(record.findings(.garbage).map(\.code) == [])
    #expect(record.findings(.warning).map(\.code) == [.shardSplitUnfinished])
  }

  @Test func aFolderOfRubbishMakesNoShard() async throws {
    var world = World()
    world.addTimeline(Self.timeline)
    let rubbish = World.folder(ShardIndex(number: 0, count: 255), Self.timeline) + "notes.txt"
    world.put(rubbish, text: "x")
    #expect(try await Self.scan(world).accusations == ["object.unknown-name \(rubbish)"])
  }

  @Test func archivesInTheUnshardedFolderMakeNoShard() async throws {
    var world = World()
    for shard in Self.shards { world.addTimeline(Self.timeline, shard) }
    world.put(World.folder(.unsharded, Self.timeline) + "initdb.tar.zst", text: "x")
    #expect(try await Self.scan(world).findings == [])
  }

  /// One shard has the deletion behind it, one before it, one is at it.
  @Test func aDeletionThatHasNotReachedAllShardsIsNoLoss() async throws {
    var world = World()
    let shards = ["0003", "0103", "0203"].compactMap { ShardIndex($0) }
    for shard in shards { world.addTimeline(World.timeline(2), shard) }
    world.addTimeline(Self.timeline, shards[0])
    var tombstone = World.index([World.layer(shard: shards[1])])
    tombstone.deletedAt = NaiveDateTime("2026-01-01T00:00:00")
    world.add(tombstone, Self.timeline, shards[1])
    let record = try await Self.scan(world)
    #expect(record.accusations.map { $0.split(separator: " ")[0] } == ["timeline.deleting"])
  }

  /// A parent's manifest and heatmap are of before the split: what they name may be gone.
  @Test func whatAParentsManifestSaysIsHistory() async throws {
    var world = Self.split()
    let entry = """
      {"timeline_id":"\(World.timeline(7))","ancestor_timeline_id":null,"ancestor_retain_lsn":null,\
      "archived_at":"2026-01-01T00:00:00"}
      """
    world.put(
      World.folder() + "tenant-manifest-00000001.json",
      text: #"{"version":1,"offloaded_timelines":[\#(entry)]}"#
    )
    #expect(try await Self.scan(world).accusations == [])
    world.put(World.folder() + "tenant-manifest-00000001.json", text: "{")
    #expect(try await Self.scan(world).findings(.error) == [])
  }

  // MARK: Ancestors

  @Test func aRingOfManyAncestorsIsFoundInReasonableTimeAndWords() async throws {
    var world = World()
    let count: UInt64 = 3_000
    for number in 0..<count {
      let ancestor = World.timeline((number + 1) % count)
      world.add(World.index([], ancestor: ancestor, branchPoint: World.end), World.timeline(number))
    }
    // One that leads into the ring is not on it.
    world.add(World.index([], ancestor: World.timeline(0), branchPoint: World.end), World.timeline(count))
    let record = try await Self.scan(world)
    let rings = record.findings.filter { $0.code == .ancestorCycle }
    #expect(rings.count == Int(count))
    #expect(rings.allSatisfy { $0.message.utf8.count < 500 })
  }

  @Test func anImageAtTheBranchPointIsInOrder() async throws {
    var world = World()
    world.addTimeline(Self.timeline)
    let image = World.layer(LayerName(image: .all, at: World.end))
    world.add(image, World.timeline(2))
    world.add(World.index([image], ancestor: Self.timeline, branchPoint: World.end), World.timeline(2))
    #expect(try await Self.scan(world).accusations == [])
  }

  // MARK: Absurd numbers

  @Test func absurdNumbersAreFindingsAndNoTraps() async throws {
    var world = World()
    let names = [
      LayerName(delta: .all, from: Lsn(.max - 1), to: Lsn(.max)),
      LayerName(delta: .all, from: Lsn(0), to: Lsn(.max)),
      LayerName(image: .all, at: Lsn(.max)), LayerName(image: KeyRange(start: .max, end: .min), at: Lsn(0)),
    ]
    let layers = names.map { World.layer($0, generation: .valid(.max), size: .max) }
    for end in [Lsn(0), Lsn(.max), Lsn(.max - 7)] {
      var index = World.index(layers, ancestor: World.timeline(5), branchPoint: Lsn(.max), end: end)
      index.metadata.latestGcCutoffLsn = Lsn(.max)
      index.metadata.initdbLsn = Lsn(.max)
      index.version = .max
      world.add(index, Self.timeline, ShardIndex(number: 254, count: 255), generation: .valid(.max))
      let record = try await Self.scan(world)
      #expect(record.findings.contains { $0.code == .layerMissing })
      #expect(record.summary.bytes[.layerMissing] == .max)
    }
  }

  @Test func everyShardFolderThereCanBeIsNoProblem() async throws {
    var world = World()
    for count in stride(from: UInt8(0), through: 250, by: 25) {
      for number in stride(from: UInt8(0), through: 250, by: 25) {
        world.add(World.index([World.layer()]), Self.timeline, ShardIndex(number: number, count: count))
      }
    }
    let record = try await Self.scan(world)
    #expect(record.findings.contains { $0.code == .shardBadNumber })
  }

  // MARK: Names

  @Test func aTenantIsOneWhateverLiesBetweenItsShards() async throws {
    var world = World()
    for shard in Self.shards { world.addTimeline(Self.timeline, shard) }
    let strays = ["-", "-0000/", "-0002x/", "-00FF/", ".old/", "!/", "-0102"].map {
      "pageserver/v1/tenants/\(World.tenant)\($0)" + ($0.hasSuffix("/") ? "timelines/x" : "")
    }
    for key in strays { world.put(key, text: "x") }
    let record = try await Self.scan(world)
    #expect(record.findings(.error) == [])
    #expect(record.summary.tenantCount == 1)
    #expect(Set(record.findings.compactMap(\.objectKey)) == Set(strays))
  }

  /// Objects outside any tenant are handed on in parts, each with its own finding, none twice.
  @Test func manyObjectsOutsideAreEachFoundOnce() async throws {
    var world = World()
    for number in 0..<3_500 { world.put("pageserver/v1/tenants/bad-\(number)/x", text: "x") }
    for number in 0..<1_500 { world.put("pageserver/v1/tenants/one-folder/\(number)", text: "x") }
    for jobs in [1, 3] {
      let record = await ScanRecord.scan(try world.makeStore(), jobs: jobs)
      let folders = record.findings.filter { $0.code == .tenantBadName }.compactMap(\.seen)
      #expect(folders.count == 3_501)
      #expect(Set(folders).count == 3_501)
      #expect(record.summary.bytes[.tenantBadName] == 5_000)
      #expect(record.summary.coverage.isComplete)
    }
  }

  // MARK: Selection

  @Test func whatWasAskedForAndIsNotThereIsTold() async throws {
    let store = try Self.split().makeStore()
    let there = try #require(TenantSelector("\(World.tenant)-0102"))
    let absent = try #require(TenantSelector("\(World.tenant)-0304"))
    let all = await ScanRecord.scan(store, selection: [there])
    #expect(ExitCode(all.summary, isStrict: false) == .ok)
    let some = await ScanRecord.scan(store, selection: [there, absent])
    #expect(some.summary.notFound == [absent])
    #expect(ExitCode(some.summary, isStrict: false) == .nothingMatched)
  }
}
