import IndexFormat

/// Why a value cannot be told. One pointer in size, as it crosses many an `await`.
public indirect enum ReadError: Error, Sendable {
  /// No layer has the key.
  case missingKey(MissingKey)
  /// A layer on the way is damaged, or its source gave no answer.
  case layer(LayerReadError)
  /// Records were found that must be applied to an image, or follow a missing one, and that was not done: nobody asked
  /// for it, the version of PostgreSQL is not known, or replay of one of them is not supported.
  case unreplayed(UnreplayedValue)
  /// A record does not fit the value that it is stored for.
  case redo(RedoError)
  /// The value is there and is not what its key says.
  case damagedValue(Key, Lsn, FormatError)
  /// Two ways of reading differ: a fault of Scrubber, or layers that overlap as they must not.
  case disagreement(Key, Lsn, found: String, expected: String)
  case cancelled
}

/// A key for which the layers have no value.
public struct MissingKey: Equatable, Sendable {
  public var key: Key
  public var shard: ShardIndex
  public var timeline: TimelineID
  public var lsn: Lsn
  /// The last timeline that was asked, and at which LSN, if it is an ancestor.
  public var ancestor: TimelineID?
  public var ancestorLsn: Lsn?
  /// Keys of the layers' objects, in the order in which they were read.
  public var layersVisited: [String]

  public init(
    key: Key,
    shard: ShardIndex,
    timeline: TimelineID,
    lsn: Lsn,
    ancestor: TimelineID? = nil,
    ancestorLsn: Lsn? = nil,
    layersVisited: [String] = []
  ) {
    self.key = key
    self.shard = shard
    self.timeline = timeline
    self.lsn = lsn
    self.ancestor = ancestor
    self.ancestorLsn = ancestorLsn
    self.layersVisited = layersVisited
  }
}

/// A value of which only records are at hand, on an image or without one.
public struct UnreplayedValue: Equatable, Sendable {
  public var key: Key
  public var lsn: Lsn
  /// Records that would have to be applied.
  public var recordCount: Int
  /// Whether there is something to apply them to: an image, or a first record that makes the page anew.
  public var hasBase: Bool
  /// The record whose replay is not supported; nil if none was tried.
  public var obstacle: RedoError?

  public init(key: Key, lsn: Lsn, recordCount: Int, hasBase: Bool, obstacle: RedoError? = nil) {
    self.key = key
    self.lsn = lsn
    self.recordCount = recordCount
    self.hasBase = hasBase
    self.obstacle = obstacle
  }
}

extension ReadError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missingKey(let missing): "\(missing)"
    case .layer(let error): "\(error)"
    case .unreplayed(let value):
      "key \(value.key) at \(value.lsn): \(value.recordCount) WAL records"
        + (value.hasBase ? " must be applied" : " without an image to apply them to")
        + (value.obstacle.map { ": \($0)" } ?? "")
    case .redo(let error): "\(error)"
    case .damagedValue(let key, let lsn, let error): "value of key \(key) at \(lsn): \(error)"
    case .disagreement(let key, let lsn, let found, let expected):
      "key \(key) at \(lsn): found \(found), a reading of all layers found \(expected)"
    case .cancelled: "cancelled"
    }
  }
}

extension MissingKey: CustomStringConvertible {
  public var description: String {
    var text = "no value for key \(key) on shard \(shard) of timeline \(timeline) at \(lsn)"
    if let ancestor, let ancestorLsn { text += ", nor of its ancestor \(ancestor) at \(ancestorLsn)" }
    text += layersVisited.isEmpty ? "; no layer covers it" : "; layers read: "
    return text + layersVisited.joined(separator: ", ")
  }
}
