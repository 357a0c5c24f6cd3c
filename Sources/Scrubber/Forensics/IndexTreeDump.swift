import Engine
import IndexFormat

/// Prints the index of a layer from its root on: each block, and its entries as they are stored, children behind the
/// entry that leads to them.
///
/// What is wrong is said in place of the block, and the rest goes on. No block is printed twice, and the way down is
/// at most as long as there are levels, so hostile numbers cannot make it endless.
struct IndexTreeDump {
  private struct Frame {
    var block: LayerBytes
    var number: UInt32
    var level: UInt8
    var next = 0
    /// The prefixes of the blocks above, one after the other.
    var path: String
  }

  private let target: LayerTarget
  private let geometry: LayerGeometry
  private let keyByteCount: Int
  private var blocks: IndexBlockWindow
  private var seen = Set<UInt32>()
  private var stack: [Frame] = []

  init(_ target: LayerTarget, _ geometry: LayerGeometry, keyByteCount: Int) {
    self.target = target
    self.geometry = geometry
    self.keyByteCount = keyByteCount
    blocks = IndexBlockWindow(target: target, geometry: geometry)
  }

  mutating func run(_ desk: CommandDesk) async throws(ScanFailure) {
    try await open(geometry.root, below: nil, path: "", desk)
    while let frame = stack.last {
      let step = advance(desk)
      if let child = step { try await open(child, below: frame.level, path: path(of: frame), desk) }
    }
  }

  /// Prints the next entry of the last frame; gives the child it leads to.
  private mutating func advance(_ desk: CommandDesk) -> UInt32? {
    let depth = stack.count - 1
    let last = stack.count - 1
    let bytes = stack[last].block
    let block = bytes.bytes
    // The block was read as a node when it was opened.
    guard let node = try? TreeNode(block, keyByteCount: keyByteCount), stack[last].next < node.count else {
      stack.removeLast()
      return nil
    }
    let index = stack[last].next
    stack[last].next += 1
    var line = [UInt8](repeating: UInt8(ascii: " "), count: depth * 2 + 2)
    let suffix = node.suffixOffset(index)
    let value = node.valueOffset(index)
    HexText.append(block.extracting(suffix..<suffix + node.suffixByteCount), to: &line)
    line += Array(": ".utf8)
    HexText.append(block.extracting(value..<value + TreeNode.valueByteCount), to: &line)
    line.append(UInt8(ascii: "\n"))
    desk.write(line)
    guard node.level > 0 else { return nil }
    do throws(FormatError) {
      return try node.child(index)
    } catch {
      desk.writeLine(indent(depth + 1) + "ERROR: \(error)")
      return nil
    }
  }

  private func path(of frame: Frame) -> String {
    // The block was read as a node when it was opened.
    guard let node = try? TreeNode(frame.block.bytes, keyByteCount: keyByteCount) else { return frame.path }
    let start = TreeNode.headerByteCount
    let end = start + node.prefixByteCount
    return frame.path + HexText.string(frame.block.bytes.extracting(start..<end))
  }

  private mutating func open(
    _ number: UInt32,
    below level: UInt8?,
    path: String,
    _ desk: CommandDesk
  ) async throws(ScanFailure) {
    let lead = indent(stack.count)
    guard number <= geometry.root, seen.insert(number).inserted else {
      let reason = number <= geometry.root ? "has been here before" : "lies behind the root, \(geometry.root)"
      desk.writeLine(lead + "ERROR: block \(number) \(reason)")
      return
    }
    let block = try await blocks.block(number)
    do throws(FormatError) {
      let node = try TreeNode(block.bytes, keyByteCount: keyByteCount)
      if let level, node.level >= level {
        desk.writeLine(lead + "ERROR: block \(number) is of level \(node.level), expected one below \(level)")
        return
      }
      let start = TreeNode.headerByteCount
      let prefix = HexText.string(block.bytes.extracting(start..<start + node.prefixByteCount))
      desk.writeLine(
        lead + "blk #\(number): path \(path): prefix \(prefix), suffix_len \(node.suffixByteCount)"
      )
      stack.append(Frame(block: block, number: number, level: node.level, path: path))
    } catch {
      desk.writeLine(lead + "ERROR: block \(number): \(error)")
    }
  }

  private func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }
}

/// Blocks of an index, read some at a time and kept for a while: leaves follow each other, parents come in between.
private struct IndexBlockWindow {
  let target: LayerTarget
  let geometry: LayerGeometry
  private var pieces: [(first: UInt32, bytes: LayerBytes)] = []

  private static let pieceBlockCount: UInt32 = 64
  private static let keptCount = 8

  init(target: LayerTarget, geometry: LayerGeometry) {
    self.target = target
    self.geometry = geometry
  }

  /// - Parameter number: at most the root's.
  mutating func block(_ number: UInt32) async throws(ScanFailure) -> LayerBytes {
    let size = TreeNode.blockByteCount
    let first = number / Self.pieceBlockCount * Self.pieceBlockCount
    if let piece = pieces.first(where: { $0.first == first }) {
      let start = Int(number - first) * size
      return piece.bytes.slice(start..<start + size)
    }
    let count = min(Self.pieceBlockCount, geometry.root - first + 1)
    let start = geometry.indexStart + UInt64(first) * UInt64(size)
    let bytes = try await target.read(start..<start + UInt64(count) * UInt64(size))
    if pieces.count == Self.keptCount { pieces.removeFirst() }
    pieces.append((first, bytes))
    let offset = Int(number - first) * size
    return bytes.slice(offset..<offset + size)
  }
}
