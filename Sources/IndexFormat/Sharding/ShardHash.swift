/// The hash that spreads pages over shards, the same as the compute's (`pgxn/neon/libpagestore.c`). Its
/// arithmetic is modulo 2^32 on purpose.
///
/// Source: `libs/pageserver_api/src/shard.rs`.
@usableFromInline
enum ShardHash {
  /// The final mix of MurmurHash3 for 32 bits.
  @inlinable
  @inline(__always)
  static func murmurhash32(_ value: UInt32) -> UInt32 {
    var hash = value
    hash ^= hash >> 16
    hash = hash &* 0x85eb_ca6b
    hash ^= hash >> 13
    hash = hash &* 0xc2b2_ae35
    hash ^= hash >> 16
    return hash
  }

  /// PostgreSQL's `hash_combine`.
  @inlinable
  @inline(__always)
  static func combine(_ left: UInt32, _ right: UInt32) -> UInt32 {
    left ^ (right &+ 0x9e37_79b9 &+ (left << 6) &+ (left >> 2))
  }
}
