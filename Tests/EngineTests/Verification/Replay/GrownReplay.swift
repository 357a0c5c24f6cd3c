@testable import Engine
import Foundation
import IndexFormat
import Testing

/// A small timeline that was grown from WAL into layers, and its base and WAL once more.
struct GrownReplay {
  static let tenant = TenantID(high: 1, low: 2)
  static let id = TimelineID(high: 3, low: 4)
  static let start = TimelineGrowthTests.start

  let stream: WALStream
  let folder: TemporaryFolder
  let scratch: TemporaryFolder
  let layers: GrownLayers
  let end: Lsn
  var base: GrowingTimeline
  var wal: MemoryWAL

  init() async throws {
    stream = try TimelineGrowthTests.makeWAL()
    folder = try TemporaryFolder()
    scratch = try TemporaryFolder()
    layers = GrownLayers(
      root: folder.path,
      tenant: Self.tenant,
      shard: .unsharded(),
      timeline: Self.id,
      generation: .valid(1),
      redo: RedoRules(version: .v15)
    )
    base = TimelineGrowthTests.source()
    wal = MemoryWAL(segmentSize: WALStream.segmentSize, start: WALStream.first, bytes: stream.bytes)
    try layers.write(try #require(base.runs.first), as: LayerName(image: .all, at: Self.start))
    let growth = try await TimelineGrowth.begin(
      above: base,
      at: Self.start,
      IngestRules(version: .v15),
      segmentSize: WALStream.segmentSize
    )
    growth.destination = layers
    growth.runByteCount = 300_000
    try await growth.ingest(stream.bytes)
    try await growth.flush()
    end = growth.lastLsn
  }

  func key(of layer: IndexLayer) -> String { Self.key(of: layer) }

  private static func key(of layer: IndexLayer) -> String {
    PageserverObjectKey.layerKey(
      tenant,
      layerShard: layer.shard,
      id,
      layer.name,
      layer.generation
    )
  }

  /// The timeline with other layers, or other bytes in some.
  func timeline(with changes: [String: [UInt8]] = [:], without lost: Set<String> = []) -> Timeline {
    let store = LayerStore(
      source: ChangedLayerSource(FolderLayerSource(root: folder.path), replaced: changes),
      cache: BlockCache(byteBudget: 4 << 20),
      limit: 8
    )
    let known = layers.layers.filter { !lost.contains(key(of: $0)) }.map { layer in
      var layer = layer
      if let bytes = changes[key(of: layer)] { layer.fileSize = UInt64(bytes.count) }
      return layer
    }
    return Timeline(
      tenant: Self.tenant,
      shard: .unsharded(),
      id: Self.id,
      layers: known,
      ancestor: nil,
      diskConsistentLsn: end,
      redo: RedoRules(version: .v15),
      store: store
    ) { Self.key(of: $0) }
  }

  func replay() async throws -> ReplayedTimeline {
    let plan = ReplayPlan(
      of: timeline(),
      from: base,
      at: Self.start,
      to: end,
      IngestRules(version: .v15),
      runByteCount: 200_000
    )
    return try await ReplayedTimeline.make(plan, wal, scratchBelow: scratch.path)
  }

  func verify(
    _ replayed: ReplayedTimeline,
    _ timeline: Timeline,
    at lsns: [Lsn] = []
  ) async throws -> VerificationResult {
    let facts = TimelineFacts(shard: .unsharded(), pgVersion: 15)
    let check = try await ReplayCheck.make(replayed, against: timeline, facts, history: .invalid, at: lsns)
    return try await check.runAll().all
  }

  func bytes(of layer: IndexLayer) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: "\(folder.path)/\(key(of: layer))")))
  }

  func reader(_ layer: IndexLayer) async throws -> LayerReader {
    let timeline = timeline()
    let position = try #require(timeline.map.layers.firstIndex(of: layer))
    return try await timeline.open(LayerMap.Position(position), nil)
  }

  /// The layer with other values, as a file.
  func rewrite(
    _ layer: IndexLayer,
    _ change: (inout [(key: Key, lsn: Lsn, value: LayerValue)]) -> Void
  ) async throws -> [UInt8] {
    let reader = try await reader(layer)
    var values: [(key: Key, lsn: Lsn, value: LayerValue)] = []
    let stream = reader.blobs(of: try await reader.entries())
    while let batch = try await stream.next() {
      var failure: (any Error)?
      try batch.decode { entry, bytes in
        do {
          let value: LayerValue =
            layer.name.isDelta
            ? try LayerValue(parsing: bytes) : .image(bytes.withUnsafeBytes { [UInt8]($0) })
          values.append((entry.key, entry.lsn, value))
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
    }
    change(&values)
    values.sort { TreeKey($0.key, $0.lsn) < TreeKey($1.key, $1.lsn) }
    return try Self.file(layer.name, values)
  }

  private static func file(
    _ name: LayerName,
    _ values: [(key: Key, lsn: Lsn, value: LayerValue)]
  ) throws -> [UInt8] {
    guard !name.isDelta else {
      var writer = try DeltaLayerWriter(name, tenant: tenant, timeline: id, sink: MemoryLayerSink())
      for (key, lsn, value) in values { try writer.put(key, lsn, value) }
      return try writer.finish().sink.bytes
    }
    var writer = try ImageLayerWriter(
      name,
      tenant: tenant,
      timeline: id,
      compression: .standard,
      sink: MemoryLayerSink()
    )
    for (key, _, value) in values {
      if case .image(let bytes) = value { try writer.put(key, image: bytes.span.bytes) }
    }
    return try writer.finish().sink.bytes
  }
}
