import IndexFormat

/// Which layers of an index are shown, and in which order.
struct LayerSelection: Sendable, Equatable {
  var key: Key?
  /// Layers that begin behind it are left out.
  var lsn: Lsn?

  func covers(_ layer: LayerName) -> Bool {
    if let key, !layer.keys.contains(key) { return false }
    if let lsn, layer.startLsn > lsn { return false }
    return true
  }

  /// By LSN; of those that cover one key the newest first, as a reader meets them.
  func select(_ layers: [LayerReference]) -> [LayerReference] {
    let chosen = layers.filter { covers($0.name) }
    return key == nil
      ? chosen.sorted { Self.precedes($0.name, $1.name) } : chosen.sorted { Self.isNewer($0.name, $1.name) }
  }

  static func precedes(_ left: LayerName, _ right: LayerName) -> Bool {
    if left.startLsn != right.startLsn { return left.startLsn < right.startLsn }
    return left.endLsn == right.endLsn ? left < right : left.endLsn < right.endLsn
  }

  static func isNewer(_ left: LayerName, _ right: LayerName) -> Bool {
    if left.endLsn != right.endLsn { return left.endLsn > right.endLsn }
    return left.startLsn == right.startLsn ? left < right : left.startLsn > right.startLsn
  }
}

extension LayerName {
  /// `L0`, `delta` or `image`.
  var kindText: String { isL0 ? "L0" : isDelta ? "delta" : "image" }
  /// `0/147A958` of an image, `0/147A959-0/147A9D1` of a delta.
  var lsnText: String { isDelta ? "\(startLsn)-\(endLsn)" : "\(startLsn)" }
}
