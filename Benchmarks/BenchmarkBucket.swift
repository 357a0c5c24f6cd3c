import Foundation
import Glibc
import IndexFormat

/// Makes a large, valid bucket in a folder: layers are sparse files of their recorded size, so a million
/// costs inodes only.
///
/// Timelines look as compaction leaves them: stacks of image and L1 delta layers that cut the key space into
/// slices, and some L0 deltas on top. The same numbers make the same bucket.
struct BenchmarkBucket {
  private let folder: String
  private let tenants: Int
  private let timelines: Int
  private let layers: Int
  /// The size of every layer; nil for sizes as real ones have.
  private let layerBytes: UInt64?

  private static let slices = 12
  private static let l0Layers = 8

  init(_ arguments: ArraySlice<String>) throws {
    guard let folder = arguments.first else {
      throw BenchmarkError("usage: Benchmarks make-bucket DIR [TENANTS TIMELINES LAYERS [BYTES]]")
    }
    self.folder = folder
    let counts = arguments.dropFirst().compactMap { Int($0) }
    guard counts.count == arguments.count - 1, [0, 3, 4].contains(counts.count), counts.allSatisfy({ $0 > 0 })
    else {
      throw BenchmarkError("tenants, timelines, layers and the bytes of a layer are positive numbers")
    }
    (tenants, timelines, layers) = counts.isEmpty ? (400, 5, 500) : (counts[0], counts[1], counts[2])
    layerBytes = counts.count == 4 ? UInt64(counts[3]) : nil
  }

  func make() throws {
    var random = SplitMix64(state: 1)
    for _ in 0..<tenants {
      let tenant = TenantID(high: random.next(), low: random.next())
      for _ in 0..<timelines {
        let timeline = TimelineID(high: random.next(), low: random.next())
        try makeTimeline("\(folder)/pageserver/v1/tenants/\(tenant)/timelines/\(timeline)", &random)
      }
    }
    print(
      "\(tenants) tenants, \(tenants * timelines) timelines, \(tenants * timelines * (layers + 1)) objects"
    )
  }

  private func makeTimeline(_ path: String, _ random: inout SplitMix64) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let begin = Lsn(0x200_0028)
    var end = begin
    let layers = layerNames(from: begin, &end, &random).map { name in
      IndexLayer(
        name: name,
        generation: .valid(UInt32(1 + random.next() % 39)),
        shard: .unsharded,
        fileSize: layerBytes ?? (1 + random.next() % 8192) * 8192
      )
    }
    for layer in layers {
      let file = LayerFileName(layer: layer.name, generation: layer.generation)
      let descriptor = open("\(path)/\(file)", O_WRONLY | O_CREAT | O_EXCL, 0o644)
      guard descriptor >= 0, ftruncate(descriptor, Int(layer.fileSize)) == 0, close(descriptor) == 0 else {
        throw BenchmarkError("cannot make \(path)/\(file)")
      }
    }
    let metadata = TimelineMetadata(
      diskConsistentLsn: Lsn(end.value - 1),
      prevRecordLsn: Lsn(end.value - 65),
      ancestorTimeline: nil,
      ancestorLsn: .invalid,
      latestGcCutoffLsn: begin,
      initdbLsn: begin,
      pgVersion: 17
    )
    let index = IndexPart(metadata: metadata, layers: layers)
    try Data(index.encode()).write(to: URL(filePath: "\(path)/index_part.json-00000028"))
  }

  private func layerNames(from begin: Lsn, _ end: inout Lsn, _ random: inout SplitMix64) -> [LayerName] {
    let bounds =
      [Key.min] + (1..<UInt32(Self.slices)).map { Key(0, 1663, 5, 16384 + 256 * $0, 0, 0) } + [Key.max]
    var names: [LayerName] = []
    var lsn = begin
    var level = 0
    func step() -> UInt64 { (1 << 17 + random.next() % (1 << 20)) / 8 * 8 }
    while names.count < layers - Self.l0Layers {
      // An image stands at the LSN that the deltas above it begin with.
      let top = level == 0 ? Lsn(lsn.value + 1) : Lsn(lsn.value + step())
      for (low, high) in zip(bounds, bounds.dropFirst()) where names.count < layers - Self.l0Layers {
        let keys = KeyRange(start: low, end: high)
        names.append(
          level % 4 == 0 ? LayerName(image: keys, at: lsn) : LayerName(delta: keys, from: lsn, to: top)
        )
      }
      if level % 4 != 0 || level == 0 { lsn = top }
      level += 1
    }
    while names.count < layers {
      let top = Lsn(lsn.value + step())
      names.append(LayerName(delta: .all, from: lsn, to: top))
      lsn = top
    }
    end = lsn
    return names
  }
}

/// A small generator of repeatable random numbers.
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}
