import IndexFormat

/// Everything that a listing says of one tenant: what objects there are, of which kind, how large.
///
/// Made by `InventoryBuilder`, in memory while the tenant is checked, then dropped: the largest tenant, not
/// the bucket, decides how much memory a scan takes.
struct TenantInventory: Sendable {
  let tenant: TenantID
  /// By shard count, then number.
  var shards: [ShardInventory] = []
  /// Objects that were listed, of every kind.
  var objectCount = 0
  var byteCount: UInt64 = 0
  /// Prefixes of this tenant that the store would not list.
  var unlisted: [String] = []

  init(tenant: TenantID) { self.tenant = tenant }

  func shard(_ index: ShardIndex) -> ShardInventory? { shards.first { $0.index == index } }

  /// How many timeline folders there are, over all shards.
  var shardTimelineCount: Int { shards.reduce(0) { $0 + $1.timelines.count } }

  /// Adds what was listed of other shards.
  mutating func merge(_ other: TenantInventory) {
    shards = (shards + other.shards).sorted { $0.index < $1.index }
    objectCount += other.objectCount
    byteCount &+= other.byteCount
    unlisted += other.unlisted
  }

  /// Whether a second listing shows the same objects: names, sizes, times and etags.
  func isSame(as other: TenantInventory) -> Bool {
    tenant == other.tenant && shards == other.shards && unlisted == other.unlisted
  }
}

/// The objects of one tenant shard.
struct ShardInventory: Sendable, Equatable {
  let index: ShardIndex
  /// By identifier.
  var timelines: [TimelineInventory] = []
  var manifests: [GenerationalObject] = []
  var heatmap: ListedObject?
  /// `timelines/deleted`, which page servers left until June 2024.
  var deletedMark: ListedObject?
  var strays: [StrayObject] = []

  init(index: ShardIndex) { self.index = index }

  func timeline(_ id: TimelineID) -> TimelineInventory? {
    var low = 0
    var high = timelines.count
    while low < high {
      let middle = low &+ (high &- low) / 2
      if timelines[middle].id < id { low = middle &+ 1 } else { high = middle }
    }
    return low < timelines.count && timelines[low].id == id ? timelines[low] : nil
  }

  /// Whether a page server has worked on this shard. Archives of initdb lie in the unsharded folder for all
  /// shards, and an object that nobody knows makes no shard of the folder it was put into.
  var isShard: Bool {
    !manifests.isEmpty || heatmap != nil || deletedMark != nil
      || timelines.contains { !$0.indices.isEmpty || !$0.layers.isEmpty }
  }
}

/// The objects of one timeline on one shard.
struct TimelineInventory: Sendable, Equatable {
  let id: TimelineID
  var indices: [GenerationalObject] = []
  var initdb: ListedObject?
  var preservedInitdb: ListedObject?
  /// Sorted by `LayerObject.precedes`, so that an index's layers can be looked up.
  var layers: [LayerObject] = []
  var strays: [StrayObject] = []

  init(id: TimelineID) { self.id = id }

  /// Whether there is at most what initdb left.
  var isOnlyArchives: Bool { indices.isEmpty && layers.isEmpty && strays.isEmpty }

  var layerByteCount: UInt64 { layers.reduce(0) { $0.saturatingSum($1.size) } }

  /// Where the object of a layer stands in `layers`, or nil if it was not listed.
  func position(of name: LayerName, generation: Generation) -> Int? {
    var low = 0
    var high = layers.count
    while low < high {
      let middle = low &+ (high &- low) / 2
      if LayerObject.precedes(layers[middle].name, layers[middle].generation, name, generation) {
        low = middle &+ 1
      } else {
        high = middle
      }
    }
    guard low < layers.count, layers[low].name == name, layers[low].generation == generation else {
      return nil
    }
    return low
  }
}

/// An object with its key, as listed.
struct ListedObject: Sendable, Equatable {
  var key: String
  var size: UInt64
  var lastModified: Timestamp
  var mark = ContentMark.none
}

/// An index or manifest of one generation.
struct GenerationalObject: Sendable, Equatable {
  var generation: Generation
  var object: ListedObject
}

/// A layer object. Its key is not kept: shard, timeline, name and generation make it.
struct LayerObject: Sendable, Equatable {
  var name: LayerName
  var generation: Generation
  var size: UInt64
  var lastModified: Timestamp
  var mark = ContentMark.none

  static func precedes(
    _ left: LayerName,
    _ leftGeneration: Generation,
    _ right: LayerName,
    _ rightGeneration: Generation
  ) -> Bool {
    left == right ? leftGeneration < rightGeneration : left < right
  }
}

/// An object whose name says nothing, or nothing that should be there.
struct StrayObject: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    /// No name that any release has written.
    case unknownName
    /// Begins as an index does.
    case misnamedIndex
    /// Begins as a manifest does.
    case misnamedManifest
    /// In a folder below `timelines/` whose name is no timeline. `objectCount` tells how many there are.
    case badTimelineName
    /// A temporary or side file of a local store: no object.
    case temporary
  }

  var kind: Kind
  /// The object; of a bad folder the first one in it.
  var object: ListedObject
  /// The folder's name, for `badTimelineName`.
  var folder = ""
  var objectCount = 1
}
