import IndexFormat

/// Which layer objects of a tenant some index names.
///
/// A layer may lie in the folder of a shard that the naming shard was split from, so references are kept for
/// the whole tenant. Where an index could not be read, what it names is unknown, and nothing that it might
/// name counts as unused.
struct LayerReferences {
  private struct Place: Hashable {
    var shard: ShardIndex
    var timeline: TimelineID
  }

  private var referenced: [Place: [Bool]] = [:]
  /// Shards and timelines of which an index could not be read.
  private var unreadable: [TimelineID: [ShardIndex]] = [:]
  /// Shards of which nothing was found.
  private var lost: [ShardIndex] = []
  private let timelines: [Place: TimelineInventory]
  /// Objects that were given out to be looked into.
  private var opened: [Place: [Bool]] = [:]

  init(_ inventory: TenantInventory) {
    var timelines: [Place: TimelineInventory] = [:]
    for shard in inventory.shards {
      for timeline in shard.timelines where !timeline.layers.isEmpty {
        timelines[Place(shard: shard.index, timeline: timeline.id)] = timeline
      }
    }
    self.timelines = timelines
  }

  /// Notes all layers that an index names.
  mutating func note(_ index: IndexPart, of timeline: TimelineID) {
    var place = Place(shard: .unsharded, timeline: timeline)
    var inventory: TimelineInventory?
    // Of the present place; taken out of the dictionary while it is written to, so that it is never copied.
    var isReferenced: [Bool] = []
    func putBack() { if inventory != nil { referenced[place] = isReferenced } }
    var shard: ShardIndex?
    for layer in index.layers {
      if layer.shard != shard {
        putBack()
        shard = layer.shard
        place = Place(shard: layer.shard, timeline: timeline)
        inventory = timelines[place]
        isReferenced =
          referenced.removeValue(forKey: place)
          ?? Array(repeating: false, count: inventory?.layers.count ?? 0)
      }
      guard let position = inventory?.position(of: layer.name, generation: layer.generation) else { continue }
      isReferenced[position] = true
    }
    putBack()
  }

  mutating func noteUnreadable(_ shard: ShardIndex, _ timeline: TimelineID) {
    unreadable[timeline, default: []].append(shard)
  }

  /// Notes that a whole shard is lost, and what its indices named with it.
  mutating func noteLost(_ shard: ShardIndex) { lost.append(shard) }

  /// The object that an entry of an index names, if it was listed.
  func object(_ layer: IndexLayer, of timeline: TimelineID) -> LayerObject? {
    guard let inventory = timelines[Place(shard: layer.shard, timeline: timeline)],
      let position = inventory.position(of: layer.name, generation: layer.generation)
    else { return nil }
    return inventory.layers[position]
  }

  /// The object that an entry of an index names, the first time that it is asked for: shards share layers.
  mutating func open(_ layer: IndexLayer, of timeline: TimelineID) -> LayerObject? {
    let place = Place(shard: layer.shard, timeline: timeline)
    guard let inventory = timelines[place],
      let position = inventory.position(of: layer.name, generation: layer.generation),
      !(opened[place]?[position] ?? false)
    else { return nil }
    opened[place, default: Array(repeating: false, count: inventory.layers.count)][position] = true
    return inventory.layers[position]
  }

  /// Which of a timeline's layer objects are named, by position; nil if none is.
  func referencedPositions(_ shard: ShardIndex, _ timeline: TimelineID) -> [Bool]? {
    referenced[Place(shard: shard, timeline: timeline)]
  }

  /// How many objects of a timeline are named, and their bytes.
  func usage(_ shard: ShardIndex, _ timeline: TimelineInventory) -> (count: Int, bytes: UInt64) {
    var count = 0
    var bytes: UInt64 = 0
    guard let isReferenced = referencedPositions(shard, timeline.id) else { return (0, 0) }
    for (position, layer) in timeline.layers.enumerated() where isReferenced[position] {
      count += 1
      bytes = bytes.saturatingSum(layer.size)
    }
    return (count, bytes)
  }

  /// Whether an index that might name objects of this shard's timeline could not be read.
  func isUncertain(_ shard: ShardIndex, _ timeline: TimelineID) -> Bool {
    (unreadable[timeline] ?? []).contains { $0.descends(from: shard) }
      || lost.contains { $0.descends(from: shard) }
  }
}
