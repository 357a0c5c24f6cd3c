@testable import Engine
import Foundation
import IndexFormat
import Testing

/// Timelines grown from WAL that is made here.
struct TimelineGrowthTests {
  static let relation = IngestRecord.relation
  static let start = Lsn(WALStream.first.value + 40)

  /// Where the values of the cluster stand.
  static func source() -> GrowingTimeline {
    var cluster = ClusterBuilder()
    cluster.put(.twoPhaseDirectory, TwoPhaseDirectory([], width: .short))
    for (fork, count) in [(RelationFork.main, UInt32(10)), (.freeSpaceMap, 3), (.visibilityMap, 1)] {
      let tag = RelationTag(relation.database, relation: relation.relation, fork: fork)
      for block in 0..<count {
        let page = [UInt8](repeating: 0, count: 24) + [UInt8](repeating: UInt8(block + 1), count: 8168)
        cluster.values[.relationBlock(tag, BlockNumber(block))] = page
      }
    }
    let layer = MemoryLayer()
    for (key, value) in cluster.values { layer.put(key, start, image: value.span.bytes) }
    return GrowingTimeline(layer.freeze().map { [$0] } ?? [], above: nil, redo: RedoRules(version: .v15))
  }

  private static func values(_ growth: TimelineGrowth) -> [SeenValue] {
    growth.timeline().runs.flatMap { run in
      var values: [SeenValue] = []
      run.forEach { key, lsn, bytes in
        let bytes = bytes.withUnsafeBytes { [UInt8]($0) }
        values.append(SeenValue(key: key, lsn: lsn, willInit: false, bytes: bytes))
      }
      return values
    }
    .sorted { TreeKey($0.key, $0.lsn) < TreeKey($1.key, $1.lsn) }
  }

  private static func begin() async throws -> TimelineGrowth {
    let growth = try await TimelineGrowth.begin(
      above: source(),
      at: start,
      IngestRules(version: .v15),
      segmentSize: WALStream.segmentSize
    )
    #expect(growth.wanted == WALStream.first)
    return growth
  }

  /// Images, ends of transactions, long records, a copy of the database; two segments.
  static func makeWAL() throws -> WALStream {
    var wal = WALStream()
    for number in 0..<UInt32(300) {
      try wal.add(WALVector.hole.bytes)
      if number == 150 { wal.switchSegment() }
      if number % 50 == 7 { wal.add(mainData: 20_000, resourceManager: 20) }
      let time: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0]
      try wal.add(IngestRecord(.transaction, 0, transaction: 700 + number, time).bytes)
      if number == 200 {
        try wal.add(IngestRecord(.database, 0x00, [UInt8](numbers: 99, 1663, 5, 1663)).bytes)
      }
    }
    return wal
  }

  @Test func piecesOfAnyLengthGiveTheSameValues() async throws {
    let wal = try Self.makeWAL()
    let whole = try await Self.begin()
    try await whole.ingest(wal.bytes)
    #expect(whole.recordCount == UInt64(wal.records.count) && whole.lastLsn == wal.places.last?.end)
    let expected = Self.values(whole)
    #expect(expected.count > 600)
    for piece in [977, 8192, 8193, 100_000] {
      let growth = try await Self.begin()
      for from in stride(from: 0, to: wal.bytes.count, by: piece) {
        #expect(growth.wanted.value == WALStream.first.value + UInt64(from))
        try await growth.ingest(Array(wal.bytes[from..<min(wal.bytes.count, from + piece)]))
      }
      #expect(Self.values(growth) == expected, "pieces of \(piece)")
    }
  }

  @Test func itStopsWhereItIsToldToAndGoesOn() async throws {
    let wal = try Self.makeWAL()
    let whole = try await Self.begin()
    try await whole.ingest(wal.bytes)
    let growth = try await Self.begin()
    growth.stop = growth.lastLsn
    try await growth.ingest(wal.bytes)
    #expect(growth.recordCount == 0)
    for (index, place) in wal.places.enumerated() where index % 37 == 0 || index + 1 == wal.places.count {
      growth.stop = place.end
      try await growth.ingest([])
      #expect(growth.lastLsn == place.end && growth.recordCount == UInt64(index + 1))
    }
    #expect(Self.values(growth) == Self.values(whole))
    // And from where another one ended.
    let first = try await Self.begin()
    first.stop = wal.places[220].end
    try await first.ingest(wal.bytes)
    let second = try await TimelineGrowth.begin(
      above: first.timeline(),
      at: first.lastLsn,
      first.rules,
      segmentSize: WALStream.segmentSize
    )
    try await second.ingest(Array(wal.bytes[Int(second.wanted.value - WALStream.first.value)...]))
    #expect(Self.values(second) == Self.values(whole))
  }

  @Test func aCopiedDatabaseHasThePagesOfItsSource() async throws {
    let growth = try await Self.begin()
    try await growth.ingest(try Self.makeWAL().bytes)
    let timeline = growth.timeline()
    let catalog = TimelineCatalog(timeline, TimelineFacts(shard: .unsharded(), pgVersion: 15))
    let target = DatabaseTag(tablespace: 1663, database: 99)
    let sizes = try await catalog.relationSizes(of: target, at: growth.lastLsn)
    // The relation of the images was made on the way.
    #expect(sizes.map(\.tag.relation) == [16384, 16384, 16384, 16388, 16390])
    #expect(sizes.map(\.blockCount) == [10, 3, 1, 1, 0])
    for size in sizes {
      for block in 0..<size.blockCount {
        let from = RelationTag(Self.relation.database, relation: size.tag.relation, fork: size.tag.fork)
        let copy = try await timeline.value(
          of: .relationBlock(size.tag, BlockNumber(block)),
          at: growth.lastLsn
        )
        let page = try await timeline.value(of: .relationBlock(from, BlockNumber(block)), at: growth.lastLsn)
        #expect(copy.dropFirst(8) == page.dropFirst(8) && copy.count == 8192)
      }
    }
    _ = try await timeline.value(of: .relationMap(target), at: growth.lastLsn)
  }

  @Test func layersThatAreWrittenReadAsMemoryDoes() async throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    // The system clears its temporary folder; what the test says counts.
    defer { try? FileManager.default.removeItem(at: root) }
    let memory = try await Self.begin()
    let wal = try Self.makeWAL()
    try await memory.ingest(wal.bytes)
    let layers = GrownLayers(
      root: root.path,
      tenant: TenantID(high: 1, low: 2),
      shard: .unsharded(),
      timeline: TimelineID(high: 3, low: 4),
      generation: .valid(1),
      redo: RedoRules(version: .v15)
    )
    let base = try #require(Self.source().runs.first)
    try layers.write(base, as: LayerName(image: .all, at: Self.start))
    let growth = try await TimelineGrowth.begin(
      above: GrowingTimeline([], above: layers.timeline(), redo: RedoRules(version: .v15)),
      at: Self.start,
      IngestRules(version: .v15),
      segmentSize: WALStream.segmentSize
    )
    growth.destination = layers
    growth.runByteCount = 200_000
    try await growth.ingest(wal.bytes)
    try await growth.flush()
    #expect(layers.layers.count > 4 && growth.frozen.isEmpty)
    // One behind the other, without gaps.
    let deltas = layers.layers.dropFirst().map(\.name)
    #expect(zip(deltas, deltas.dropFirst()).allSatisfy { $0.endLsn == $1.startLsn })
    #expect(deltas.first?.startLsn == Self.start.successor && deltas.last?.endLsn == growth.lastLsn.successor)
    let timeline = layers.timeline()
    for place in wal.places.enumerated().filter({ $0.offset % 200 == 0 }).map(\.element) {
      let ours = try await timeline.values(of: KeySpace(.all), at: place.end)
      #expect(try await memory.timeline().values(of: KeySpace(.all), at: place.end) == ours)
    }
    for file in try LayerFile.all(below: root) {
      #expect(try file.object.check(try file.bytes()).findings.isEmpty)
    }
  }

  @Test func recordsBehindZerosAreNotIngested() async throws {
    let wal = try Self.makeWAL()
    var bytes = wal.bytes
    // A page of zeros: the reader goes on behind it.
    bytes.replaceSubrange(16 * 8192..<17 * 8192, with: [UInt8](repeating: 0, count: 8192))
    let place = try #require(wal.places.last { $0.end < Lsn(WALStream.first.value + 16 * 8192) })
    bytes.replaceSubrange(
      Int(place.end.value - WALStream.first.value)..<16 * 8192,
      with: [UInt8](repeating: 0, count: Int(WALStream.first.value + 16 * 8192 - place.end.value))
    )
    let growth = try await Self.begin()
    await #expect(throws: IngestError.self) { try await growth.ingest(bytes) }
    #expect(growth.lastLsn == place.end)
  }

  @Test func damagedWALEndsItWithItsPlace() async throws {
    let wal = try Self.makeWAL()
    var bytes = wal.bytes
    let place = wal.places[100]
    bytes[Int(place.start.value - WALStream.first.value) + 30] ^= 1
    let growth = try await Self.begin()
    do {
      try await growth.ingest(bytes)
      #expect(Bool(false), "no error")
    } catch {
      #expect("\(error)".contains("\(place.start)") && "\(error)".contains("checksum"))
    }
    #expect(growth.lastLsn == wal.places[99].end)
    await #expect(throws: IngestError.self) { try await growth.ingest([]) }
    // What came before is there.
    let whole = try await Self.begin()
    whole.stop = growth.lastLsn
    try await whole.ingest(wal.bytes)
    #expect(Self.values(growth) == Self.values(whole))
  }
}
