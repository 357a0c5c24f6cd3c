/// One layer as an index names it: an entry of `layer_metadata`.
///
/// | JSON member | type | missing means |
/// |---|---|---|
/// | (the entry's name) | layer name without generation | — |
/// | `file_size` | u64 | error |
/// | `generation` | u32 | none: the object key has no suffix |
/// | `shard` | 4 hex digits | unsharded, whatever shard the index belongs to |
///
/// Source: `pageserver/src/tenant/remote_timeline_client/index.rs`. 88 bytes in memory.
public struct IndexLayer: Hashable, Sendable {
  public var name: LayerName
  public var generation: Generation
  /// The shard whose folder holds the object; after a split that may be an ancestor of the index's own shard.
  public var shard: ShardIndex
  /// Bytes of the object.
  public var fileSize: UInt64

  @inlinable
  public init(name: LayerName, generation: Generation, shard: ShardIndex, fileSize: UInt64) {
    self.name = name
    self.generation = generation
    self.shard = shard
    self.fileSize = fileSize
  }
}
