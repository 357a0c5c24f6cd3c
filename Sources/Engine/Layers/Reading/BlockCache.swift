import Synchronization

/// Blocks of layers that were read, within a budget of bytes, for all readers together.
///
/// Kept are groups of eight blocks, as a ranged read of 64 KiB takes hardly longer than one of 8. Each shard has its
/// own lock, a table, and a ring of slots with a hand ("clock"): a look-up marks the slot, and the hand takes the
/// next slot without a mark, wiping marks on its way. So a look-up moves nothing, and what is read once goes first.
public final class BlockCache: Sendable {
  /// A layer that is open; its number is never used again.
  public struct FileID: Hashable, Sendable {
    let number: UInt64
  }

  private struct GroupID: Hashable {
    var file: UInt64
    var group: UInt32
  }

  private struct Slot {
    var id: GroupID
    var bytes: LayerBytes
    var isMarked: Bool
  }

  private struct Shard {
    var table: [GroupID: Int] = [:]
    var slots: [Slot] = []
    var hand = 0
    /// Groups that some task is reading.
    var flights: [GroupID: BlockFlight] = [:]

    mutating func get(_ id: GroupID) -> LayerBytes? {
      guard let index = table[id] else { return nil }
      slots[index].isMarked = true
      return slots[index].bytes
    }

    mutating func put(_ id: GroupID, _ bytes: LayerBytes, limit: Int) {
      if let index = table[id] {
        slots[index].bytes = bytes
      } else if slots.count < limit {
        table[id] = slots.count
        slots.append(Slot(id: id, bytes: bytes, isMarked: false))
      } else if limit > 0 {
        while slots[hand].isMarked {
          slots[hand].isMarked = false
          hand = (hand + 1) % slots.count
        }
        table[slots[hand].id] = nil
        table[id] = hand
        slots[hand] = Slot(id: id, bytes: bytes, isMarked: false)
        hand = (hand + 1) % slots.count
      }
    }
  }

  /// A shard with its lock: locks cannot stand in an array.
  private final class Locked: Sendable {
    let shard = Mutex(Shard())
  }

  public static let groupByteCount: UInt64 = 64 << 10
  private static let shardCount = 16

  private let shards: [Locked]
  private let slotsPerShard: Int
  private let nextFile = Atomic<UInt64>(0)

  /// - Parameter byteBudget: rounded down to whole groups in each of the shards, so below 1 MiB nothing is kept.
  public init(byteBudget: Int) {
    shards = (0..<Self.shardCount).map { _ in Locked() }
    slotsPerShard = max(byteBudget, 0) / Int(Self.groupByteCount) / Self.shardCount
  }

  /// A number for a layer that is being opened.
  public func newFile() -> FileID { FileID(number: nextFile.wrappingAdd(1, ordering: .relaxed).oldValue) }

  func get(_ file: FileID, _ group: UInt32) -> LayerBytes? {
    let id = GroupID(file: file.number, group: group)
    return shard(id).shard.withLock { $0.get(id) }
  }

  /// What is to be done about a group that is wanted.
  enum Claim {
    case bytes(LayerBytes)
    /// Another task reads it.
    case flight(BlockFlight)
    /// The caller reads it, and calls `settle`, whatever comes of it.
    case toRead
  }

  /// So that a group that several tasks want at a time is read once.
  func claim(_ file: FileID, _ group: UInt32) -> Claim {
    let id = GroupID(file: file.number, group: group)
    return shard(id).shard.withLock { shard in
      if let bytes = shard.get(id) { return .bytes(bytes) }
      if let flight = shard.flights[id] { return .flight(flight) }
      shard.flights[id] = BlockFlight()
      return .toRead
    }
  }

  func settle(_ file: FileID, _ group: UInt32, _ result: Result<LayerBytes, LayerReadError>) {
    let id = GroupID(file: file.number, group: group)
    // Kept first: who asks in between finds either.
    if case .success(let bytes) = result { put(file, group, bytes.bytes) }
    let flight = shard(id).shard.withLock { $0.flights.removeValue(forKey: id) }
    flight?.finish(result)
  }

  /// Keeps a copy of the bytes: they may be part of a longer read, which a slice would hold on to.
  func put(_ file: FileID, _ group: UInt32, _ bytes: RawSpan) {
    guard slotsPerShard > 0 else { return }
    let id = GroupID(file: file.number, group: group)
    let copy = LayerBytes(copying: bytes)
    shard(id).shard.withLock { $0.put(id, copy, limit: slotsPerShard) }
  }

  /// Bytes that are kept now.
  public var byteCount: Int {
    shards.reduce(0) { sum, locked in
      sum + locked.shard.withLock { shard in shard.slots.reduce(0) { $0 + $1.bytes.byteCount } }
    }
  }

  private func shard(_ id: GroupID) -> Locked {
    shards[Int(truncatingIfNeeded: (id.file &* 31 &+ UInt64(id.group)) % UInt64(Self.shardCount))]
  }
}
