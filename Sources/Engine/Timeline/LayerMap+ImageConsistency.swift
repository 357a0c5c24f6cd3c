import IndexFormat

extension LayerMap {
  /// The LSN up to which a timeline could be read from images and whole deltas without what L0 layers add.
  ///
  /// | of | counts |
  /// |---|---|
  /// | L0 layers | the LSN before the lowest of them, or before `diskConsistentLsn` if there are none |
  /// | keys with the same newest image | its end (0 without one), or the LSN before the lowest delta above, if higher |
  ///
  /// A delta is above an image if it ends above it. The result is the least of all.
  ///
  /// Source: `compute_image_consistent_lsn` in `pageserver/src/tenant/layer_map.rs`.
  public func imageConsistentLsn(diskConsistentLsn: Lsn) -> Lsn {
    let lowestL0 = l0Layers.map { self[$0].startLsn }.min() ?? diskConsistentLsn
    let stretches = imageCoverage(.all, at: diskConsistentLsn)
    let imageEnds = stretches.map { stretch in stretch.image.map { self[$0].endLsn } ?? Lsn(0) }
    var lowestDeltas = [Lsn](repeating: lowestL0, count: stretches.count)
    // L0 layers reach over all stretches, whose bound they already are.
    for layer in layers where layer.name.isDelta && !layer.name.isL0 {
      let name = layer.name
      var position = Self.first(stretches, endingBehind: name.keys.start)
      while position < stretches.count, stretches[position].keys.start < name.keys.end {
        if name.endLsn > imageEnds[position] {
          lowestDeltas[position] = min(lowestDeltas[position], name.startLsn)
        }
        position += 1
      }
    }
    return zip(imageEnds, lowestDeltas).reduce(Self.before(lowestL0)) { least, stretch in
      min(least, max(stretch.0, Self.before(stretch.1)))
    }
  }

  private static func before(_ lsn: Lsn) -> Lsn { Lsn(max(lsn.value, 1) - 1) }

  private static func first(_ stretches: [(keys: KeyRange, image: Position?)], endingBehind key: Key) -> Int {
    var low = 0
    var high = stretches.count
    while low < high {
      let middle = low + (high - low) / 2
      if stretches[middle].keys.end <= key { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
