import IndexFormat

/// Checks the blocks of a layer's index in the order of the file.
///
/// Children are written before their parents, and in the order of their keys. So while blocks are read from the first
/// to the last, those of a level that no parent has named yet wait, and the next parent of the level above must name
/// exactly these, in this order, with their first keys. At the end only the root waits, the last block. This looks at
/// every block once, needs no memory for the tree, and goes on behind damage: leaves are read whatever their parents
/// say.
struct IndexCheck {
  /// A block that waits for its parent.
  private struct Waiting {
    var block: UInt32
    var firstKey: TreeKey
  }

  let kind: LayerName.Kind
  private let keys: KeyRange
  private let lsns: Range<UInt64>
  private let keyByteCount: Int
  private let start: UInt64
  private let valuesEnd: UInt64

  /// By level.
  private var waiting: [[Waiting]]
  /// Blocks that could not be read: any level may have lost a block, or the names of blocks.
  private var damaged: Set<UInt32> = []
  private var lastBlock: UInt32?
  private var lastKey: TreeKey?
  private var lastOffset: UInt64?
  /// Whether entries were lost since the last one that was visited.
  private(set) var isInGap = false

  private(set) var entryCount = 0
  private(set) var coverage = LayerCoverage()

  /// - Parameters:
  ///   - start: where in the file the index begins.
  init(name: LayerName, start: UInt64) {
    kind = name.kind
    keys = name.keys
    // Of a range that is reversed nothing is inside; that the name is wrong is said elsewhere.
    lsns = name.startLsn.value..<max(name.startLsn.value, name.endLsn.value)
    keyByteCount = kind == .delta ? TreeKey.deltaByteCount : TreeKey.imageByteCount
    self.start = start
    valuesEnd = start
    waiting = Array(repeating: [], count: Int(TreeNode.maximumLevel) + 1)
  }

  /// Looks at the next block. Entries of a leaf whose positions can be right are given to `visit`, in order.
  mutating func check(
    _ number: UInt32,
    _ block: RawSpan,
    _ findings: inout FindingList,
    _ visit: (TreeKey, BlobPosition, _ isBehindGap: Bool) -> Void
  ) {
    let offset = start &+ UInt64(number) &* UInt64(TreeNode.blockByteCount)
    lastBlock = number
    do throws(FormatError) {
      let node = try TreeNode(block, keyByteCount: keyByteCount)
      try Self.checkValues(node)
      count(node)
      if let byte = node.firstPaddingByte {
        findings.add(
          .layerPaddingNotZero,
          at: offset &+ UInt64(byte),
          "index block \(number) has bytes behind its entries",
          seen: hex(block.byte(byte)),
          expected: "00"
        )
      }
      if let index = node.firstDisorder() {
        report(node, index, offset, "keys of an index block do not ascend", &findings)
      }
      if node.level == 0 {
        checkLeaf(node, offset, &findings, visit)
      } else {
        checkInternal(node, number, offset, &findings)
      }
      waiting[Int(node.level)].append(Waiting(block: number, firstKey: node.key(0)))
    } catch {
      damaged.insert(number)
      isInGap = true
      coverage.compared += UInt64(TreeNode.blockByteCount)
      findings.add(.layerTreeDamaged, error, from: offset, "index block \(number) cannot be read")
    }
  }

  /// The end of the index: nothing may wait but the root.
  mutating func finish(_ findings: inout FindingList) {
    // The first key of a leaf that is the root stands nowhere else.
    if lastBlock == 0, damaged.isEmpty, !waiting[0].isEmpty {
      coverage.ordered += UInt64(keyByteCount)
      coverage.compared -= UInt64(keyByteCount)
    }
    guard damaged.isEmpty, let lastBlock else { return }
    for level in waiting.indices {
      for node in waiting[level] where node.block != lastBlock {
        findings.add(
          .layerTreeDamaged,
          at: start &+ UInt64(node.block) &* UInt64(TreeNode.blockByteCount),
          key: node.firstKey.key,
          "no other block leads to index block \(node.block)",
          seen: "no parent",
          expected: "one parent"
        )
      }
    }
  }

  /// Values are of the kind that the level says.
  private static func checkValues(_ node: borrowing TreeNode) throws(FormatError) {
    var index = 0
    while index < node.count {
      if node.level == 0 { _ = try node.value(index) } else { _ = try node.child(index) }
      index &+= 1
    }
  }

  private mutating func count(_ node: borrowing TreeNode) {
    // First keys of a block are in its parent, too; of others only order and range are known.
    let ordered = UInt64(node.suffixByteCount &* (node.count &- 1))
    coverage.ordered += ordered
    coverage.compared += UInt64(TreeNode.blockByteCount) - ordered
  }

  // MARK: Leaves

  private mutating func checkLeaf(
    _ node: borrowing TreeNode,
    _ offset: UInt64,
    _ findings: inout FindingList,
    _ visit: (TreeKey, BlobPosition, _ isBehindGap: Bool) -> Void
  ) {
    let first = node.key(0)
    let last = node.key(node.count &- 1)
    if let lastKey, first <= lastKey {
      report(node, 0, offset, "an index block begins before the end of the one before it", &findings)
    }
    lastKey = max(last, lastKey ?? last)
    let isInside = keys.contains(first.key) && keys.contains(last.key)
    var index = 0
    while index < node.count {
      let key = node.key(index)
      if !isInside, !keys.contains(key.key) {
        report(outOfRange: key, at: offset &+ UInt64(node.suffixOffset(index)), "\(keys)", &findings)
      }
      if kind == .delta, !lsns.contains(key.lsn.value) {
        let expected = "\(Lsn(lsns.lowerBound))..\(Lsn(lsns.upperBound))"
        report(outOfRange: key, at: offset &+ UInt64(node.suffixOffset(index)), expected, &findings)
      }
      visitEntry(node, index, key, offset, &findings, visit)
      index &+= 1
    }
  }

  @inline(__always)
  private mutating func visitEntry(
    _ node: borrowing TreeNode,
    _ index: Int,
    _ key: TreeKey,
    _ offset: UInt64,
    _ findings: inout FindingList,
    _ visit: (TreeKey, BlobPosition, _ isBehindGap: Bool) -> Void
  ) {
    // That the value is one was looked at before.
    guard let value = try? node.value(index) else { return }
    let position = BlobPosition(value, in: kind)
    let isFirst = lastOffset == nil
    let lowest = lastOffset.map { $0 &+ 1 } ?? LayerGeometry.valuesStart
    func misplaced(_ message: String, expected: String) {
      findings.add(
        .layerBlobMisplaced,
        at: offset &+ UInt64(node.valueOffset(index)),
        key: key.key,
        lsn: kind == .delta ? key.lsn : nil,
        message,
        seen: "\(position.offset)",
        expected: expected
      )
    }
    guard position.offset >= lowest, position.offset < valuesEnd else {
      misplaced(
        "the index leads to a place where the value cannot be",
        expected: "\(lowest) to \(valuesEnd &- 1)"
      )
      isInGap = true
      return
    }
    if isFirst, position.offset != LayerGeometry.valuesStart, damaged.isEmpty {
      misplaced("the first value does not begin behind the summary", expected: "\(LayerGeometry.valuesStart)")
    }
    lastOffset = position.offset
    entryCount &+= 1
    visit(key, position, isInGap)
    isInGap = false
  }

  // MARK: Internal nodes

  private mutating func checkInternal(
    _ node: borrowing TreeNode,
    _ number: UInt32,
    _ offset: UInt64,
    _ findings: inout FindingList
  ) {
    let children = waiting[Int(node.level) &- 1]
    var next = 0
    var index = 0
    while index < node.count {
      // That the value is one was looked at before.
      guard let child = try? node.child(index) else { return }
      if !damaged.contains(child) {
        if !damaged.isEmpty {
          // A damaged parent before this one may have named those in between.
          next = children[next...].firstIndex { $0.block == child } ?? next
        }
        guard next < children.count, children[next].block == child, children[next].firstKey == node.key(index)
        else {
          report(
            badChild: child,
            node,
            index,
            number,
            offset,
            next < children.count ? children[next] : nil,
            &findings
          )
          break
        }
        next &+= 1
      }
      index &+= 1
    }
    if index == node.count, next < children.count, damaged.isEmpty {
      findings.add(
        .layerTreeDamaged,
        at: start &+ UInt64(children[next].block) &* UInt64(TreeNode.blockByteCount),
        key: children[next].firstKey.key,
        "index block \(number) does not lead to block \(children[next].block)",
        seen: "\(node.count) children",
        expected: "\(children.count) children"
      )
    }
    waiting[Int(node.level) &- 1].removeAll(keepingCapacity: true)
  }

  private func report(
    badChild child: UInt32,
    _ node: borrowing TreeNode,
    _ index: Int,
    _ number: UInt32,
    _ offset: UInt64,
    _ expected: Waiting?,
    _ findings: inout FindingList
  ) {
    let isOtherKey = expected?.block == child
    findings.add(
      .layerTreeDamaged,
      at: offset &+ UInt64(isOtherKey ? node.suffixOffset(index) : node.valueOffset(index)),
      key: node.key(index).key,
      "index block \(number) does not lead to what stands below it",
      seen: isOtherKey ? "key \(node.key(index))" : "block \(child)",
      expected: expected.map { isOtherKey ? "key \($0.firstKey)" : "block \($0.block)" } ?? "no further block"
    )
  }

  private func report(
    _ node: borrowing TreeNode,
    _ index: Int,
    _ offset: UInt64,
    _ message: String,
    _ findings: inout FindingList
  ) {
    let before = index > 0 ? node.key(index - 1) : lastKey
    findings.add(
      .layerKeyOrder,
      at: offset &+ UInt64(node.suffixOffset(index)),
      key: node.key(index).key,
      lsn: kind == .delta ? node.key(index).lsn : nil,
      message,
      seen: "\(node.key(index))",
      expected: before.map { "a key above \($0)" } ?? "an ascending key"
    )
  }

  private func report(
    outOfRange key: TreeKey,
    at offset: UInt64,
    _ expected: String,
    _ findings: inout FindingList
  ) {
    findings.add(
      .layerKeyOutOfRange,
      at: offset,
      key: key.key,
      lsn: kind == .delta ? key.lsn : nil,
      "the index has a key or LSN that the layer's name leaves out",
      seen: "\(key)",
      expected: expected
    )
  }

  private func hex(_ byte: UInt8) -> String { String(byte, radix: 16) }
}
