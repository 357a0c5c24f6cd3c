extension ShardIdentity {
  /// The number of the shard that owns a key.
  ///
  /// Relation pages are spread by relation number and stripe; tablespace, database and fork do not count, so
  /// all forks of a relation lie alike. Everything else, and pages of init forks, is shard 0's.
  @inlinable
  public func owner(of key: Key) -> UInt8 {
    ShardIdentity.owner(of: key, count: index.count, stripeSize: stripeSize)
  }

  @inlinable
  public static func owner(of key: Key, count: UInt8, stripeSize: StripeSize) -> UInt8 {
    guard count >= 2, !isOnShardZero(key) else { return 0 }
    let hash = ShardHash.combine(
      ShardHash.murmurhash32(key.field4),
      ShardHash.murmurhash32(key.field6 / stripeSize.pages)
    )
    return UInt8(truncatingIfNeeded: hash % UInt32(count))
  }

  /// Whether the key belongs to shard 0 whatever its numbers. The rule for init forks dates from 2024-04-22;
  /// before, their pages were spread like others.
  @inlinable
  public static func isOnShardZero(_ key: Key) -> Bool { !key.isRelationBlock || key.field5 == 3 }

  /// Whether this shard owns the key.
  @inlinable
  public func isLocal(_ key: Key) -> Bool { index.count < 2 || owner(of: key) == index.number }

  /// Whether every shard keeps the key: sizes of relations, directories of databases and relations, relation
  /// maps, prepared transactions, control file, checkpoint, replication origins, aux files v1.
  ///
  /// Not SLRUs and aux files v2, which only shard 0 has since 2024-12-03 (SLRU directories: 2024-12-16).
  /// Before, all shards had them: their layers hold such keys rightly.
  public static func isGlobal(_ key: Key) -> Bool {
    !(key.isSLRUBlock || key.isSLRUSegmentSize || key.isSLRUDirectory || key.isAuxFile || key.isRelationBlock)
  }

  /// Whether this shard may drop the key. It need not: layers taken over from the parent of a split hold such
  /// keys until compaction rewrites them, and before 2024-12-03 keys of shard 0 were never dropped.
  public func isDisposable(_ key: Key) -> Bool {
    index.count >= 2 && !ShardIdentity.isGlobal(key) && !isLocal(key)
  }
}
