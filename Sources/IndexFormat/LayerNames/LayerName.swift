/// What identifies a layer: key range, LSN range and kind.
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 36 | first key, upper-case hex |
/// | 36 | 1 | `-` |
/// | 37 | 36 | key behind the last |
/// | 73 | 2 | `__` |
/// | 75 | 16 | image: its LSN; delta: first LSN, upper-case hex |
/// | 91 | 1 + 16 | delta only: `-` and the LSN behind the last |
///
/// An image at L counts as the LSN range [L, L+1). Several objects of different shards and generations may
/// bear one name. Source: `pageserver/src/tenant/storage_layer/layer_name.rs`.
public struct LayerName: Hashable, Sendable {
  public enum Kind: UInt8, Hashable, Sendable {
    case image = 0
    case delta = 1
  }

  public let keys: KeyRange
  public let startLsn: Lsn
  /// The LSN behind the last; of an image the one behind its LSN.
  public let endLsn: Lsn
  public let kind: Kind

  public static let imageTextLength = 91
  public static let deltaTextLength = 108

  @inlinable
  public init(image keys: KeyRange, at lsn: Lsn) {
    self.keys = keys
    startLsn = lsn
    endLsn = lsn.successor
    kind = .image
  }

  @inlinable
  public init(delta keys: KeyRange, from startLsn: Lsn, to endLsn: Lsn) {
    self.keys = keys
    self.startLsn = startLsn
    self.endLsn = endLsn
    kind = .delta
  }

  public var isDelta: Bool { kind == .delta }

  /// A delta over the whole key space: what a flush writes, before compaction cuts it up.
  public var isL0: Bool { kind == .delta && keys == .all }

  /// Whether both ranges go forward. Neon refuses deltas that do not, and takes images with any key range.
  public var hasValidRanges: Bool { keys.start < keys.end && startLsn < endLsn }
}

extension LayerName: Comparable {
  /// By key range, LSN range, then images before deltas. Not the order of the text.
  @inlinable
  public static func < (left: LayerName, right: LayerName) -> Bool {
    if left.keys.start != right.keys.start { return left.keys.start < right.keys.start }
    if left.keys.end != right.keys.end { return left.keys.end < right.keys.end }
    if left.startLsn != right.startLsn { return left.startLsn < right.startLsn }
    if left.endLsn != right.endLsn { return left.endLsn < right.endLsn }
    return left.kind.rawValue < right.kind.rawValue
  }
}
