import IndexFormat

/// What garbage collection and compaction ask of a layer map, and how deep reads go.
///
/// Source: `pageserver/src/tenant/layer_map.rs`.
extension LayerMap {
  /// Which image layers are the newest at an LSN (included), for all keys of a range, in ascending order.
  public func imageCoverage(_ keys: KeyRange, at lsn: Lsn) -> [(keys: KeyRange, image: Position?)] {
    guard images.hasVersion(at: lsn) || deltas.hasVersion(at: lsn) else { return [] }
    return images.pieces(in: keys, lsn).map { ($0.keys, $0.layer) }
  }

  /// Whether image layers of these LSNs cover all keys of a range: then what is older is needed only for older reads.
  public func hasImages(_ keys: KeyRange, in lsns: Range<Lsn>) -> Bool {
    guard !keys.isEmpty else { return true }
    guard let last = lsns.last else { return false }
    return images.pieces(in: keys, last).allSatisfy { piece in
      piece.layer.map { self[$0].startLsn >= lsns.lowerBound } ?? false
    }
  }

  /// The most deltas that lie one above the other within these LSNs, for any key of a range: how many are read for it.
  ///
  /// An L0 layer counts only where the whole key space is asked for, as images are made range by range.
  ///
  /// - Parameter limit: where counting may stop.
  public func deltaDepth(_ keys: KeyRange, in lsns: Range<Lsn>, limit: Int = .max) -> Int {
    var deepest = 0
    var waiting = [(keys: keys, end: lsns.upperBound, depth: 0)]
    while let (keys, end, depth) = waiting.popLast(), deepest < limit {
      guard lsns.lowerBound < end else { continue }
      for piece in deltas.pieces(in: keys, Lsn(end.value - 1)) {
        guard let delta = piece.layer, self[delta].endLsn > lsns.lowerBound else { continue }
        let depth = depth + (countsForImages(delta, within: keys) ? 1 : 0)
        deepest = max(deepest, depth)
        waiting.append((piece.keys, self[delta].startLsn, depth))
      }
    }
    return min(deepest, limit)
  }

  /// How many deltas a read of a key goes through, of those that count for images of this range of keys.
  public func difficulty(of key: Key, below endLsn: Lsn, in keys: KeyRange) -> Int {
    var count = 0
    var end = endLsn
    while let choice = search(key, below: end), self[choice.layer].isDelta {
      count += countsForImages(choice.layer, within: keys) ? 1 : 0
      end = choice.floor
    }
    return count
  }

  /// For each part of the keys how many deltas lie one above the other, over the newest images at an LSN: what
  /// compaction makes images for.
  ///
  /// - Parameter limit: where counting may stop.
  public func difficulties(of parts: [KeySpace], at lsn: Lsn, limit: Int = .max) -> [Int] {
    parts.map { part in
      var deepest = 0
      for range in part.ranges {
        for piece in imageCoverage(range, at: lsn) {
          let imageEnd = piece.image.map { self[$0].endLsn } ?? Lsn(0)
          guard imageEnd < lsn else { continue }
          deepest = max(deepest, deltaDepth(piece.keys, in: imageEnd..<lsn, limit: limit))
        }
      }
      return deepest
    }
  }

  private func countsForImages(_ delta: Position, within keys: KeyRange) -> Bool {
    !self[delta].isL0 || keys == .all
  }

  /// How many layers a read of one key at an LSN visits, down to an image.
  public func readDepth(_ key: Key, at lsn: Lsn) -> Int {
    var depth = 0
    var end = lsn.successor
    while let choice = search(key, below: end) {
      depth += 1
      guard self[choice.layer].isDelta else { break }
      end = choice.floor
    }
    return depth
  }
}

extension Range<Lsn> {
  /// The last LSN within.
  fileprivate var last: Lsn? { isEmpty ? nil : Lsn(upperBound.value - 1) }
}
