@testable import Engine
import Foundation
import IndexFormat
import Synchronization
import Testing

/// A timeline that a real page server grew from WAL, to be grown from the same by ourselves.
struct GoldenIngest: Sendable, CustomTestStringConvertible {
  /// Where the timeline begins.
  enum Base: Sendable {
    /// The files of a cluster: below the golden folder.
    case archive(String)
    /// The page server's own layers.
    case layers
  }

  /// The tenant's letter.
  var tenant: String
  var timeline: TimelineID
  var version: PostgresVersion
  var base: Base
  /// Where the base stands, and the WAL goes on.
  var start: Lsn
  var wal: GoldenWAL
  var end: Lsn
  var shard = ShardIdentity.unsharded()
  var writesSecondLayout = false
  /// Whether the page server has dropped a part of what it had.
  var isCollected = false
  /// Values of the page server's delta layers, and of the image layers of the base.
  var valueCount: Int
  /// Points at which the page server was asked, and values that it gave.
  var pointCount: Int
  var pointValueCount: Int

  init(
    _ tenant: String,
    _ timeline: String,
    _ version: PostgresVersion,
    _ base: Base,
    from start: String,
    _ wal: String,
    to end: String,
    valueCount: Int,
    points: (count: Int, values: Int)
  ) throws {
    self.tenant = tenant
    self.timeline = try #require(TimelineID(timeline))
    self.version = version
    self.base = base
    self.start = try #require(Lsn(start))
    self.wal = try #require((GoldenWAL.folders + [.safekeeper]).first { $0.name == wal })
    self.end = try #require(Lsn(end))
    self.valueCount = valueCount
    (pointCount, pointValueCount) = points
  }

  var testDescription: String { "\(tenant) \(timeline)" }

  var rules: IngestRules {
    IngestRules(version: version, shard: shard, writesSecondLayout: writesSecondLayout)
  }

  /// What the timeline begins with.
  func source() throws -> GrowingTimeline {
    let redo = RedoRules(version: version)
    switch base {
    case .archive(let path):
      return GrowingTimeline([try Self.importArchive(path, rules, at: start)], above: nil, redo: redo)
    case .layers:
      let place = GoldenTenant.Place(shard: shard.index, timeline: timeline)
      let golden = try GoldenTenant(tenant)
      // The folder must stay as long as the timeline.
      Self.kept.withLock { $0.append(golden) }
      let layers: Timeline = try #require(golden.timelines[place])
      return GrowingTimeline([], above: layers, redo: redo)
    }
  }

  private static let kept = Mutex<[GoldenTenant]>([])

  static func importArchive(_ path: String, _ rules: IngestRules, at lsn: Lsn) throws -> MemoryRun {
    try BaseBackupImport(try .archive(try UnpackedArchive.decompress(path)), rules, at: lsn).values()
  }

  /// Ingests all WAL.
  ///
  /// - source: what to begin with, if it is not the base.
  func grow(above source: GrowingTimeline? = nil) async throws -> TimelineGrowth {
    let growth = try await TimelineGrowth.begin(above: try source ?? self.source(), at: start, rules)
    growth.stop = end
    growth.runByteCount = 16 << 20
    try await Self.feed(growth, wal.bytes(), from: wal.segment)
    #expect(growth.lastLsn == end)
    return growth
  }

  /// Gives WAL in pieces until the growth is paused or has all of it.
  static func feed(_ growth: TimelineGrowth, _ bytes: [UInt8], from segment: Lsn) async throws {
    while !growth.isPaused {
      let from = Int(growth.wanted.value - segment.value)
      guard from < bytes.count else { break }
      try await growth.ingest(Array(bytes[from..<min(bytes.count, from + 300_000)]))
    }
  }

  // MARK: Values

  /// The values of memory by key and LSN, as layers store them.
  func values(_ timeline: GrowingTimeline) -> [TreeKey: [UInt8]] {
    var values: [TreeKey: [UInt8]] = [:]
    for run in timeline.runs {
      run.forEach { key, lsn, bytes in
        if includes(lsn) { values[TreeKey(key, lsn)] = bytes.withUnsafeBytes { [UInt8]($0) } }
      }
    }
    return values
  }

  /// Whether a value of this LSN is compared.
  private func includes(_ lsn: Lsn) -> Bool {
    if case .archive = base, lsn == start { return true }
    return start < lsn && lsn <= end
  }

  /// The values that the page server has, in its layers.
  func goldenValues(_ files: [LayerFile]) throws -> [TreeKey: [UInt8]] {
    var values: [TreeKey: [UInt8]] = [:]
    for file in files where file.object.timeline == timeline && file.shard == shard.index {
      let name = file.object.name
      guard name.isDelta || name.startLsn == start else { continue }
      _ = try file.object.check(try file.bytes()) { entry, value in
        guard includes(entry.lsn) else { return }
        var bytes = value.withUnsafeBytes { [UInt8]($0) }
        if !name.isDelta { bytes = LayerValue.image(bytes).encoded }
        values[TreeKey(entry.key, entry.lsn)] = bytes
      }
    }
    return values
  }

  /// Says how values differ: counts by kinds, each with its first place.
  ///
  /// Where history was collected, images stand for what there was before: they must be what ours comes to there.
  func differences(
    _ ours: [TreeKey: [UInt8]],
    _ theirs: [TreeKey: [UInt8]],
    _ timeline: GrowingTimeline
  ) async throws -> [String] {
    var counts: [String: (count: Int, first: TreeKey)] = [:]
    func add(_ kind: String, _ key: TreeKey) {
      let known = counts[kind] ?? (0, key)
      counts[kind] = (known.count + 1, min(known.first, key))
    }
    for (key, value) in theirs {
      var own = ours[key]
      if own == nil, isCollected, LayerValue.isImage(value) {
        guard let image = try await Self.value(of: key, timeline) else { continue }
        own = LayerValue.image(image).encoded
      }
      guard let own else {
        add("missing \(Self.kind(value))", key)
        continue
      }
      if !Self.isEqual(key.key, own, value) { add("\(Self.kind(own)) instead of \(Self.kind(value))", key) }
    }
    if !isCollected {
      for (key, value) in ours where theirs[key] == nil { add("additional \(Self.kind(value))", key) }
    }
    return counts.sorted { $0.value.count > $1.value.count }.map { kind, found in
      "\(found.count) \(kind.prefix(200)), such as \(KeyClass(found.first.key)) \(found.first.lsn)"
    }
  }

  /// Nil if replay does not support a record.
  private static func value(of key: TreeKey, _ timeline: GrowingTimeline) async throws -> [UInt8]? {
    do {
      return try await timeline.value(of: key.key, at: key.lsn)
    } catch ReadError.unreplayed {
      return nil
    }
  }

  /// Directories are in the order of a hash table in those of page servers.
  static func isEqual(_ key: Key, _ left: [UInt8], _ right: [UInt8]) -> Bool {
    if left == right { return true }
    guard left.count == right.count, case .image(let ours)? = try? LayerValue(parsing: left.span.bytes),
      case .image(let theirs)? = try? LayerValue(parsing: right.span.bytes)
    else { return false }
    func same<Value: StoredValue>(_ type: Value.Type) -> Bool {
      guard let left = try? Value(parsing: ours.span.bytes),
        let right = try? Value(parsing: theirs.span.bytes)
      else { return false }
      return left == right
    }
    switch KeyClass(key) {
    case .databaseDirectory: return same(DatabaseDirectory.self)
    case .relationDirectoryV1: return same(RelationDirectory.self)
    case .slruDirectory: return same(SLRUSegmentDirectory.self)
    case .twoPhaseDirectory: return same(TwoPhaseDirectory.self)
    default: return false
    }
  }

  /// What kind of value it is: for messages.
  private static func kind(_ bytes: [UInt8]) -> String {
    guard let value = try? LayerValue(parsing: bytes.span.bytes) else { return "no value" }
    switch value {
    case .image(let image): return "image of \(image.count) bytes"
    case .record(.postgres(let willInit, let record)):
      guard let header = WALRecordHeader(record.span.bytes) else { return "no record" }
      return "\(ResourceManager.name(header.resourceManager)) \(header.info) \(willInit ? "init" : "")"
    case .record(let record): return "\(record.tag)"
    }
  }
}

extension LayerValue {
  fileprivate var encoded: [UInt8] {
    var bytes: [UInt8] = []
    encode(into: &bytes)
    return bytes
  }

  fileprivate static func isImage(_ bytes: [UInt8]) -> Bool {
    if case .image? = try? LayerValue(parsing: bytes.span.bytes) { return true }
    return false
  }
}
