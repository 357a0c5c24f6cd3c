import Engine
import IndexFormat

/// A timeline on one shard, by the index that a page server would choose.
final class TimelineView: Sendable {
  let tenant: TenantID
  let shard: ShardIndex
  let id: TimelineID
  let index: IndexPart
  /// The object of the index.
  let object: GenerationalObject
  /// In the order of the index. Of a name that stands there twice the last counts, as for page servers.
  let layers: [LayerReference]

  fileprivate init(
    _ view: TenantView,
    _ shard: ShardIndex,
    _ id: TimelineID,
    _ index: IndexPart,
    _ object: GenerationalObject
  ) {
    tenant = view.tenant
    self.shard = shard
    self.id = id
    self.index = index
    self.object = object
    var positions: [LayerName: Int] = [:]
    var layers: [LayerReference] = []
    layers.reserveCapacity(index.layers.count)
    for layer in index.layers {
      let reference = LayerReference(layer, of: id, in: view)
      if let position = positions.updateValue(layers.count, forKey: layer.name) {
        positions[layer.name] = position
        layers[position] = reference
      } else {
        layers.append(reference)
      }
    }
    self.layers = layers
  }

  var tenantShard: TenantShardID { TenantShardID(tenant: tenant, shard: shard) }

  /// Where the timeline branched off, if it did.
  var ancestor: (timeline: TimelineID, lsn: Lsn)? {
    index.metadata.ancestorTimeline.map { ($0, index.metadata.ancestorLsn) }
  }

  var layerByteCount: UInt64 { layers.reduce(0) { $0.saturatingSum($1.layer.fileSize) } }
}

/// A layer as an index names it, with the key of its object.
struct LayerReference: Sendable, Equatable {
  enum Presence: Sendable, Equatable {
    case present
    case missing
    /// The object is of another size than the index says.
    case otherSize(UInt64)
  }

  let layer: IndexLayer
  let timeline: TimelineID
  let tenant: TenantID
  /// What the tenants' keys begin with in the bucket.
  private let prefix: String
  /// By the listing.
  let presence: Presence

  init(_ layer: IndexLayer, of timeline: TimelineID, in view: TenantView) {
    self.layer = layer
    self.timeline = timeline
    tenant = view.tenant
    prefix = view.bucket.root.tenantsPrefix
    let folder = view.inventory.shard(layer.shard)?.timeline(timeline)
    guard let position = folder?.position(of: layer.name, generation: layer.generation),
      let size = folder?.layers[position].size
    else {
      presence = .missing
      return
    }
    presence = size == layer.fileSize ? .present : .otherSize(size)
  }

  var name: LayerName { layer.name }

  /// Of the object in the bucket.
  var key: String {
    prefix
      + PageserverObjectKey.layerKey(tenant, layerShard: layer.shard, timeline, layer.name, layer.generation)
  }

  /// The layer for the engine.
  var object: Engine.LayerObject {
    Engine.LayerObject(key: key, name: layer.name, tenant: tenant, shard: layer.shard, timeline: timeline)
  }
}

// MARK: - Timelines of a tenant

extension TenantView {
  /// Every timeline that has a folder on one of the shards, in ascending order. Archives of initdb alone make none.
  var timelineIDs: [TimelineID] {
    var found = Set<TimelineID>()
    for shard in shards {
      for timeline in inventory.shard(shard)?.timelines ?? [] where !timeline.isOnlyArchives {
        found.insert(timeline.id)
      }
    }
    return found.sorted()
  }

  /// The timeline that was asked for, or the only one.
  func timelineID(_ wanted: TimelineID?) throws(ScanFailure) -> TimelineID {
    let found = timelineIDs
    if let wanted {
      guard !found.contains(wanted) else { return wanted }
      let names = found.map(\.description)
      let nearest = NearestName.find(wanted.description, among: names)
      throw ScanFailure(
        message: "\(bucket.location): tenant \(tenant) has no timeline \(wanted)",
        hint: nearest.map { "Did you mean \($0)?" } ?? "List its timelines: scrubber timeline list.",
        exitCode: .nothingMatched
      )
    }
    guard let only = found.first else {
      throw ScanFailure(
        message: "\(bucket.location): tenant \(tenant) has no timelines",
        exitCode: .nothingMatched
      )
    }
    guard found.count == 1 else {
      let names = found.prefix(10).map(\.description).joined(separator: ", ")
      throw ScanFailure(
        message: "tenant \(tenant) has more than one timeline",
        hint: "Choose one with --timeline-id: \(names)\(found.count > 10 ? " and others" : "").",
        exitCode: .usage
      )
    }
    return only
  }

  /// The timeline on a shard, or why its index is not to be had.
  func timeline(_ id: TimelineID, on shard: ShardIndex) throws(ScanFailure) -> TimelineView {
    let place = "\(TenantShardID(tenant: tenant, shard: shard))/\(id)"
    let found = contents.timeline(shard, id)
    switch found?.index {
    case .present(let index)?:
      guard let object = found?.chosen else { break }
      return TimelineView(self, shard, id, index, object)
    case .problem(.damaged(let error))?:
      throw ScanFailure(
        message: "\(found?.chosen?.object.key ?? place): \(error)",
        hint: "See what there is of it: scrubber index dump --raw.",
        exitCode: .damage
      )
    case .problem(.unknown(let error))?: throw ScanFailure(message: "\(bucket.location): \(error)")
    case .absent?, nil: break
    }
    throw ScanFailure(
      message: "\(bucket.location): there is no index of timeline \(place)",
      exitCode: .nothingMatched
    )
  }

  /// The timeline on each shard that is looked at and has it.
  func timelines(_ id: TimelineID) throws(ScanFailure) -> [TimelineView] {
    var views: [TimelineView] = []
    for shard in shards where inventory.shard(shard)?.timeline(id).map({ !$0.isOnlyArchives }) ?? false {
      views.append(try timeline(id, on: shard))
    }
    return views
  }

  /// The timeline and those that it is read through, each with the LSN from which on its data counts no more: nil for
  /// the timeline itself. Ends at a ring.
  func ancestry(of first: TimelineView) throws(ScanFailure) -> [(timeline: TimelineView, limit: Lsn?)] {
    var chain: [(timeline: TimelineView, limit: Lsn?)] = [(first, nil)]
    var seen: Set<TimelineID> = [first.id]
    var limit: Lsn?
    var current = first
    while let ancestor = current.ancestor, seen.insert(ancestor.timeline).inserted {
      // A branch shows nothing of its ancestor beyond the point where an earlier branch left it.
      limit = min(limit ?? ancestor.lsn, ancestor.lsn)
      current = try timeline(ancestor.timeline, on: first.shard)
      chain.append((current, limit))
    }
    return chain
  }
}
