import IndexFormat

/// Which layers may have to be read for a key at an LSN, in the order in which a reader comes to them.
///
/// Of the layers that cover the key and begin below the limit, the delta that ends last and the latest image are
/// compared: the image counts if no delta reaches behind it, or if the limit stands right behind it; else the delta
/// is next, down to the image or to its own start. An image ends the read. A delta may end it, too, by a value that
/// needs none before; the index does not tell. Where a timeline has no more layers, its ancestor follows, below the
/// branch point; some families of keys are not inherited.
struct LayerSearch {
  struct Step: Sendable {
    let layer: LayerReference
    /// The reader wants what lies below this LSN.
    let limit: Lsn
  }

  private(set) var steps: [Step] = []
  /// Whether the last step is an image, at which every read ends.
  private(set) var endsAtImage = false

  /// - Parameter goesOn: behind the image, to whatever else covers the key.
  init(_ key: Key, at lsn: Lsn, in chain: [(timeline: TimelineView, limit: Lsn?)], goesOn: Bool = false) {
    // Records at the LSN itself count.
    var limit = lsn.successor
    for (number, link) in chain.enumerated() {
      if number > 0, !key.isInherited { break }
      if let branchPoint = link.limit { limit = min(limit, branchPoint.successor) }
      search(key, &limit, link.timeline.layers.filter { $0.name.keys.contains(key) }, goesOn)
      if endsAtImage, !goesOn { return }
    }
  }

  /// Each layer is looked at once: those that begin at the limit or above it never come back, as it only goes down.
  private mutating func search(_ key: Key, _ limit: inout Lsn, _ layers: [LayerReference], _ goesOn: Bool) {
    var deltas = layers.filter(\.name.isDelta).sorted { LayerSelection.isNewer($1.name, $0.name) }
    var images = layers.filter { !$0.name.isDelta }.sorted { $0.name.startLsn < $1.name.startLsn }
    while true {
      while let last = deltas.last, last.name.startLsn >= limit { deltas.removeLast() }
      while let last = images.last, last.name.startLsn >= limit { images.removeLast() }
      let (delta, image) = (deltas.last, images.last)
      if let image, delta == nil || isNext(image.name, delta?.name, limit) {
        steps.append(Step(layer: image, limit: limit))
        limit = image.name.startLsn
        images.removeLast()
        endsAtImage = true
        if !goesOn { return }
      } else if let delta {
        steps.append(Step(layer: delta, limit: limit))
        limit = max(delta.name.startLsn, image?.name.endLsn ?? .invalid)
        deltas.removeLast()
        endsAtImage = false
      } else {
        return
      }
    }
  }

  private func isNext(_ image: LayerName, _ delta: LayerName?, _ limit: Lsn) -> Bool {
    guard let delta else { return true }
    return image.endLsn >= delta.endLsn || image.endLsn == limit
  }
}

extension Key {
  /// Whether a branch sees what its ancestor has of it.
  var isInherited: Bool {
    !KeyRange.nonInheritedDense.contains(self) && !KeyRange.nonInheritedSparse.contains(self)
  }
}
