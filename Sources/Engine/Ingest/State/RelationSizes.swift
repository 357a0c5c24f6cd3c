import IndexFormat

/// The lengths of relation forks. What was asked for last is found without the table, as most records name the
/// relations of those before them.
struct RelationSizes {
  private struct Identity: Hashable {
    var database: UInt64
    var relation: UInt64

    init(_ tag: RelationTag) {
      database = UInt64(tag.database.tablespace) << 32 | UInt64(tag.database.database)
      relation = UInt64(tag.relation) << 8 | UInt64(tag.fork.number)
    }

    var slot: Int {
      Int(truncatingIfNeeded: (relation ^ relation >> 8 &* 31) & UInt64(RelationSizes.slotCount - 1))
    }
  }

  private struct Slot {
    var identity: Identity
    var blockCount: UInt32
  }

  private var table: [Identity: UInt32] = [:]
  private var recent = [Slot?](repeating: nil, count: slotCount)

  private static let slotCount = 64

  /// Nil if there is no such fork.
  @inline(__always)
  mutating func blockCount(of tag: RelationTag) -> UInt32? {
    let identity = Identity(tag)
    if let slot = recent[identity.slot], slot.identity == identity { return slot.blockCount }
    guard let count = table[identity] else { return nil }
    recent[identity.slot] = Slot(identity: identity, blockCount: count)
    return count
  }

  mutating func set(_ tag: RelationTag, _ blockCount: UInt32) {
    let identity = Identity(tag)
    table[identity] = blockCount
    recent[identity.slot] = Slot(identity: identity, blockCount: blockCount)
  }

  mutating func remove(_ tag: RelationTag) {
    let identity = Identity(tag)
    table[identity] = nil
    recent[identity.slot] = nil
  }
}
