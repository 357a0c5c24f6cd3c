import Synchronization

/// Blocks of a layer's index whose keys were found in order, by their numbers: so that reads one after the other, each
/// of which walks down from the root, do not look at all keys of the same blocks again and again.
///
/// Blocks that are read anew are forgotten, as the source may give other bytes then.
final class OrderedBlocks: Sendable {
  private let numbers = Mutex<Set<UInt32>>([])

  func contains(_ number: UInt32) -> Bool { numbers.withLock { $0.contains(number) } }

  func insert(_ number: UInt32) { numbers.withLock { _ = $0.insert(number) } }

  func remove(_ blocks: [UInt32]) {
    numbers.withLock { numbers in
      for number in blocks { numbers.remove(number) }
    }
  }
}
