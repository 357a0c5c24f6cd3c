import IndexFormat

/// Builds a layer's index from keys in ascending order: the same blocks that page servers make.
///
/// The open nodes, one a level, stand on a stack, leaf on top. A full node takes out of its keys what its first and
/// last have in common, once; then it is written, and its first key and block number go to its parent. So children
/// are written before parents, and the root last.
///
/// Source: `pageserver/src/tenant/disk_btree.rs`.
public struct TreeBuilder: Sendable {
  private struct OpenNode {
    var level: UInt8
    var count = 0
    var prefix: [UInt8] = []
    var suffixByteCount: Int
    var suffixes: [UInt8] = []
    var values: [UInt8] = []
    var byteCount = TreeNode.headerByteCount
    var firstKey: [UInt8] = []

    init(level: UInt8, keyByteCount: Int) {
      self.level = level
      suffixByteCount = keyByteCount
    }
  }

  private let keyByteCount: Int
  /// The root first.
  private var open: [OpenNode]
  private var lastKey: TreeKey?
  /// Written blocks, one behind the other.
  public private(set) var blocks: [UInt8] = []

  public init(keyByteCount: Int) {
    precondition(1...TreeKey.maximumByteCount ~= keyByteCount)
    self.keyByteCount = keyByteCount
    open = [OpenNode(level: 0, keyByteCount: keyByteCount)]
  }

  public mutating func append(_ key: TreeKey, _ value: UInt64) throws(LayerWriteError) {
    guard value <= TreeNode.maximumValue else { throw .valueTooLarge(value) }
    if let lastKey, key <= lastKey { throw .unsorted(key, after: lastKey) }
    lastKey = key
    var bytes: [UInt8] = []
    bytes.reserveCapacity(keyByteCount)
    key.append(count: keyByteCount, to: &bytes)
    insert(bytes, value)
  }

  /// Writes what is open, and returns the number of the root; nil if there is no entry, as no index is empty.
  public mutating func finish() -> UInt32? {
    guard lastKey != nil else { return nil }
    while open.count > 1 { flush(waiting: nil) }
    write(open[0])
    return UInt32(truncatingIfNeeded: blocks.count / TreeNode.blockByteCount - 1)
  }

  /// Inserts into the open node on top of the stack.
  private mutating func insert(_ key: [UInt8], _ value: UInt64) {
    let top = open.count - 1
    if Self.push(key, value, into: &open[top]) { return }
    if Self.compress(&open[top]), Self.push(key, value, into: &open[top]) { return }
    flush(waiting: (key, value))
  }

  /// Writes the node on top and tells its parent. With an entry waiting, an empty node of its level takes its place.
  private mutating func flush(waiting: (key: [UInt8], value: UInt64)?) {
    let node = open.removeLast()
    let number = UInt64(blocks.count / TreeNode.blockByteCount)
    write(node)
    if open.isEmpty { open.append(OpenNode(level: node.level + 1, keyByteCount: keyByteCount)) }
    insert(node.firstKey, 0x80 << 32 | number)
    guard let waiting else { return }
    var next = OpenNode(level: node.level, keyByteCount: keyByteCount)
    // Into an empty node any entry goes.
    _ = Self.push(waiting.key, waiting.value, into: &next)
    open.append(next)
  }

  private static func push(_ key: [UInt8], _ value: UInt64, into node: inout OpenNode) -> Bool {
    if node.count > 0, !key.starts(with: node.prefix) { return false }
    let added = node.suffixByteCount + TreeNode.valueByteCount
    guard node.byteCount + added < TreeNode.blockByteCount else { return false }
    if node.count == 0 { node.firstKey = key }
    node.suffixes += key[node.prefix.count...]
    for shift in stride(from: 32, through: 0, by: -8) {
      node.values.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
    }
    node.byteCount += added
    node.count += 1
    return true
  }

  private static func compress(_ node: inout OpenNode) -> Bool {
    let length = node.suffixByteCount
    let first = node.suffixes[..<length]
    let last = node.suffixes.suffix(length)
    let common = zip(first, last).prefix { $0 == $1 }.count
    guard common > 0 else { return false }
    node.prefix += first.prefix(common)
    var shortened: [UInt8] = []
    shortened.reserveCapacity(node.count * (length - common))
    for start in stride(from: 0, to: node.suffixes.count, by: length) {
      shortened += node.suffixes[start + common..<start + length]
    }
    node.suffixes = shortened
    node.suffixByteCount = length - common
    node.byteCount += common - common * node.count
    return true
  }

  private mutating func write(_ node: OpenNode) {
    let end = blocks.count + TreeNode.blockByteCount
    blocks.appendBigEndian(UInt16(truncatingIfNeeded: node.count))
    blocks += [
      node.level, UInt8(truncatingIfNeeded: node.prefix.count),
      UInt8(truncatingIfNeeded: node.suffixByteCount),
    ]
    blocks += node.prefix
    blocks += node.suffixes
    blocks += node.values
    blocks += repeatElement(0, count: end - blocks.count)
  }
}
