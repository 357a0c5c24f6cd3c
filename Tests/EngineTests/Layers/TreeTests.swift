import Engine
import IndexFormat
import Testing

struct TreeTests {
  struct Item: Equatable {
    var key: TreeKey
    var value: UInt64
  }

  /// A key whose first bytes are these.
  private func key(_ bytes: [UInt8]) -> TreeKey {
    var words: [UInt128] = [0, 0]
    for (index, byte) in bytes.enumerated() {
      words[index / 16] |= UInt128(byte) << UInt128(120 - 8 * (index % 16))
    }
    return TreeKey(high: words[0], low: words[1])
  }

  private func key(_ text: String) -> TreeKey { key(Array(text.utf8)) }

  private func build(_ items: [Item], _ length: Int) throws -> (blocks: [UInt8], root: UInt32) {
    var builder = TreeBuilder(keyByteCount: length)
    for item in items { try builder.append(item.key, item.value) }
    let root = builder.finish()
    return (builder.blocks, try #require(root))
  }

  private func scan(
    _ blocks: [UInt8],
    root: UInt32,
    _ length: Int,
    from: TreeKey = .min,
    to: TreeKey = .max
  ) throws(FormatError) -> (items: [Item], reads: Int) {
    var scan = TreeScan(root: root, keyByteCount: length, from: from, to: to)
    var items: [Item] = []
    var reads = 0
    while let number = scan.wantedBlock {
      reads += 1
      let start = Int(number) * 8192
      guard start + 8192 <= blocks.count else {
        throw FormatError(.truncated, found: "block \(number)", expected: "a block of the tree")
      }
      try scan.supply(blocks.span.bytes.extracting(start..<start + 8192)) { key, value in
        items.append(Item(key: key, value: value))
        return true
      }
    }
    return (items, reads)
  }

  @Test func eightKeysOfTheOriginalsTest() throws {
    let keys = ["xaaaaa", "xaaaba", "xaaaca", "xabaaa", "xababa", "xabaca", "xabada", "xabadb"]
    let items = keys.enumerated().map { Item(key: key($1), value: UInt64($0)) }
    let (blocks, root) = try build(items, 6)
    let expected =
      "0008000006" + keys.map { Array($0.utf8).hex }.joined()
      + (0..<8).map { "000000000\($0)" }.joined()
    #expect(root == 0)
    #expect(blocks.count == 8192)
    #expect(Array(blocks.prefix(93)).hex == expected)
    #expect(blocks.dropFirst(93).allSatisfy { $0 == 0 })
    let fromFourth = try scan(blocks, root: 0, 6, from: key("xabaaa"))
    #expect(fromFourth.items == Array(items.dropFirst(3)))
    let behind = try scan(blocks, root: 0, 6, from: key("zzzzzz"))
    #expect(behind.items == [])
    let between = try scan(blocks, root: 0, 6, from: key("xaaabx"), to: key("xaaaca"))
    #expect(between.items == [])
  }

  @Test func builderRefusesDisorderAndLongValues() throws {
    var builder = TreeBuilder(keyByteCount: 2)
    try builder.append(key("ba"), 1)
    try builder.append(key("bb"), 2)
    #expect(throws: LayerWriteError.self) { try builder.append(key("aa"), 3) }
    #expect(throws: LayerWriteError.self) { try builder.append(key("bb"), 3) }
    #expect(throws: LayerWriteError.valueTooLarge(0x80_0000_0000)) {
      try builder.append(key("bc"), 0x80_0000_0000)
    }
    var empty = TreeBuilder(keyByteCount: 2)
    #expect(empty.finish() == nil)
  }

  @Test func thousandOddNumbersFitOneBlock() throws {
    let items = (0..<1000).map { number in
      Item(key: TreeKey(high: UInt128(2 * number + 1) << 64, low: 0), value: UInt64(number))
    }
    let (blocks, root) = try build(items, 8)
    #expect(root == 0)
    #expect(Array(blocks.prefix(11)).hex == "03e8000602000000000000")
    let all = try scan(blocks, root: 0, 8)
    #expect(all.items == items)
    for probe in 0..<2010 {
      let from = TreeKey(high: UInt128(probe) << 64, low: 0)
      let found = try scan(blocks, root: 0, 8, from: from)
      #expect(found.items.first == items.first { $0.key >= from })
    }
  }

  /// Trees of two and three levels: every range gives what a plain search gives, reading few blocks.
  @Test(arguments: [18, 26])
  func rangesAreFoundInDeepTrees(length: Int) throws {
    var generator = RepeatableGenerator(seed: 7)
    // Keys without anything in common, so that few fit a node.
    let numbers = Set((0..<130_000).map { _ in UInt128.random(in: 0 ... .max >> 1, using: &generator) })
      .sorted()
    let items = numbers.enumerated().map {
      Item(key: TreeKey(high: $1, low: length == 26 ? 9 << 48 : 0), value: UInt64($0))
    }
    let (blocks, root) = try build(items, length)
    let all = try scan(blocks, root: root, length)
    #expect(all.items == items)
    #expect(all.reads == blocks.count / 8192)
    #expect(blocks[Int(root) * 8192 + 2] >= 2)
    for _ in 0..<100 {
      let low = generator.below(items.count)
      let high = min(items.count - 1, low + generator.below(700))
      let shift: UInt128 = UInt128(generator.below(2))
      let from = TreeKey(high: items[low].key.high + shift, low: 0)
      let to = TreeKey(high: items[high].key.high + shift, low: 0)
      let found = try scan(blocks, root: root, length, from: from, to: to)
      #expect(found.items == items[low...high].filter { $0.key >= from && $0.key < to })
      #expect(found.reads <= 10)
    }
  }

  // MARK: Damage

  /// A node of one level with these entries.
  private func node(level: UInt8, _ entries: [(key: [UInt8], value: UInt64)]) -> [UInt8] {
    var block: [UInt8] = [0, UInt8(entries.count), level, 0, UInt8(entries.first?.key.count ?? 0)]
    for entry in entries { block += entry.key }
    for entry in entries {
      block += (0..<5).map { UInt8(truncatingIfNeeded: entry.value >> UInt64(32 - 8 * $0)) }
    }
    return block + Array(repeating: 0, count: 8192 - block.count)
  }

  private let child: UInt64 = 0x80 << 32

  @Test func cyclesEnd() throws {
    // Blocks 0 and 1 lead to each other; block 2 to itself.
    let ring =
      node(level: 1, [([1, 0], child | 1)]) + node(level: 2, [([1, 0], child | 0)])
      + node(level: 3, [([1, 0], child | 2)])
    for root in 0..<3 as Range<UInt32> {
      let error = formatError { () throws(FormatError) in try scan(ring, root: root, 2) }
      #expect(error?.kind == .badValue)
    }
  }

  @Test func childrenMustBeWhatTheParentSays() throws {
    let leaf = node(level: 0, [([1, 0], 1), ([1, 5], 2)])
    let other = node(level: 0, [([2, 0], 3)])
    func error(_ entries: [(key: [UInt8], value: UInt64)], level: UInt8 = 1) -> String? {
      formatError { () throws(FormatError) in try scan(leaf + other + node(level: level, entries), root: 2, 2)
      }?.field
    }
    #expect(error([([1, 0], child | 0), ([2, 0], child | 1)]) == nil)
    #expect(error([([1, 0], child | 0), ([2, 1], child | 1)]) == "index node first key")
    #expect(error([([1, 0], child | 0), ([1, 4], child | 1)]) == "index node last key")
    // The same block twice.
    #expect(error([([1, 0], child | 0), ([2, 0], child | 0)]) == "index node first key")
    #expect(error([([1, 0], child | 0), ([2, 0], child | 1)], level: 2) == "index node level")
    #expect(error([([2, 0], child | 1), ([1, 0], child | 0)]) == "index node keys")
    #expect(error([([1, 0], child | 0), ([2, 0], child | 7)]) == "index node child")
    #expect(error([([1, 0], 0), ([2, 0], child | 1)]) == "index node child")
  }

  @Test func nodeHeaderIsChecked() {
    let leaf = node(level: 0, [([1, 0], 1), ([1, 5], 2)])
    func field(_ offset: Int, _ value: UInt8) -> String? {
      var bytes = leaf
      bytes[offset] = value
      return formatError { () throws(FormatError) in try scan(bytes, root: 0, 2) }?.field
    }
    #expect(field(1, 0) == "index node count")
    #expect(field(0, 0xff) == "index node count")
    #expect(field(2, 16) == "index node level")
    #expect(field(3, 1) == "index node key length")
    #expect(field(4, 3) == "index node key length")
    #expect(field(9, 0x80) == "index node value")
  }

  @Test func randomNodesNeverTrap() {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    let good = (0..<40).map { ([UInt8]([0, UInt8($0 * 3)]), UInt64($0)) }
    let base = node(level: 0, good) + node(level: 1, [([0, 0], child)])
    var accepted = 0
    for _ in 0..<Fuzzing.count(percent: 2) {
      var bytes = base
      for _ in 0...generator.below(3) {
        let place = generator.below(2) * 8192 + generator.below(generator.below(8) == 0 ? 8192 : 300)
        bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
      }
      let error = formatError { () throws(FormatError) in try scan(bytes, root: 1, 2) }
      if error == nil { accepted += 1 }
    }
    #expect(accepted > 0)
  }
}
