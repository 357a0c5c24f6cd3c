import Engine
import IndexFormat

/// What is in a layer, counted: values by what their keys stand for and by what they are. Grows with the number of
/// kinds, not of values.
final class LayerProfile {
  struct Share: Equatable {
    var count = 0
    var byteCount: UInt64 = 0

    mutating func add(_ bytes: Int) {
      count += 1
      byteCount = byteCount.saturatingSum(UInt64(bytes))
    }
  }

  /// By the name of the family.
  private(set) var families: [String: Share] = [:]
  /// By the kind of the value.
  private(set) var forms: [String: Share] = [:]
  private(set) var firstKey: Key?
  private(set) var lastKey: Key?
  private(set) var keyCount = 0
  private(set) var initCount = 0

  func add(_ entry: LayerEntry, _ bytes: RawSpan, in kind: LayerName.Kind) {
    let value = StoredValue(bytes, in: kind)
    families[KeyClass(entry.key).family, default: Share()].add(bytes.byteCount)
    forms[value.kindText, default: Share()].add(bytes.byteCount)
    if lastKey != entry.key { keyCount += 1 }
    if firstKey == nil { firstKey = entry.key }
    lastKey = entry.key
    if entry.willInit { initCount += 1 }
  }

  /// The largest first.
  static func sorted(_ shares: [String: Share]) -> [(name: String, share: Share)] {
    shares.sorted { ($0.value.byteCount, $1.key) > ($1.value.byteCount, $0.key) }.map { ($0.key, $0.value) }
  }
}

extension StoredValue {
  /// `image`, `HEAP record`, `clog-set-committed record`.
  var kindText: String {
    switch form {
    case .image: "image"
    case .wal(nil): "short record"
    case .wal(let header?): "\(ResourceManager.name(header.resourceManager)) record"
    case .other(let name, _): "\(name) record"
    }
  }
}

extension KeyClass {
  /// What kind of thing it is, without which one.
  var family: String {
    switch self {
    case .databaseDirectory: "database directory"
    case .relationMap: "relation maps"
    case .relationDirectoryV1, .relationDirectoryV2: "relation directories"
    case .relationBlock(let tag, _):
      tag.fork.isKnown ? "relation blocks, \(tag.fork.name) fork" : "relation blocks, unknown fork"
    case .relationSize: "relation sizes"
    case .slruDirectory: "SLRU directories"
    case .slruBlock(let segment, _): "SLRU blocks, \(segment.kind.folder)"
    case .slruSegmentSize: "SLRU sizes"
    case .twoPhaseDirectory, .twoPhaseFile: "prepared transactions"
    case .controlFile: "control file"
    case .checkpoint: "checkpoint"
    case .auxFilesV1, .auxFile: "aux files"
    case .replicationOrigin: "replication origins"
    case .reserved, .unknown: "unknown keys"
    }
  }
}

extension RelationFork {
  /// `main`, `fsm`, `vm`, `init`, or the number.
  var name: String {
    switch number {
    case 0: "main"
    case 1: "fsm"
    case 2: "vm"
    case 3: "init"
    default: "\(number)"
    }
  }
}
