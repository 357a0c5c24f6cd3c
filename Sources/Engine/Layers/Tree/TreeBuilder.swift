import IndexFormat

/// Builds a layer's index from keys in ascending order: the same blocks that page servers make.
///
/// The open nodes, one a level, stand on a stack, leaf on top. A full node takes out of its keys what its first and
/// last have in common, once; then it is written, and its first key and block number go to its parent. So children
/// are written before parents, and the root last.
///
/// Source: `pageserver/src/tenant/disk_btree.rs`.
public struct TreeBuilder: Sendable {
  private struct Entry {
    var key: TreeKey
    var value: UInt64
  }

  private struct OpenNode {
    let level: UInt8
    var entries: [Entry] = []
    /// What has been taken out of the keys so far.
    var prefixByteCount = 0

    init(level: UInt8) { self.level = level }

    /// - Returns: whether there is room, and the key begins with what was taken out of the others.
    @inline(__always)
    mutating func push(_ entry: Entry, keyByteCount: Int) -> Bool {
      if let first = entries.first {
        guard entry.key.commonByteCount(with: first.key) >= prefixByteCount else { return false }
        let added = keyByteCount - prefixByteCount + TreeNode.valueByteCount
        let byteCount = TreeNode.headerByteCount + prefixByteCount + entries.count * added
        guard byteCount + added <= TreeNode.maximumUsedByteCount else { return false }
      }
      entries.append(entry)
      return true
    }

    /// - Returns: whether the keys have more in common than was taken out of them.
    mutating func compress(keyByteCount: Int) -> Bool {
      guard let first = entries.first, let last = entries.last else { return false }
      let common = min(first.key.commonByteCount(with: last.key), keyByteCount)
      guard common > prefixByteCount else { return false }
      prefixByteCount = common
      return true
    }
  }

  private let keyByteCount: Int
  /// The root first.
  private var open = [OpenNode(level: 0)]
  private var lastKey: TreeKey?
  /// Written blocks, one behind the other.
  public private(set) var blocks: [UInt8] = []

  public init(keyByteCount: Int) {
    precondition(1...TreeKey.maximumByteCount ~= keyByteCount)
    self.keyByteCount = keyByteCount
  }

  public mutating func append(_ key: TreeKey, _ value: UInt64) throws(LayerWriteError) {
    guard value <= TreeNode.maximumValue else { throw .valueTooLarge(value) }
    if let lastKey, key <= lastKey { throw .unsorted(key, after: lastKey) }
    lastKey = key
    insert(Entry(key: key, value: value))
  }

  /// Writes what is open, and returns the number of the root; nil if there is no entry, as no index is empty.
  public mutating func finish() -> UInt32? {
    guard lastKey != nil else { return nil }
    while open.count > 1 { flush(waiting: nil) }
    write(open[0])
    return UInt32(truncatingIfNeeded: blocks.count / TreeNode.blockByteCount - 1)
  }

  /// Inserts into the open node on top of the stack.
  private mutating func insert(_ entry: Entry) {
    let top = open.count - 1
    if open[top].push(entry, keyByteCount: keyByteCount) { return }
    if open[top].compress(keyByteCount: keyByteCount), open[top].push(entry, keyByteCount: keyByteCount) {
      return
    }
    flush(waiting: entry)
  }

  /// Writes the node on top and tells its parent. With an entry waiting, an empty node of its level takes its place.
  private mutating func flush(waiting: Entry?) {
    var node = open.removeLast()
    let number = UInt64(blocks.count / TreeNode.blockByteCount)
    write(node)
    if open.isEmpty { open.append(OpenNode(level: node.level + 1)) }
    insert(Entry(key: node.entries[0].key, value: 0x80 << 32 | number))
    guard let waiting else { return }
    node.entries.removeAll(keepingCapacity: true)
    node.entries.append(waiting)
    node.prefixByteCount = 0
    open.append(node)
  }

  /// Entries and header fit into a block, as `push` has seen to.
  private mutating func write(_ node: OpenNode) {
    let suffixByteCount = keyByteCount - node.prefixByteCount
    let end = blocks.count + TreeNode.blockByteCount
    blocks.appendBigEndian(UInt16(truncatingIfNeeded: node.entries.count))
    blocks.append(node.level)
    blocks.append(UInt8(truncatingIfNeeded: node.prefixByteCount))
    blocks.append(UInt8(truncatingIfNeeded: suffixByteCount))
    node.entries.first?.key.append(0..<node.prefixByteCount, to: &blocks)
    for entry in node.entries { entry.key.append(node.prefixByteCount..<keyByteCount, to: &blocks) }
    for entry in node.entries {
      blocks.append(UInt8(truncatingIfNeeded: entry.value >> 32))
      blocks.appendBigEndian(UInt32(truncatingIfNeeded: entry.value))
    }
    blocks.append(contentsOf: repeatElement(0, count: end - blocks.count))
  }
}
