import Engine
import IndexFormat

/// Short names for tests with small numbers as keys and LSNs.
func key(_ number: Int) -> Key { Key(1, 0, 0, 0, 0, UInt32(number)) }

func keys(_ range: Range<Int>) -> KeyRange {
  KeyRange(start: key(range.lowerBound), end: key(range.upperBound))
}

func lsn(_ number: Int) -> Lsn { Lsn(UInt64(number)) }

func image(_ range: Range<Int>, at number: Int) -> LayerName {
  LayerName(image: keys(range), at: lsn(number))
}

func delta(_ range: Range<Int>, _ lsns: Range<Int>) -> LayerName {
  LayerName(delta: keys(range), from: lsn(lsns.lowerBound), to: lsn(lsns.upperBound))
}

extension LayerMap {
  init(names: [LayerName]) {
    self.init(
      names.map { IndexLayer(name: $0, generation: .valid(1), shard: .unsharded, fileSize: 8192) }
    )
  }

  /// What a read of a key visits, down to the bottom.
  func sequence(_ wanted: Key, below end: Int) -> [String] {
    var steps: [String] = []
    var end = lsn(end)
    while let choice = search(wanted, below: end) {
      steps.append("\(self[choice.layer].isDelta ? "delta" : "image") \(choice.floor.value)")
      end = choice.floor
    }
    return steps
  }
}

/// The same questions answered by looking at each layer.
struct LinearMap {
  let layers: [IndexLayer]

  init(_ map: LayerMap) { layers = map.layers }

  func search(_ wanted: Key, below end: Lsn) -> LayerMap.Choice? {
    var best: [LayerName.Kind: (position: Int, name: LayerName)] = [:]
    for (position, layer) in layers.enumerated() {
      let name = layer.name
      guard name.startLsn < end, name.keys.start <= wanted, wanted < name.keys.end else { continue }
      // Layers are in the order in which page servers add them, and of two that end alike the first one stays.
      if let other = best[name.kind], other.name.endLsn >= name.endLsn { continue }
      best[name.kind] = (position, name)
    }
    switch (best[.delta], best[.image]) {
    case (nil, nil): return nil
    case (let delta?, nil): return choice(delta.position, delta.name.startLsn)
    case (nil, let image?): return choice(image.position, image.name.startLsn)
    case (let delta?, let image?):
      let isImage = image.name.endLsn >= delta.name.endLsn || image.name.startLsn.value + 1 == end.value
      if isImage { return choice(image.position, image.name.startLsn) }
      return choice(delta.position, max(delta.name.startLsn, Lsn(image.name.startLsn.value + 1)))
    }
  }

  private func choice(_ position: Int, _ floor: Lsn) -> LayerMap.Choice {
    LayerMap.Choice(layer: UInt32(position), floor: floor)
  }
}
