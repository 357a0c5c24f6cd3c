@testable import Engine
import Foundation
import IndexFormat
import Testing

/// Timelines grown by ourselves from what real page servers grew theirs from.
struct GoldenIngest: Sendable, CustomTestStringConvertible {
  /// The tenant's letter.
  var tenant: String
  var shard = ShardIdentity.unsharded()
  var timeline: TimelineID
  var version: PostgresVersion
  /// The archive with the cluster's files, and the LSN at which it stands; nil where it begins with layers.
  var base: String?
  var start: Lsn
  var wal: GoldenWAL
  var end: Lsn
  var writesSecondLayout = false
  /// How many values the page server's delta layers have.
  var valueCount: Int

  var testDescription: String { "\(tenant) \(timeline) \(shard.index)" }

  var rules: IngestRules {
    IngestRules(version: version, shard: shard, writesSecondLayout: writesSecondLayout)
  }

  /// The values of the base, as page servers import them.
  func importBase() throws -> MemoryRun {
    try Self.importArchive(try #require(base), rules, at: start)
  }

  static func importArchive(_ path: String, _ rules: IngestRules, at lsn: Lsn) throws -> MemoryRun {
    var archive = BaseBackupArchive(BaseBackupImport(rules, at: lsn))
    let bytes = try UnpackedArchive.decompress(path)
    var position = 0
    // Pieces of odd lengths, as they come.
    while position < bytes.count {
      let end = min(bytes.count, position + 99_991)
      try archive.add(bytes.span.bytes.extracting(position..<end))
      position = end
    }
    return try archive.finish()
  }

  /// Ingests all WAL.
  ///
  /// - source: what to begin with; nil imports the base.
  func grow(above source: GrowingTimeline? = nil) async throws -> TimelineGrowth {
    var below = source
    if below == nil {
      below = GrowingTimeline([try importBase()], above: nil, redo: RedoRules(version: version))
    }
    let growth = try await TimelineGrowth.begin(above: try #require(below), at: start, rules)
    growth.stop = end
    growth.runByteCount = 16 << 20
    let bytes = try wal.bytes()
    while !growth.isPaused {
      let from = Int(growth.wanted.value - wal.segment.value)
      guard from < bytes.count else { break }
      try await growth.ingest(Array(bytes[from..<min(bytes.count, from + 300_000)]))
    }
    return growth
  }

  /// The values of memory by key and LSN.
  static func values(_ timeline: GrowingTimeline) -> [TreeKey: [UInt8]] {
    var values: [TreeKey: [UInt8]] = [:]
    for run in timeline.runs {
      run.forEach { key, lsn, bytes in
        values[TreeKey(key, lsn)] = bytes.withUnsafeBytes { [UInt8]($0) }
      }
    }
    return values
  }

  /// Directories are in the order of a hash table in those of page servers.
  static func isEqual(_ key: Key, _ left: [UInt8], _ right: [UInt8]) -> Bool {
    if left == right { return true }
    guard left.count == right.count, case .image(let ours)? = try? LayerValue(parsing: left.span.bytes),
      case .image(let theirs)? = try? LayerValue(parsing: right.span.bytes)
    else { return false }
    func same<Value: StoredValue>(_ type: Value.Type) -> Bool {
      guard let left = try? Value(parsing: ours.span.bytes), let right = try? Value(parsing: theirs.span.bytes)
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
  static func kind(_ key: Key, _ bytes: [UInt8]) -> String {
    guard let value = try? LayerValue(parsing: bytes.span.bytes) else { return "no value" }
    switch value {
    case .image(let image): return "image of \(image.count) bytes"
    case .record(.postgres(let willInit, let record)):
      guard let header = WALRecordHeader(record.span.bytes) else { return "no record" }
      return "\(ResourceManager.name(header.resourceManager)) \(header.info) \(willInit ? "init" : "")"
    case .record(let record): return "\(record)"
    }
  }
}
