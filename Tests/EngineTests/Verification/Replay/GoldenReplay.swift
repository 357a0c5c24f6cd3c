@testable import Engine
import Foundation
import IndexFormat
import Testing

/// A timeline of a real page server, to be compared with what its base and its WAL lead to.
final class GoldenReplay {
  let golden: GoldenIngest
  let tenant: GoldenTenant
  let timeline: Timeline
  let facts: TimelineFacts
  let history: Lsn
  /// At which the page server was asked.
  let oracle: [Oracle.Point]
  let base: GrowingTimeline
  let start: Lsn
  var wal: MemoryWAL
  var splits: [ReplayPlan.Stretch] = []
  let scratch: TemporaryFolder

  /// - base: what to begin with, and where it stands, if it is not the case's.
  init(_ golden: GoldenIngest, base: (GrowingTimeline, Lsn)? = nil) throws {
    self.golden = golden
    tenant = try GoldenTenant(golden.tenant)
    let place = GoldenTenant.Place(shard: golden.shard.index, timeline: golden.timeline)
    timeline = try #require(tenant.timelines[place])
    facts = TimelineFacts(shard: golden.shard, pgVersion: UInt32(golden.version.major))
    history = try tenant.index(place).metadata.latestGcCutoffLsn
    let start = base?.1 ?? golden.start
    self.start = start
    oracle = try Oracle(golden.tenant).points.filter {
      $0.timeline == golden.timeline && $0.tenant.shard == golden.shard.index && start < $0.lsn
        && $0.lsn <= golden.end
    }
    self.base = try base?.0 ?? golden.source()
    wal = MemoryWAL(start: golden.wal.segment, bytes: try golden.wal.bytes())
    scratch = try TemporaryFolder()
  }

  /// The timeline with other bytes in some of its layers.
  func timeline(with changes: [String: [UInt8]]) -> Timeline {
    let store = LayerStore(
      source: ChangedLayerSource(timeline.store.source, replaced: changes),
      cache: BlockCache(byteBudget: 16 << 20),
      limit: 64
    )
    let timeline = timeline
    let layers = timeline.map.layers.map { layer in
      var layer = layer
      if let bytes = changes[Self.key(of: layer, timeline)] { layer.fileSize = UInt64(bytes.count) }
      return layer
    }
    return Timeline(
      tenant: timeline.tenant,
      shard: timeline.shard,
      id: timeline.id,
      layers: layers,
      ancestor: timeline.ancestor,
      diskConsistentLsn: timeline.diskConsistentLsn,
      rules: timeline.rules,
      redo: timeline.redo,
      store: store
    ) { Self.key(of: $0, timeline) }
  }

  private static func key(of layer: IndexLayer, _ timeline: Timeline) -> String {
    PageserverObjectKey.layerKey(
      timeline.tenant,
      layerShard: layer.shard,
      timeline.id,
      layer.name,
      layer.generation
    )
  }

  var points: [Lsn] { oracle.map(\.lsn) }

  /// Keys at all points: dense ones as the page server listed them, and sparse ones that have a value.
  func keyCount() async throws -> UInt64 {
    var count: UInt64 = 0
    for point in oracle {
      count += timeline.owned(KeySpace(point.dense)).keyCount
      count += UInt64(try await timeline.values(of: KeySpace(point.sparse), at: point.lsn).count)
    }
    return count
  }

  func replay(runByteCount: UInt64 = 4 << 20) async throws -> ReplayedTimeline {
    var rules = golden.rules
    rules.shard = .unsharded()
    let plan = ReplayPlan(
      of: timeline,
      from: base,
      at: start,
      to: golden.end,
      splits: splits,
      rules,
      runByteCount: runByteCount
    )
    return try await ReplayedTimeline.make(plan, wal, scratchBelow: scratch.path)
  }

  /// What comes of all units, with that of ingest, and of each point alone.
  func verify(
    _ replayed: ReplayedTimeline,
    against other: Timeline? = nil
  ) async throws -> (all: VerificationResult, points: [Lsn: VerificationResult]) {
    let check = try await ReplayCheck.make(
      replayed,
      against: other ?? timeline,
      facts,
      history: history,
      at: points
    )
    return try await check.runAll()
  }

  /// What comes of the units that have a key, without points.
  func verify(
    _ replayed: ReplayedTimeline,
    against other: Timeline,
    around key: Key
  ) async throws -> VerificationResult {
    let check = try await ReplayCheck.make(replayed, against: other, facts, history: history)
    var result = VerificationResult()
    for unit in check.units {
      guard case .replay(let keys, _) = unit.work, keys.contains(key) else { continue }
      result += try await check.run(unit)
    }
    return result
  }

  /// A layer with one bit of one value flipped: its bytes, which byte of them and of the value, which
  /// bit. Values of these layers are not compressed.
  func flip(
    _ entry: LayerEntry,
    of object: LayerObject,
    _ generator: inout RepeatableGenerator
  ) throws -> (bytes: [UInt8], offset: Int, place: Int, bit: UInt8) {
    var bytes = [UInt8](try Data(contentsOf: tenant.folder.appending(path: object.key)))
    let blob = Int(entry.blob.lowerBound)..<Int(entry.blob.upperBound)
    let header = try BlobHeader(parsing: Array(bytes[blob]).span.bytes)
    #expect(header.compression == .none)
    // Behind what says which kind of value it is, if there is as much.
    let first = min(20, header.storedByteCount - 1)
    let place = first + generator.below(header.storedByteCount - first)
    let offset = blob.lowerBound + header.byteCount + place
    let bit = UInt8(1) << UInt8(generator.below(8))
    bytes[offset] ^= bit
    return (bytes, offset, place, bit)
  }

  private static func isImage(_ stored: RawSpan) -> Bool {
    // What is no value is no image.
    guard case .image? = try? ValueOutline(parsing: stored).form else { return false }
    return true
  }

  /// How many values the timeline's layers hold that come of the WAL, or stand at its beginning as images; with those
  /// of the timelines that it branched off, up to there.
  func valueCount() async throws -> UInt64 {
    var count: UInt64 = 0
    var (place, last): (Timeline?, Lsn) = (timeline, golden.end)
    while let timeline = place {
      count += try await valueCount(of: timeline, to: last)
      last = min(last, timeline.ancestor?.lsn ?? last)
      place = timeline.ancestor?.timeline
    }
    return count
  }

  private func valueCount(of timeline: Timeline, to last: Lsn) async throws -> UInt64 {
    var count: UInt64 = 0
    for position in timeline.map.layers.indices {
      let reader = try await timeline.open(LayerMap.Position(position), nil)
      let entries = try await reader.entries().filter {
        !timeline.shard.isDisposable($0.key) && start <= $0.lsn && $0.lsn <= last
      }
      let isImage = !reader.object.name.isDelta
      count += UInt64(entries.count { isImage || $0.lsn > start })
      // Of what delta layers have where the base stands, images can be compared with it.
      let stream = reader.blobs(of: isImage ? [] : entries.filter { $0.lsn == start })
      while let batch = try await stream.next() {
        try batch.decode { _, bytes in count += Self.isImage(bytes) ? 1 : 0 }
      }
    }
    return count
  }
}

extension ReplayCheck {
  /// What comes of all units, with that of ingest, and of each point alone.
  func runAll() async throws -> (all: VerificationResult, points: [Lsn: VerificationResult]) {
    var all = replayed.result
    var points: [Lsn: VerificationResult] = [:]
    for unit in units {
      guard case .replay(_, let lsn) = unit.work else { continue }
      let result = try await run(unit)
      points[lsn, default: VerificationResult()] += result
      all += result
    }
    ReplayCheck.joinFindings(&all)
    return (all, points)
  }
}

/// A folder that goes away with this.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit {
    // The system clears its temporary folder; what the test says counts.
    try? FileManager.default.removeItem(atPath: path)
  }

  func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
}
