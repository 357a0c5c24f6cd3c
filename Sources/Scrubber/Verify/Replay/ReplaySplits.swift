import Engine
import IndexFormat

/// When the shards of a timeline were split, as its layers tell: those that a shard got from the one before the split
/// are named after that one, and what it had then was written down to the last record.
struct ReplaySplits: Sendable {
  /// Of each shard of before a split the last LSN that it wrote.
  private var ends: [ShardIndex: Lsn] = [:]

  /// - Parameter shards: of each shard its number, and the layers that its index names.
  init(_ shards: [(index: ShardIndex, layers: [IndexLayer])]) {
    for shard in shards {
      for layer in shard.layers where Self.isBefore(layer.shard, shard.index) {
        ends[layer.shard] = max(ends[layer.shard] ?? .invalid, Self.lastLsn(of: layer.name))
      }
    }
  }

  /// Whether splits can have led from one shard to the other.
  static func isBefore(_ parent: ShardIndex, _ shard: ShardIndex) -> Bool {
    parent.effectiveCount < shard.effectiveCount
      && shard.effectiveCount.isMultiple(of: parent.effectiveCount)
      && shard.parent(count: parent.count) == parent
  }

  private static func lastLsn(of name: LayerName) -> Lsn {
    name.isDelta ? Lsn(max(name.endLsn.value, 1) - 1) : name.startLsn
  }

  /// The splits that led to a shard, the oldest first, each with the shard that was split.
  func ancestors(of shard: ShardIndex) -> [(shard: ShardIndex, end: Lsn)] {
    ends.filter { Self.isBefore($0.key, shard) }.map { (shard: $0.key, end: $0.value) }
      .sorted { $0.shard.effectiveCount < $1.shard.effectiveCount }
  }

  /// The shard that wrote what came behind an LSN.
  func shard(of shard: ShardIndex, behind lsn: Lsn) -> ShardIndex {
    ancestors(of: shard).first { $0.end > lsn }?.shard ?? shard
  }

  /// The first LSN from one on at which the shard's layers still hold all that the shard had which wrote there. Once a
  /// shard has rewritten what it got from before a split, values of others are gone, which a replay may need.
  func firstWhole(from start: Lsn, of shard: ShardIndex, _ layers: [IndexLayer]) -> Lsn {
    var lsn = start
    for (parent, end) in ancestors(of: shard) where end > lsn {
      let isRewritten = layers.contains {
        $0.shard.effectiveCount > parent.effectiveCount && $0.name.startLsn <= lsn
      }
      guard isRewritten else { return lsn }
      lsn = end
    }
    return lsn
  }
}
