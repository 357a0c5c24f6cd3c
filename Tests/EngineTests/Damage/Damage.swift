import Engine
import IndexFormat

/// One damage of one tenant: what is other than it was, and what a finding must name.
struct Damage {
  var kind: DamageKind
  var timeline: TimelineID
  /// Objects with other bytes; nil for those that are gone.
  var changes: [String: [UInt8]?] = [:]
  /// What the timeline's index says then, if that is something else.
  var index: IndexPart?
  /// Keys whose values may be others, and from which LSN on.
  var keys = KeySpace()
  var lsn: Lsn
  /// Objects of which one must be named.
  var named: Set<String>
  /// In words, for messages.
  var place: String
  /// Of damage of WAL: what is read instead, and LSNs of which one must be named.
  var wal: MemoryWAL?
  var stretches: [Range<Lsn>] = []

  init(
    _ kind: DamageKind,
    _ timeline: TimelineID,
    changes: [String: [UInt8]?] = [:],
    index: IndexPart? = nil,
    keys: KeySpace = KeySpace(),
    lsn: Lsn,
    named: Set<String>,
    place: String
  ) {
    self.kind = kind
    self.timeline = timeline
    self.changes = changes
    self.index = index
    self.keys = keys
    self.lsn = lsn
    self.named = named
    self.place = place
  }

  /// Whether a finding about a key is about this damage. Of a directory of relations those that it lists are named, of
  /// a size the pages that it claims.
  func concerns(_ key: Key) -> Bool {
    if keys.contains(key) { return true }
    return keys.ranges.contains { range in
      switch KeyClass(range.start) {
      case .relationDirectoryV1(let database): key.field4 != 0 && key.relationTag.database == database
      case .relationSize(let tag): key.isRelationBlock && key.relationTag == tag
      default: false
      }
    }
  }

  /// Whether values are touched that say which others there are.
  var isStructural: Bool {
    keys.ranges.contains { range in
      !(range.start.isRelationBlock && range.isSingleKey && range.start.field4 != 1259)
    }
  }
}

/// How damage can be seen, the cheapest first.
enum DamageSight: Int, CaseIterable, Comparable {
  case scan, layer, reconstruct, images, replay

  static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
}

/// What came of looking for one damage.
struct DamageOutcome {
  enum Verdict: Equatable {
    /// By the cheapest way that names the layer, or at least the key.
    case seen(DamageSight)
    /// Every read gives what it gave before, or what PostgreSQL holds for the same.
    case neutral
    case unseen
  }

  var verdict: Verdict
  /// Whether a finding names one of the damage's objects.
  var isNamed = false
  /// Whether one names one of its keys, at its LSN or later.
  var isKeyed = false
  /// Of what is not seen: whether all reads at LSNs that are verified give what they gave before.
  var isReadNowhere = false
  var texts: [String] = []
}

/// Layers in memory, of which some are others.
final class DamagedSource: LayerSource {
  private let objects: [String: [UInt8]]
  private let changes: [String: [UInt8]?]

  init(_ objects: [String: [UInt8]], _ changes: [String: [UInt8]?]) {
    self.objects = objects
    self.changes = changes
  }

  func byteCount(of key: String) async throws(LayerSourceError) -> UInt64 { UInt64(try object(key).count) }

  func read(_ key: String, _ range: Range<UInt64>) async throws(LayerSourceError) -> LayerBytes {
    let bytes = try object(key)
    guard range.upperBound <= bytes.count else {
      throw LayerSourceError(.shortRead, key: key, detail: "\(bytes.count) bytes, asked for \(range)")
    }
    return LayerBytes(copying: bytes.span.bytes.extracting(Int(range.lowerBound)..<Int(range.upperBound)))
  }

  private func object(_ key: String) throws(LayerSourceError) -> [UInt8] {
    let bytes: [UInt8]?
    if let change = changes[key] { bytes = change } else { bytes = objects[key] }
    guard let bytes else { throw LayerSourceError(.notFound, key: key, detail: "no such object") }
    return bytes
  }
}
