import Synchronization

/// Blocks of layers that were read, within a budget of bytes, for all readers together.
///
/// Each shard has its own lock, a table, and a ring of slots with a hand ("clock"): a look-up marks the slot, and the
/// hand takes the next slot without a mark, wiping marks on its way. So a look-up moves nothing, and what is read once
/// goes first.
public final class BlockCache: Sendable {
  /// A layer that is open; its number is never used again.
  public struct FileID: Hashable, Sendable {
    let number: UInt64
  }

  private struct BlockID: Hashable {
    var file: UInt64
    var block: UInt32
  }

  private struct Slot {
    var id: BlockID
    var bytes: LayerBytes
    var isMarked: Bool
  }

  private struct Shard {
    var table: [BlockID: Int] = [:]
    var slots: [Slot] = []
    var hand = 0
    /// Blocks that some task is reading.
    var flights: [BlockID: BlockFlight] = [:]

    mutating func get(_ id: BlockID) -> LayerBytes? {
      guard let index = table[id] else { return nil }
      slots[index].isMarked = true
      return slots[index].bytes
    }

    /// - Returns: whether a slot more is taken.
    mutating func put(_ id: BlockID, _ bytes: LayerBytes, limit: Int) -> Bool {
      if let index = table[id] {
        slots[index].bytes = bytes
        return false
      }
      if slots.count < limit {
        table[id] = slots.count
        slots.append(Slot(id: id, bytes: bytes, isMarked: false))
        return true
      }
      if limit > 0 {
        while slots[hand].isMarked {
          slots[hand].isMarked = false
          hand = (hand + 1) % slots.count
        }
        table[slots[hand].id] = nil
        table[id] = hand
        slots[hand] = Slot(id: id, bytes: bytes, isMarked: false)
        hand = (hand + 1) % slots.count
      }
      return false
    }
  }

  /// A shard with its lock: locks cannot stand in an array.
  private final class Locked: Sendable {
    let shard = Mutex(Shard())
  }

  private static let shardCount = 16

  private let shards: [Locked]
  private let slotsPerShard: Int
  private let keptCount = Atomic<Int>(0)
  private let nextFile = Atomic<UInt64>(0)

  /// - Parameter byteBudget: rounded down to whole blocks in each of the shards, so below 128 KiB nothing is kept.
  public init(byteBudget: Int) {
    shards = (0..<Self.shardCount).map { _ in Locked() }
    slotsPerShard = max(byteBudget, 0) / TreeNode.blockByteCount / Self.shardCount
  }

  /// Whether so many blocks would be kept without others having to go. About: shards fill up one by one.
  func hasRoom(for count: Int) -> Bool {
    keptCount.load(ordering: .relaxed) + count <= slotsPerShard * Self.shardCount
  }

  /// A number for a layer that is being opened.
  public func newFile() -> FileID { FileID(number: nextFile.wrappingAdd(1, ordering: .relaxed).oldValue) }

  func get(_ file: FileID, _ block: UInt32) -> LayerBytes? {
    let id = BlockID(file: file.number, block: block)
    return shard(id).shard.withLock { $0.get(id) }
  }

  /// What is to be done about a block that is wanted.
  enum Claim {
    case bytes(LayerBytes)
    /// Another task reads it.
    case flight(BlockFlight)
    /// The caller reads it, and calls `settle`, whatever comes of it.
    case toRead
  }

  /// So that a block that several tasks want at a time is read once.
  func claim(_ file: FileID, _ block: UInt32) -> Claim {
    let id = BlockID(file: file.number, block: block)
    return shard(id).shard.withLock { shard in
      if let bytes = shard.get(id) { return .bytes(bytes) }
      if let flight = shard.flights[id] { return .flight(flight) }
      shard.flights[id] = BlockFlight()
      return .toRead
    }
  }

  func settle(_ file: FileID, _ block: UInt32, _ result: Result<LayerBytes, LayerReadError>) {
    let id = BlockID(file: file.number, block: block)
    // Kept first: who asks in between finds either.
    if case .success(let bytes) = result { put(file, block, bytes.bytes) }
    let flight = shard(id).shard.withLock { $0.flights.removeValue(forKey: id) }
    flight?.finish(result)
  }

  /// Keeps a copy of the bytes: they may be part of a longer read, which a slice would hold on to.
  func put(_ file: FileID, _ block: UInt32, _ bytes: RawSpan) {
    guard slotsPerShard > 0 else { return }
    let id = BlockID(file: file.number, block: block)
    let copy = LayerBytes(copying: bytes)
    let isMore = shard(id).shard.withLock { $0.put(id, copy, limit: slotsPerShard) }
    if isMore { keptCount.wrappingAdd(1, ordering: .relaxed) }
  }

  /// Bytes that are kept now.
  public var byteCount: Int {
    shards.reduce(0) { sum, locked in
      sum + locked.shard.withLock { shard in shard.slots.reduce(0) { $0 + $1.bytes.byteCount } }
    }
  }

  private func shard(_ id: BlockID) -> Locked {
    shards[Int(truncatingIfNeeded: (id.file &* 31 &+ UInt64(id.block)) % UInt64(Self.shardCount))]
  }
}
