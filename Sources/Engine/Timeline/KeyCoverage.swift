import IndexFormat

/// Which layer of one kind reaches highest above a key, for each LSN up to which layers are taken: one version for each
/// LSN at which a layer begins.
///
/// A persistent segment tree over the stretches between the keys at which some layer begins or ends. Adding a layer
/// copies the nodes on its way that belong to older versions, and changes those of the version that is being made, so
/// all versions together take a few nodes a layer. A node has two ranks:
///
/// | field | meaning |
/// |---|---|
/// | left, right | nodes of the halves; 0 is the empty node |
/// | whole | the highest layer that was added for all keys of the node, 0 if none |
/// | best | the highest of `whole` and those below |
///
/// Ranks order layers by the end of their LSNs, and of two that end alike the one that was added first is above. So the
/// layer at a key is the greatest `whole` on the way down to it, and what is at or below a `whole` met before need not
/// be looked at. A layer that is above all of a node takes its place without children, and one that is below its
/// `whole` changes nothing: flushes over the whole key space, one above the other, take one node each.
///
/// Source of the meaning: `pageserver/src/tenant/layer_map/{layer_coverage,historic_layer_coverage}.rs`, where the
/// structure is another.
struct KeyCoverage: Sendable {
  private struct Node {
    var left: UInt32
    var right: UInt32
    var whole: UInt32
    var best: UInt32
  }

  private struct Version {
    var start: Lsn
    var root: UInt32
  }

  /// The keys at which stretches begin; the last one only ends.
  private var bounds: [Key] = []
  private var nodes: [Node] = [Node(left: 0, right: 0, whole: 0, best: 0)]
  private var versions: [Version] = []
  /// The layer of each rank; rank 0 is none.
  private var layerOfRank: [UInt32] = [.max]

  /// - Parameters:
  ///   - layers: all layers of a map, in ascending order of their first LSNs.
  ///   - included: positions of those to take, ascending. Ranges of keys that are empty cover nothing.
  init(_ layers: [IndexLayer], _ included: [UInt32]) {
    let covering = included.filter { !layers[Int($0)].name.keys.isEmpty }
    guard !covering.isEmpty else { return }
    bounds = Self.bounds(layers, covering)
    let rankOrder = covering.sorted { left, right in
      let (leftEnd, rightEnd) = (layers[Int(left)].name.endLsn, layers[Int(right)].name.endLsn)
      return leftEnd == rightEnd ? left > right : leftEnd < rightEnd
    }
    layerOfRank += rankOrder
    var rankOfLayer = [UInt32](repeating: 0, count: layers.count)
    for (index, layer) in rankOrder.enumerated() { rankOfLayer[Int(layer)] = UInt32(clamping: index + 1) }
    var root: UInt32 = 0
    var firstOfVersion = nodes.count
    for layer in covering {
      let name = layers[Int(layer)].name
      if versions.last?.start != name.startLsn {
        versions.append(Version(start: name.startLsn, root: root))
        firstOfVersion = nodes.count
      }
      let insertion = Insertion(
        stretches: stretch(name.keys.start)..<stretch(name.keys.end),
        rank: rankOfLayer[Int(layer)],
        firstOfVersion: firstOfVersion
      )
      root = add(insertion, at: root, 0..<bounds.count - 1)
      versions[versions.count - 1].root = root
    }
  }

  private static func bounds(_ layers: [IndexLayer], _ covering: [UInt32]) -> [Key] {
    var bounds: [Key] = []
    bounds.reserveCapacity(covering.count * 2)
    for layer in covering {
      bounds.append(layers[Int(layer)].name.keys.start)
      bounds.append(layers[Int(layer)].name.keys.end)
    }
    bounds.sort()
    var count = 0
    for key in bounds where count == 0 || bounds[count - 1] != key {
      bounds[count] = key
      count += 1
    }
    bounds.removeSubrange(count...)
    return bounds
  }

  /// The bytes that nodes, bounds and versions take.
  var byteCount: Int {
    nodes.count * MemoryLayout<Node>.stride + bounds.count * MemoryLayout<Key>.stride
      + versions.count * MemoryLayout<Version>.stride + layerOfRank.count * MemoryLayout<UInt32>.stride
  }

  // MARK: Building

  private struct Insertion {
    var stretches: Range<Int>
    var rank: UInt32
    /// Nodes from here on belong to the version that is being made.
    var firstOfVersion: Int
  }

  private mutating func add(_ new: Insertion, at index: UInt32, _ covered: Range<Int>) -> UInt32 {
    let old = nodes[Int(index)]
    if old.whole > new.rank { return index }
    var node = old
    if new.stretches.lowerBound <= covered.lowerBound, covered.upperBound <= new.stretches.upperBound {
      if old.best < new.rank {
        node = Node(left: 0, right: 0, whole: new.rank, best: new.rank)
      } else {
        node.whole = new.rank
      }
    } else {
      let middle = covered.lowerBound + covered.count / 2
      if new.stretches.lowerBound < middle { node.left = add(new, at: old.left, covered.lowerBound..<middle) }
      if new.stretches.upperBound > middle {
        node.right = add(new, at: old.right, middle..<covered.upperBound)
      }
      if node.left == old.left, node.right == old.right, index < new.firstOfVersion { return index }
      node.best = max(node.whole, nodes[Int(node.left)].best, nodes[Int(node.right)].best)
    }
    if index >= new.firstOfVersion {
      nodes[Int(index)] = node
      return index
    }
    nodes.append(node)
    return UInt32(clamping: nodes.count - 1)
  }

  /// The number of bounds before a key.
  private func stretch(_ key: Key) -> Int {
    var low = 0
    var high = bounds.count
    while low < high {
      let middle = (low &+ high) / 2
      if bounds[middle] < key { low = middle &+ 1 } else { high = middle }
    }
    return low
  }

  // MARK: Asking

  /// The root of the version of all layers that begin at an LSN or before it; 0 if there are none.
  private func root(at lsn: Lsn) -> UInt32 {
    var low = 0
    var high = versions.count
    while low < high {
      let middle = (low &+ high) / 2
      if versions[middle].start <= lsn { low = middle &+ 1 } else { high = middle }
    }
    return low == 0 ? 0 : versions[low &- 1].root
  }

  /// Whether any layer begins at an LSN or before it.
  func hasVersion(at lsn: Lsn) -> Bool { versions.first.map { $0.start <= lsn } ?? false }

  /// The layer that reaches highest above a key, of those that begin at `lsn` or before.
  func layer(at key: Key, _ lsn: Lsn) -> UInt32? {
    var index = root(at: lsn)
    guard index != 0, let first = bounds.first, let last = bounds.last, first <= key, key < last else {
      return nil
    }
    var rank: UInt32 = 0
    var low = 0
    var high = bounds.count &- 1
    while index != 0 {
      let node = nodes[Int(index)]
      rank = max(rank, node.whole)
      if node.best <= rank { break }
      let middle = low &+ (high &- low) / 2
      if key < bounds[middle] {
        index = node.left
        high = middle
      } else {
        index = node.right
        low = middle
      }
    }
    return rank == 0 ? nil : layerOfRank[Int(rank)]
  }

  /// A stretch of keys in which the layer is the same.
  struct Piece: Equatable {
    var keys: KeyRange
    var layer: UInt32?
  }

  /// The layers of all keys of a range, in pieces that follow each other without gaps, as long as can be.
  func pieces(in keys: KeyRange, _ lsn: Lsn) -> [Piece] {
    guard !keys.isEmpty else { return [] }
    var walk = Walk(keys: keys)
    let root = root(at: lsn)
    if root != 0, let first = bounds.first, let last = bounds.last {
      walk.add(KeyRange(start: .min, end: first), 0)
      self.walk(root, 0..<bounds.count - 1, above: 0, &walk)
      walk.add(KeyRange(start: last, end: .max), 0)
    }
    walk.add(KeyRange(start: walk.end, end: keys.end), 0)
    return walk.pieces.map { Piece(keys: $0.0, layer: $0.1 == 0 ? nil : layerOfRank[Int($0.1)]) }
  }

  private struct Walk {
    let keys: KeyRange
    var pieces: [(KeyRange, UInt32)] = []
    var end: Key

    init(keys: KeyRange) {
      self.keys = keys
      end = keys.start
    }

    mutating func add(_ range: KeyRange, _ rank: UInt32) {
      let part = KeyRange(start: max(range.start, end), end: min(range.end, keys.end))
      guard !part.isEmpty else { return }
      end = part.end
      if let last = pieces.last, last.1 == rank {
        pieces[pieces.count - 1].0 = KeyRange(start: last.0.start, end: part.end)
      } else {
        pieces.append((part, rank))
      }
    }
  }

  private func walk(_ index: UInt32, _ covered: Range<Int>, above: UInt32, _ walk: inout Walk) {
    let range = KeyRange(start: bounds[covered.lowerBound], end: bounds[covered.upperBound])
    guard range.overlaps(walk.keys) else { return }
    let node = nodes[Int(index)]
    let rank = max(above, node.whole)
    // Of the empty node, and where all below is hidden, this is all.
    guard node.best > rank, covered.count > 1 else {
      walk.add(range, rank)
      return
    }
    let middle = covered.lowerBound + covered.count / 2
    self.walk(node.left, covered.lowerBound..<middle, above: rank, &walk)
    self.walk(node.right, middle..<covered.upperBound, above: rank, &walk)
  }
}
