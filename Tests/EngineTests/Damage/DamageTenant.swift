@testable import Engine
import Foundation
import IndexFormat
import Testing

/// A tenant of the golden data in memory, of which copies are damaged. Not sharded. For one task.
final class DamageTenant {
  struct Part {
    var id: TimelineID
    var index: IndexPart
    var indexKey: String
    /// Indices of earlier generations.
    var olderKeys: [String]
    var facts: TimelineFacts
    /// Where others branch off.
    var branchPoints: [Lsn]
  }

  /// A timeline as it is looked at.
  struct View {
    var timeline: Timeline
    var verification: Verification
    var points: [Lsn]
  }

  let name: String
  let id: TenantID
  let rules: ReadRules
  /// By their keys below `tenants`.
  let objects: [String: [UInt8]]
  /// Those that are not being deleted.
  let parts: [TimelineID: Part]
  /// In an order that is always the same.
  let timelines: [TimelineID]
  private(set) var replays: [TimelineID: (golden: GoldenReplay, replayed: ReplayedTimeline)] = [:]
  private var views: [TimelineID: View] = [:]
  private var listings: [String: KeySpace] = [:]
  private var entryLists: [String: [LayerEntry]] = [:]

  init(_ name: String) async throws {
    let golden = try GoldenTenant(name)
    self.name = name
    rules = Golden.rules(of: name)
    id = try #require(golden.timelines.values.first).tenant
    var objects: [String: [UInt8]] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: golden.folder.path).sorted() {
      let url = golden.folder.appending(path: path)
      guard try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
      objects[path] = [UInt8](try Data(contentsOf: url))
    }
    self.objects = objects
    let places = try golden.timelines.keys.filter { try golden.index($0).deletedAt == nil }
    var parts: [TimelineID: Part] = [:]
    for place in places {
      let prefix = PageserverObjectKey.timelinePrefix(
        TenantShardID(tenant: id, shard: .unsharded),
        place.timeline
      )
      let keys = objects.keys.filter { $0.contains("/\(place.timeline)/index_part.json") }.sorted()
      let newest = try #require(keys.last, "\(prefix)")
      parts[place.timeline] = Part(
        id: place.timeline,
        index: try golden.index(place),
        indexKey: newest,
        olderKeys: keys.dropLast(),
        facts: try golden.catalog(place).facts,
        branchPoints: try places.compactMap {
          let metadata = try golden.index($0).metadata
          return metadata.ancestorTimeline == place.timeline ? metadata.ancestorLsn : nil
        }
      )
    }
    self.parts = parts
    timelines = parts.keys.sorted { "\($0)" < "\($1)" }
    try await addReplays()
  }

  /// Of the timelines whose WAL is there what it leads to, from a base that is not the tenant's own if there is one.
  private func addReplays() async throws {
    for golden in GoldenIngestTests.cases where golden.tenant == name {
      let replay = try GoldenReplay(golden)
      replays[golden.timeline] = (replay, try await replay.replay())
    }
    guard name == "C" else { return }
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
    replays[golden.timeline] = (replay, try await replay.replay())
  }

  // MARK: Views

  func key(_ layer: IndexLayer, of timeline: TimelineID) -> String {
    PageserverObjectKey.layerKey(id, layerShard: layer.shard, timeline, layer.name, layer.generation)
  }

  func object(_ layer: IndexLayer, of timeline: TimelineID) -> LayerObject {
    LayerObject(
      key: key(layer, of: timeline),
      name: layer.name,
      tenant: id,
      shard: layer.shard,
      timeline: timeline
    )
  }

  /// The timeline without damage.
  func view(of timeline: TimelineID) throws -> View {
    if let known = views[timeline] { return known }
    let part = try #require(parts[timeline])
    let view = try makeView(part, part.index, [:])
    views[timeline] = view
    return view
  }

  func view(of damage: Damage) throws -> View {
    let part = try #require(parts[damage.timeline])
    return try makeView(part, damage.index ?? part.index, damage.changes)
  }

  private func makeView(_ part: Part, _ index: IndexPart, _ changes: [String: [UInt8]?]) throws -> View {
    let (tenant, id) = (id, part.id)
    let ancestor = try index.metadata.ancestorTimeline.map {
      Timeline.Ancestor(try view(of: $0).timeline, at: index.metadata.ancestorLsn)
    }
    let timeline = Timeline(
      tenant: tenant,
      shard: .unsharded(),
      id: id,
      index: index,
      ancestor: ancestor,
      rules: rules,
      store: LayerStore(
        source: DamagedSource(objects, changes),
        cache: BlockCache(byteBudget: 16 << 20),
        limit: 256
      )
    )
    let shard = VerifiedShard(
      timeline,
      TimelineCatalog(timeline, part.facts),
      gcCutoff: index.metadata.latestGcCutoffLsn
    )
    let start = index.metadata.ancestorTimeline == nil ? index.metadata.initdbLsn : index.metadata.ancestorLsn
    return View(
      timeline: timeline,
      verification: try #require(Verification([shard])),
      points: Verification.points(
        from: start,
        to: index.diskConsistentLsn,
        branchPoints: part.branchPoints,
        gcCutoff: index.metadata.latestGcCutoffLsn
      )
    )
  }

  /// The dense keys that a timeline lists without damage.
  func listed(_ timeline: TimelineID, at lsn: Lsn) async throws -> KeySpace {
    let name = "\(timeline) \(lsn)"
    if let known = listings[name] { return known }
    let view = try view(of: timeline)
    let keys = try await ListedKeys(view.verification.shards[0].catalog, at: lsn).dense
    listings[name] = keys
    return keys
  }

  // MARK: Content of layers

  /// What the index of a layer has, without damage.
  func entries(_ layer: IndexLayer, of timeline: TimelineID) throws -> [LayerEntry] {
    let object = object(layer, of: timeline)
    if let known = entryLists[object.key] { return known }
    var entries: [LayerEntry] = []
    _ = try object.check(try #require(objects[object.key])) { entry, _ in entries.append(entry) }
    entryLists[object.key] = entries
    return entries
  }

  func values(_ layer: IndexLayer, of timeline: TimelineID) throws -> [SeenValue] {
    let object = object(layer, of: timeline)
    return try object.values(try #require(objects[object.key]))
  }

  /// A bit that was flipped in a layer's stored bytes needs no decoding: where a value stands.
  func blob(_ entry: LayerEntry, _ bytes: [UInt8]) throws -> (header: BlobHeader, start: Int) {
    let start = Int(entry.blob.lowerBound)
    let header = try BlobHeader(parsing: bytes.span.bytes.extracting(start..<Int(entry.blob.upperBound)))
    return (header, start)
  }
}
