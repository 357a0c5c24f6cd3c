import IndexFormat

/// The layers of a timeline on one shard, to be asked which of them holds what a key was worth at an LSN.
///
/// Made once from an index, and never changed. Layers are named by their positions in `layers`. Building takes
/// n log n, a search log n; keys are compared whole (page servers leave out bits that no key uses).
///
/// Source: `pageserver/src/tenant/layer_map.rs`, without layers in memory: a bucket has none.
public struct LayerMap: Sendable {
  public typealias Position = UInt32

  /// In ascending order of first LSN, end of LSNs, first key, end of keys, deltas before images: the order in which
  /// page servers add them. Of several of one name only the last of the index, which is what page servers take.
  public let layers: [IndexLayer]
  /// Deltas over the whole key space, ascending.
  public let l0Layers: [Position]
  let deltas: KeyCoverage
  let images: KeyCoverage

  public init(_ unordered: some Sequence<IndexLayer>) {
    var layers = unordered.enumerated().sorted { left, right in
      Self.isBefore(left.element.name, right.element.name)
        || (left.element.name == right.element.name && left.offset < right.offset)
    }
    .map(\.element)
    var count = 0
    for layer in layers {
      if count > 0, layers[count - 1].name == layer.name { count -= 1 }
      layers[count] = layer
      count += 1
    }
    layers.removeSubrange(count...)
    self.layers = layers
    let positions = layers.indices.map { Position(clamping: $0) }
    l0Layers = positions.filter { layers[Int($0)].name.isL0 }
    deltas = KeyCoverage(layers, positions.filter { layers[Int($0)].name.isDelta })
    images = KeyCoverage(layers, positions.filter { !layers[Int($0)].name.isDelta })
  }

  private static func isBefore(_ left: LayerName, _ right: LayerName) -> Bool {
    if left.startLsn != right.startLsn { return left.startLsn < right.startLsn }
    if left.endLsn != right.endLsn { return left.endLsn < right.endLsn }
    if left.keys.start != right.keys.start { return left.keys.start < right.keys.start }
    if left.keys.end != right.keys.end { return left.keys.end < right.keys.end }
    return left.isDelta && !right.isDelta
  }

  public subscript(position: Position) -> LayerName { layers[Int(position)].name }

  /// The bytes that the search structures take, without `layers`.
  public var searchByteCount: Int { deltas.byteCount + images.byteCount }

  // MARK: Which layer to read

  /// A layer to be read, and down to which LSN it may be: what is below comes from elsewhere.
  public struct Choice: Hashable, Sendable {
    public var layer: Position
    /// Included.
    public var floor: Lsn

    public init(layer: Position, floor: Lsn) {
      self.layer = layer
      self.floor = floor
    }
  }

  /// The layer to read for a key below `endLsn`. The next one is found with the floor as `endLsn`, which is always
  /// less than this one, so such a chain ends.
  public func search(_ key: Key, below endLsn: Lsn) -> Choice? {
    guard endLsn.value > 0 else { return nil }
    let lsn = Lsn(endLsn.value &- 1)
    return choose(delta: deltas.layer(at: key, lsn), image: images.layer(at: key, lsn), below: endLsn)
  }

  /// What to read for a set of keys below `endLsn`.
  public struct Selection: Equatable, Sendable {
    /// Choices in the order of their first keys, each with all its keys.
    public var parts: [(choice: Choice, keys: KeySpace)] = []
    /// Keys that no layer has.
    public var notFound = KeySpace()
    /// Where the result ends, if the limit was reached.
    public var end: Key?

    public static func == (left: Selection, right: Selection) -> Bool {
      left.notFound == right.notFound && left.end == right.end
        && left.parts.elementsEqual(right.parts) { $0 == $1 }
    }
  }

  /// The same for many keys as `search` for each of them.
  ///
  /// - Parameter limit: how many choices to make at most: where one more begins, the result ends. Keys from there on
  ///   are in none of its parts.
  public func search(_ keys: KeySpace, below endLsn: Lsn, limit: Int = .max) -> Selection {
    var selection = Selection()
    var index: [Choice: Int] = [:]
    for range in keys.ranges {
      for piece in pieces(range, below: endLsn) {
        guard let choice = piece.choice else {
          selection.notFound.append(piece.keys)
          continue
        }
        if let position = index[choice] {
          selection.parts[position].keys.append(piece.keys)
          continue
        }
        guard selection.parts.count < limit else {
          selection.end = piece.keys.start
          return selection
        }
        index[choice] = selection.parts.count
        selection.parts.append((choice, KeySpace(piece.keys)))
      }
    }
    return selection
  }

  /// Goes over what covers a range in images and in deltas, both at a time.
  private func pieces(_ keys: KeyRange, below endLsn: Lsn) -> [(keys: KeyRange, choice: Choice?)] {
    guard endLsn.value > 0 else { return [(keys, nil)] }
    let lsn = Lsn(endLsn.value - 1)
    if keys.isSingleKey { return [(keys, search(keys.start, below: endLsn))] }
    let deltas = deltas.pieces(in: keys, lsn)
    let images = images.pieces(in: keys, lsn)
    var result: [(keys: KeyRange, choice: Choice?)] = []
    var (delta, image) = (0, 0)
    var start = keys.start
    while delta < deltas.count, image < images.count {
      let end = min(deltas[delta].keys.end, images[image].keys.end)
      let choice = choose(delta: deltas[delta].layer, image: images[image].layer, below: endLsn)
      result.append((KeyRange(start: start, end: end), choice))
      start = end
      if deltas[delta].keys.end == end { delta += 1 }
      if images[image].keys.end == end { image += 1 }
    }
    return result
  }

  /// | there are | read | down to |
  /// |---|---|---|
  /// | one | it | its first LSN |
  /// | both, and the image ends at or above the end of the delta, or right below `endLsn` | the image | its LSN |
  /// | both otherwise | the delta | its first LSN, or the one behind the image if that is higher |
  private func choose(delta: Position?, image: Position?, below endLsn: Lsn) -> Choice? {
    guard let delta else { return image.map { Choice(layer: $0, floor: self[$0].startLsn) } }
    let deltaStart = layers[Int(delta)].name.startLsn
    guard let image else { return Choice(layer: delta, floor: deltaStart) }
    let imageLsn = layers[Int(image)].name.startLsn
    if layers[Int(image)].name.endLsn >= layers[Int(delta)].name.endLsn || imageLsn.successor == endLsn {
      return Choice(layer: image, floor: imageLsn)
    }
    return Choice(layer: delta, floor: max(deltaStart, imageLsn.successor))
  }
}
