@testable import Engine
import Foundation
import IndexFormat
import Testing

/// Real WAL from several places on, each with what there was before it, as layers.
struct HistorySource: Sendable {
  struct Start: Sendable {
    var lsn: Lsn
    var base: GrowingTimeline
    /// All values at that LSN, in ascending order of the keys.
    var values: [KeyedValue]
  }

  static let tenant = TenantID(high: 1, low: 2)

  let golden: GoldenIngest
  let wal: MemoryWAL
  let facts: TimelineFacts
  private(set) var starts: [Start] = []

  init(_ golden: GoldenIngest, startCount: Int, _ generator: inout RepeatableGenerator) async throws {
    self.golden = golden
    wal = MemoryWAL(start: golden.wal.segment, bytes: try golden.wal.bytes())
    facts = TimelineFacts(shard: .unsharded(), pgVersion: UInt32(golden.version.major))
    let length = Int(golden.end.value - golden.start.value)
    let stops = (1..<startCount).map { _ in golden.start.value + UInt64(generator.below(length * 9 / 10)) }
      .sorted()
    let growth = try await TimelineGrowth.begin(above: try golden.source(), at: golden.start, golden.rules)
    growth.runByteCount = 16 << 20
    for stop in [golden.start.value] + stops {
      growth.stop = Lsn(stop)
      try await GoldenIngest.feed(growth, wal.bytes, from: wal.start)
      let base = growth.timeline()
      let keys = try await TimelineCatalog(base, facts).keySpace(at: growth.lastLsn)
      let all = keys.dense.keySpace.union(KeySpace(keys.sparse))
      starts.append(
        Start(lsn: growth.lastLsn, base: base, values: try await base.values(of: all, at: growth.lastLsn))
      )
    }
  }
}

/// A snapshot that a page server could have left: timelines of real records with layers cut at random. Nothing is wrong
/// with it.
///
/// | random | range |
/// |---|---|
/// | where it begins and ends | places of real WAL; up to 256 KiB of it |
/// | when values in memory become a layer | 20 to 320 KB |
/// | delta layers | over all keys, or cut at keys, as a compaction leaves them |
/// | image layers | of the base one to three; above up to three, of a range of keys at an LSN between |
/// | a branch | one of three has one, with the WAL from there on as its own |
struct CleanHistory {
  private struct Written {
    var layers: [IndexLayer] = []
    var bytes: [String: [UInt8]] = [:]
  }

  private let source: HistorySource
  private var generator: RepeatableGenerator
  private let scratch: TemporaryFolder

  static let longestByteCount = 256 << 10

  init(_ source: HistorySource, seed: UInt64, scratch: TemporaryFolder) {
    self.source = source
    self.scratch = scratch
    generator = RepeatableGenerator(seed: seed)
  }

  /// Makes the snapshot and verifies it in all ways.
  mutating func verify() async throws -> VerificationResult {
    let start = source.starts[generator.below(source.starts.count)]
    let left = source.golden.end.value - start.lsn.value
    func distance() -> UInt64 { 1 + UInt64(generator.below(min(Self.longestByteCount, Int(left)))) }
    let ends = [distance(), distance(), distance()].sorted().map { Lsn(start.lsn.value + $0) }
    let hasBranch = generator.below(3) == 0

    var written = Written()
    try writeBase(start, &written)
    let growth = try await TimelineGrowth.begin(above: start.base, at: start.lsn, source.golden.rules)
    growth.runByteCount = UInt64(20_000 + generator.below(300_000))
    try await grow(growth, to: ends[0])
    let (branchLsn, branchBase) = (growth.lastLsn, growth.timeline())
    try await grow(growth, to: ends[1])
    let id = TimelineID(high: 3, low: 4)
    try writeDeltas(growth, id, &written)
    try await writeImages(growth, above: start.lsn, id, &written)
    let main = timeline(id, written, growth.lastLsn, nil)
    let points = hasBranch ? [branchLsn, growth.lastLsn] : [growth.lastLsn]
    var result = try await verify(main, Array(Set(points)).sorted(), start.base, start.lsn, images: start.lsn)
    guard hasBranch else { return result }

    let child = try await TimelineGrowth.begin(above: branchBase, at: branchLsn, source.golden.rules)
    child.runByteCount = UInt64(20_000 + generator.below(300_000))
    try await grow(child, to: ends[2])
    let childID = TimelineID(high: 3, low: 5)
    var own = Written()
    try writeDeltas(child, childID, &own)
    try await writeImages(child, above: branchLsn, childID, &own)
    let branch = timeline(childID, own, child.lastLsn, Timeline.Ancestor(main, at: branchLsn))
    // Not what the ancestor holds: branches do not inherit all of it.
    let childBase = GrowingTimeline([], above: branch, redo: RedoRules(version: source.golden.version))
    result += try await verify(branch, [child.lastLsn], childBase, branchLsn, images: branchLsn)
    return result
  }

  private func grow(_ growth: TimelineGrowth, to lsn: Lsn) async throws {
    growth.stop = max(lsn, growth.lastLsn)
    try await GoldenIngest.feed(growth, source.wal.bytes, from: source.wal.start)
  }

  // MARK: Verifying

  private func verify(
    _ timeline: Timeline,
    _ points: [Lsn],
    _ base: GrowingTimeline,
    _ start: Lsn,
    images cutoff: Lsn
  ) async throws -> VerificationResult {
    let shard = VerifiedShard(timeline, TimelineCatalog(timeline, source.facts), gcCutoff: cutoff)
    var result = try await #require(Verification([shard])).verify(at: points)
    guard start < timeline.diskConsistentLsn else { return result }
    let plan = ReplayPlan(
      of: timeline,
      from: base,
      at: start,
      to: timeline.diskConsistentLsn,
      source.golden.rules
    )
    let replayed = try await ReplayedTimeline.make(plan, source.wal, scratchBelow: scratch.path)
    let check = try await ReplayCheck.make(replayed, against: timeline, source.facts, history: .invalid)
    result += try await check.runAll().all
    return result
  }

  private func timeline(
    _ id: TimelineID,
    _ written: Written,
    _ end: Lsn,
    _ ancestor: Timeline.Ancestor?
  ) -> Timeline {
    Timeline(
      tenant: HistorySource.tenant,
      shard: .unsharded(),
      id: id,
      layers: written.layers,
      ancestor: ancestor,
      diskConsistentLsn: end,
      redo: RedoRules(version: source.golden.version),
      store: LayerStore(
        source: DamagedSource(written.bytes, [:]),
        cache: BlockCache(byteBudget: 16 << 20),
        limit: 64
      )
    ) { Self.key(of: $0, id) }
  }

  private static func key(of layer: IndexLayer, _ id: TimelineID) -> String {
    PageserverObjectKey.layerKey(
      HistorySource.tenant,
      layerShard: layer.shard,
      id,
      layer.name,
      layer.generation
    )
  }

  // MARK: Layers

  private func add(_ name: LayerName, _ id: TimelineID, _ bytes: [UInt8], _ written: inout Written) {
    let layer = IndexLayer(
      name: name,
      generation: .valid(1),
      shard: .unsharded,
      fileSize: UInt64(bytes.count)
    )
    written.layers.append(layer)
    written.bytes[Self.key(of: layer, id)] = bytes
  }

  private func write(
    _ values: ArraySlice<KeyedValue>,
    _ name: LayerName,
    _ id: TimelineID,
    _ written: inout Written
  )
    throws
  {
    guard !values.isEmpty else { return }
    var writer = try ImageLayerWriter(
      name,
      tenant: HistorySource.tenant,
      timeline: id,
      compression: .standard,
      sink: MemoryLayerSink()
    )
    for value in values { try writer.put(value.key, image: value.bytes.span.bytes) }
    add(name, id, try writer.finish().sink.bytes, &written)
  }

  private mutating func writeBase(_ start: HistorySource.Start, _ written: inout Written) throws {
    let id = TimelineID(high: 3, low: 4)
    let cuts = (0..<generator.below(3)).map { _ in generator.below(start.values.count) }.sorted()
    let bounds = [0] + cuts + [start.values.count]
    for (first, last) in zip(bounds, bounds.dropFirst()) where first < last {
      let from = first == 0 ? Key.min : start.values[first].key
      let to = last == start.values.count ? Key.max : start.values[last].key
      let name = LayerName(image: KeyRange(start: from, end: to), at: start.lsn)
      try write(start.values[first..<last], name, id, &written)
    }
  }

  private mutating func writeDeltas(_ growth: TimelineGrowth, _ id: TimelineID, _ written: inout Written)
    throws
  {
    _ = growth.timeline()
    for (run, name) in growth.frozen {
      var keys: [Key] = []
      run.forEach { key, _, _ in if keys.last != key { keys.append(key) } }
      let cuts = generator.below(2) == 0 ? [] : (0..<2).map { _ in keys[generator.below(keys.count)] }
      let bounds = [Key.min] + Array(Set(cuts)).sorted() + [Key.max]
      for (from, to) in zip(bounds, bounds.dropFirst()) where from < to {
        let range = KeyRange(start: from, end: to)
        guard keys.contains(where: range.contains) else { continue }
        let part = LayerName(delta: range, from: name.startLsn, to: name.endLsn)
        var writer = try DeltaLayerWriter(
          part,
          tenant: HistorySource.tenant,
          timeline: id,
          sink: MemoryLayerSink()
        )
        try run.forEach { key, lsn, bytes in
          guard range.contains(key) else { return }
          try writer.put(key, lsn, try LayerValue(parsing: bytes))
        }
        add(part, id, try writer.finish().sink.bytes, &written)
      }
    }
  }

  private mutating func writeImages(
    _ growth: TimelineGrowth,
    above start: Lsn,
    _ id: TimelineID,
    _ written: inout Written
  ) async throws {
    let timeline = growth.timeline()
    guard growth.lastLsn > start else { return }
    for _ in 0..<generator.below(4) {
      let lsn = Lsn(start.value + 1 + UInt64(generator.below(Int(growth.lastLsn.value - start.value))))
      let keys = try await TimelineCatalog(timeline, source.facts).keySpace(at: lsn).dense.keySpace
      let ranges = keys.ranges
      let first = generator.below(ranges.count)
      let last = min(ranges.count - 1, first + generator.below(ranges.count / 4))
      let range = KeyRange(start: ranges[first].start, end: ranges[last].end)
      let values = try await timeline.values(of: keys.intersection(KeySpace(range)), at: lsn)
      let name = LayerName(image: range, at: lsn)
      guard !written.layers.contains(where: { $0.name == name }) else { continue }
      try write(values[...], name, id, &written)
    }
  }
}
