import Engine
import Foundation
import IndexFormat

/// Builds layer maps and asks them, against a look at each layer: of a real large timeline, and of 100,000 layers.
struct LayerMapBenchmark {
  private let path: String

  private static let queryCount = 1_000_000
  private static let linearCount = 2_000

  init(_ arguments: ArraySlice<String>) throws {
    guard let path = arguments.first, arguments.count == 1 else {
      throw BenchmarkError("usage: Benchmarks layer-map FILE (names of layers, one a line)")
    }
    self.path = path
  }

  func run() throws {
    let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    let names = text.split(separator: "\n").compactMap { LayerName(String($0)) }
    guard !names.isEmpty else { throw BenchmarkError("no names of layers in \(path)") }
    try measure("\(names.count) layers of a real timeline", names)
    try measure("100,000 layers made up", Self.madeUp(100_000))
  }

  private func measure(_ title: String, _ names: [LayerName]) throws {
    let layers = names.map { IndexLayer(name: $0, generation: .valid(1), shard: .unsharded, fileSize: 1) }
    var builds = Figures(seconds: [])
    var map = LayerMap([])
    for _ in 0..<5 { builds.seconds.append(seconds { map = LayerMap(layers) }) }
    let queries = Self.queries(names, Self.queryCount)
    var found = 0
    let ours = seconds {
      for (key, end) in queries where map.search(key, below: end) != nil { found += 1 }
    }
    let linear = LinearSearch(map.layers)
    var different = 0
    let theirs = seconds {
      for (key, end) in queries.prefix(Self.linearCount) {
        let choice = map.search(key, below: end)
        if linear.search(key, below: end) != choice { different += 1 }
      }
    }
    guard different == 0 else {
      throw BenchmarkError("\(different) answers differ from those of a linear search")
    }
    let whole = seconds { found += map.search(KeySpace(.all), below: Lsn(.max)).parts.count }
    let (own, other) = (ours / Double(Self.queryCount) * 1e9, theirs / Double(Self.linearCount) * 1e9)
    print(
      """
      layer map: \(title)
        build      \((builds.median * 1e3).short) ms, \(map.searchByteCount / max(names.count, 1)) bytes a layer
        search     \(own.short) ns each for \(Self.queryCount), \(found) found anything
        linear     \(other.short) ns each, \((other / own).short) times as long, the same answers
        all keys   \((whole * 1e3).short) ms for the newest layers of the whole key space
      """
    )
  }

  private func seconds(_ body: () -> Void) -> Double {
    let start = ContinuousClock.now
    body()
    return (ContinuousClock.now - start) / .seconds(1)
  }

  /// Keys and LSNs within the layers', picked by a repeatable generator.
  private static func queries(_ names: [LayerName], _ count: Int) -> [(Key, Lsn)] {
    var state: UInt64 = 1
    func next(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(truncatingIfNeeded: (state >> 33) % UInt64(limit))
    }
    return (0..<count).map { _ in
      let key = names[next(names.count)].keys.start.advanced(by: UInt32(next(1000))) ?? .max
      return (key, names[next(names.count)].endLsn)
    }
  }

  /// Ever again L0 layers, L1 layers cut by keys, and image layers of a part of the keys.
  private static func madeUp(_ count: Int) -> [LayerName] {
    let partCount = 400
    func bound(_ part: Int) -> Key { Key(0, 1663, 5, 16384, 0, UInt32(part) * 16384) }
    var names: [LayerName] = []
    var lsn: UInt64 = 0x1000
    while names.count < count {
      for _ in 0..<10 {
        names.append(LayerName(delta: .all, from: Lsn(lsn), to: Lsn(lsn + 0x100)))
        lsn += 0x100
      }
      for part in 0..<partCount {
        let keys = KeyRange(start: bound(part), end: bound(part + 1))
        names.append(LayerName(delta: keys, from: Lsn(lsn - 0xa00), to: Lsn(lsn)))
        if (UInt64(part) &+ lsn / 0xa00) % 3 == 0 { names.append(LayerName(image: keys, at: Lsn(lsn))) }
      }
    }
    return Array(names.prefix(count))
  }
}

/// The yardstick: looks at each layer.
private struct LinearSearch {
  private let names: [LayerName]

  init(_ layers: [IndexLayer]) { names = layers.map(\.name) }

  func search(_ key: Key, below end: Lsn) -> LayerMap.Choice? {
    var delta: Int?
    var image: Int?
    for (position, name) in names.enumerated() {
      guard name.startLsn < end, name.keys.contains(key) else { continue }
      if name.isDelta {
        if delta.map({ names[$0].endLsn < name.endLsn }) ?? true { delta = position }
      } else if image.map({ names[$0].endLsn < name.endLsn }) ?? true {
        image = position
      }
    }
    guard let delta else { return image.map { choice($0, names[$0].startLsn) } }
    guard let image else { return choice(delta, names[delta].startLsn) }
    if names[image].endLsn >= names[delta].endLsn || names[image].endLsn == end {
      return choice(image, names[image].startLsn)
    }
    return choice(delta, max(names[delta].startLsn, names[image].endLsn))
  }

  private func choice(_ position: Int, _ floor: Lsn) -> LayerMap.Choice {
    LayerMap.Choice(layer: UInt32(position), floor: floor)
  }
}
