import IndexFormat

/// What the checks of a shard's timelines ask for again and again, gathered once: a shard may have as many
/// timelines as it likes, and none of them may cost a look at all others.
struct ShardFacts: Sendable {
  /// Timelines that another one names as its ancestor.
  private(set) var ancestors = Set<TimelineID>()
  /// Timelines that the manifest lists as offloaded.
  private(set) var offloaded = Set<TimelineID>()
  /// Timelines that the heatmap lists.
  private(set) var heatmapped = Set<TimelineID>()
  /// The latest generation that an index, manifest or heatmap speaks of.
  private(set) var newestGeneration = Generation.none
  /// Where each timeline's first layer begins.
  private(set) var firstLayers: [TimelineID: Lsn] = [:]
  /// The rings among the ancestors: for each timeline that is on one the number of its ring.
  private(set) var rings: [[TimelineID]] = []
  private var ringNumbers: [TimelineID: Int] = [:]

  init(_ inventory: ShardInventory, _ contents: ShardContents) {
    var parents: [TimelineID: TimelineID] = [:]
    for (id, timeline) in contents.timelines {
      guard let index = timeline.index.value else { continue }
      firstLayers[id] = index.layers.lazy.map(\.name.startLsn).min()
      guard let ancestor = index.metadata.ancestorTimeline else { continue }
      parents[id] = ancestor
      ancestors.insert(ancestor)
    }
    offloaded = Set(contents.manifest.value?.offloadedTimelines.map(\.timeline) ?? [])
    heatmapped = Set(contents.heatmap.value?.timelines.map(\.timeline) ?? [])
    for index in inventory.timelines.lazy.flatMap(\.indices) {
      newestGeneration = max(newestGeneration, index.generation)
    }
    for manifest in inventory.manifests { newestGeneration = max(newestGeneration, manifest.generation) }
    newestGeneration = max(newestGeneration, contents.heatmap.value?.generation ?? .none)
    findRings(parents)
  }

  /// Those of each shard of a tenant.
  static func all(_ inventory: TenantInventory, _ contents: TenantContents) -> [ShardIndex: ShardFacts] {
    Dictionary(
      inventory.shards.map { ($0.index, ShardFacts($0, contents.shards[$0.index] ?? ShardContents())) },
      uniquingKeysWith: { $1 }
    )
  }

  /// The timelines on the way from one up its ancestors back to itself, if there is such a way.
  func ring(of timeline: TimelineID) -> [TimelineID]? { ringNumbers[timeline].map { rings[$0] } }

  /// Goes up from each timeline until where somebody has been already: each is passed once.
  private mutating func findRings(_ parents: [TimelineID: TimelineID]) {
    var walkOf: [TimelineID: Int] = [:]
    for (walk, start) in parents.keys.sorted().enumerated() {
      var current = start
      while walkOf[current] == nil, let parent = parents[current] {
        walkOf[current] = walk
        current = parent
      }
      guard walkOf[current] == walk else { continue }
      var ring = [current]
      var next = parents[current]
      while let member = next, member != current {
        ring.append(member)
        next = parents[member]
      }
      for member in ring { ringNumbers[member] = rings.count }
      rings.append(ring)
    }
  }
}
