import IndexFormat

/// Sorts entries by key without comparing keys with each other, in time that grows with their count alone.
///
/// Nearly all keys are blocks of some hundred relations. So the first 14 bytes of a key become a number that says their
/// place among all of them, and with the block number behind it a key is a number of 64 bits, by whose digits entries
/// are sorted: the last digit first, each time keeping the order of those that have the same one.
enum EntryOrder {
  /// An entry: what it is sorted by, and where it stands.
  private struct Item {
    var number: UInt64
    var position: UInt32
  }

  /// A key without its last 4 bytes.
  private struct Prefix: Hashable, Comparable {
    var high: UInt64
    var low: UInt64

    @inline(__always)
    init(_ key: Key) {
      high = key.high
      low = key.middle >> 16
    }

    /// Where the prefix is remembered that was met last with the same one.
    @inline(__always)
    var slot: Int {
      Int(truncatingIfNeeded: (low ^ low >> 8 ^ high &* 31) & UInt64(EntryOrder.slotCount - 1))
    }

    static func < (left: Prefix, right: Prefix) -> Bool {
      left.high == right.high ? left.low < right.low : left.high < right.high
    }
  }

  private static let slotCount = 256
  private static let digitBitCount = 11

  /// Positions of the entries, of which there are fewer than 2^32, by ascending key; those of one key in the order in
  /// which they stand.
  static func positions(_ entries: Span<MemoryLayer.Entry>) -> [UInt32] {
    var items = numbered(entries)
    sort(&items)
    return items.map(\.position)
  }

  private static func numbered(_ entries: Span<MemoryLayer.Entry>) -> [Item] {
    var items: [Item] = []
    items.reserveCapacity(entries.count)
    var prefixes: [Prefix] = []
    var numbers: [Prefix: UInt32] = [:]
    var recent = [(prefix: Prefix, number: UInt32)?](repeating: nil, count: slotCount)
    for position in entries.indices {
      let key = entries[position].key
      let prefix = Prefix(key)
      let number: UInt32
      if let slot = recent[prefix.slot], slot.prefix == prefix {
        number = slot.number
      } else {
        number = numbers[prefix] ?? UInt32(truncatingIfNeeded: prefixes.count)
        if number == prefixes.count {
          numbers[prefix] = number
          prefixes.append(prefix)
        }
        recent[prefix.slot] = (prefix, number)
      }
      let item = Item(
        number: UInt64(number) << 32 | UInt64(key.field6),
        position: UInt32(truncatingIfNeeded: position)
      )
      items.append(item)
    }
    rank(prefixes, &items)
    return items
  }

  /// Replaces the numbers of prefixes, which say when they came first, by those of their order.
  private static func rank(_ prefixes: [Prefix], _ items: inout [Item]) {
    var ranks = [UInt64](repeating: 0, count: prefixes.count)
    let sorted = prefixes.indices.sorted { prefixes[$0] < prefixes[$1] }
    for (rank, number) in sorted.enumerated() { ranks[number] = UInt64(rank) << 32 }
    for index in items.indices {
      let number = items[index].number
      items[index].number = ranks[Int(number >> 32)] | number & 0xffff_ffff
    }
  }

  private static func sort(_ items: inout [Item]) {
    guard let first = items.first else { return }
    let varying = items.reduce(0) { $0 | ($1.number ^ first.number) }
    var sorted = items
    let mask = UInt64(1 << digitBitCount - 1)
    for shift in stride(from: UInt64(0), to: 64, by: digitBitCount) where varying >> shift & mask != 0 {
      // How many have a lower digit: where those with this one begin.
      var starts = [Int](repeating: 0, count: 1 << digitBitCount + 1)
      for item in items { starts[Int(item.number >> shift & mask) + 1] += 1 }
      for digit in 1..<starts.count { starts[digit] += starts[digit - 1] }
      for item in items {
        let digit = Int(item.number >> shift & mask)
        sorted[starts[digit]] = item
        starts[digit] += 1
      }
      swap(&items, &sorted)
    }
  }
}
