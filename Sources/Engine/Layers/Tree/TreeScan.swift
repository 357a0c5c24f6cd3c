import IndexFormat

/// Walks the part of a layer's index that holds a range of keys, in ascending order, without doing any reading: it
/// says which block it needs, and is given that. So one and the same code works on mapped files and on ranged
/// requests.
///
///     var scan = TreeScan(root: root, keyByteCount: 26, from: first, to: last)
///     while let number = scan.wantedBlock {
///       try scan.supply(block(number)) { key, value in … }
///     }
///
/// Strict: a damaged block ends it with an error. Every block is compared with what its parent says: its level is one
/// less than the parent's, its number is less (page servers write children first), its first key is the parent's
/// entry, and all its keys lie before the parent's next entry. So no block is met twice, no chain of blocks is
/// without an end, and the blocks read are at most those of the index.
public struct TreeScan: Sendable {
  /// A block to be read, and what its parent says of it.
  private struct Pending {
    var block: UInt32
    /// Nil for the root.
    var level: UInt8?
    var firstKey: TreeKey?
    /// No key of the block is this or above it.
    var end: TreeKey?
  }

  private let keyByteCount: Int
  private let from: TreeKey
  private let to: TreeKey
  /// Whether the entry behind the range is given to the visitor, too.
  private let includesNext: Bool
  /// The next one is the last.
  private var pending: [Pending]

  /// - Parameters:
  ///   - from: the first key wanted.
  ///   - to: the key before which the scan ends.
  ///   - includesNext: whether the first entry at or behind `to` is visited as well, which tells where the blob of the
  ///     last one before it ends.
  public init(
    root: UInt32,
    keyByteCount: Int,
    from: TreeKey = .min,
    to: TreeKey = .max,
    includesNext: Bool = false
  ) {
    precondition(1...TreeKey.maximumByteCount ~= keyByteCount)
    self.keyByteCount = keyByteCount
    self.from = from
    self.to = to
    self.includesNext = includesNext
    pending = from < to ? [Pending(block: root)] : []
  }

  /// The block that the scan needs to go on, counted from the start of the index; nil at the end.
  public var wantedBlock: UInt32? { pending.last?.block }

  /// Blocks with keys below `end` that the scan will need after that one, as far as it knows, in this order: what to
  /// read ahead.
  public func upcomingBlocks(_ limit: Int, before end: TreeKey = .max) -> [UInt32] {
    pending.dropLast().suffix(limit).reversed().prefix { $0.firstKey.map { $0 < end } ?? true }.map(\.block)
  }

  /// Goes on with the wanted block. `visit` gets the entries of a leaf within the range, one after the other, and
  /// ends the scan by giving back false. Offsets of errors count from the start of the block.
  ///
  /// - Parameter isOrdered: whether an earlier scan has found the keys of this very block in order, which takes longer
  ///   to find out than all else.
  /// - Returns: false if there is nothing more to do.
  @discardableResult
  public mutating func supply(
    _ block: RawSpan,
    isOrdered: Bool = false,
    _ visit: (TreeKey, UInt64) -> Bool
  ) throws(FormatError) -> Bool {
    guard let current = pending.popLast() else { return false }
    let node = try TreeNode(block, keyByteCount: keyByteCount)
    try Self.check(node, current, isOrdered: isOrdered)
    if node.level == 0 {
      guard try visitLeaf(node, visit) else {
        pending.removeAll()
        return false
      }
    } else {
      try push(node, current)
    }
    return !pending.isEmpty
  }

  private static func check(
    _ node: borrowing TreeNode,
    _ expected: Pending,
    isOrdered: Bool
  ) throws(FormatError) {
    if let level = expected.level, node.level != level {
      throw TreeNode.bad(2, "level", "\(node.level)", "\(level)")
    }
    if !isOrdered, let disorder = node.firstDisorder() {
      throw TreeNode.bad(
        node.suffixOffset(disorder),
        "keys",
        "\(node.key(disorder))",
        "one above \(node.key(disorder - 1))"
      )
    }
    if let first = expected.firstKey, node.key(0) != first {
      throw TreeNode.bad(
        node.suffixOffset(0),
        "first key",
        "\(node.key(0))",
        "\(first), as in the parent"
      )
    }
    if let end = expected.end, node.key(node.count - 1) >= end {
      throw TreeNode.bad(
        node.suffixOffset(node.count - 1),
        "last key",
        "\(node.key(node.count - 1))",
        "one below \(end), the next in the parent"
      )
    }
  }

  private func visitLeaf(
    _ node: borrowing TreeNode,
    _ visit: (TreeKey, UInt64) -> Bool
  ) throws(FormatError) -> Bool {
    var index = node.countBelow(from)
    while index < node.count {
      let key = node.key(index)
      guard key < to || includesNext, visit(key, try node.value(index)), key < to else { return false }
      index &+= 1
    }
    return true
  }

  /// Puts the children that may hold keys of the range on the stack, the first one on top.
  private mutating func push(_ node: borrowing TreeNode, _ current: Pending) throws(FormatError) {
    // Where a key is not there, it would be in the child before the first entry that is above it.
    let below = node.countBelow(from)
    let isExact = below < node.count && node.key(below) == from
    let first = isExact ? below : max(below &- 1, 0)
    let end = max(min(node.countBelow(to) &+ (includesNext ? 1 : 0), node.count), first)
    var index = end
    while index > first {
      index &-= 1
      let child = try node.child(index)
      guard child < current.block else {
        throw TreeNode.bad(node.valueOffset(index), "child", "block \(child)", "one below \(current.block)")
      }
      pending.append(
        Pending(
          block: child,
          level: node.level &- 1,
          firstKey: node.key(index),
          end: index &+ 1 < node.count ? node.key(index &+ 1) : current.end
        )
      )
    }
  }
}
