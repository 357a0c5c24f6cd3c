import Engine
import IndexFormat

/// An object of a tenant that is to be looked into: a layer that an index names, or an archive of initdb.
struct BodyTarget: Sendable {
  enum Content: Sendable {
    /// - folder: the shard in whose folder it lies.
    /// - importLsn: where the timeline's first pages come from.
    case layer(folder: ShardIndex, name: LayerName, generation: Generation, importLsn: Lsn)
    case archive(key: String)
  }

  var content: Content
  /// The first shard that names it: what findings are about.
  var shard: ShardIndex
  var timeline: TimelineID
  /// As listed.
  var size: UInt64
  var lastModified: Timestamp
  var mark: ContentMark
  /// Whether the check of the tenant has counted it as visited, and not as skipped.
  var isVisited = true

  var isArchive: Bool {
    if case .archive = content { true } else { false }
  }

  /// The object's key. Not kept: a tenant may have a million layers.
  func key(of tenant: TenantID, _ tenantsPrefix: String) -> String {
    switch content {
    case .archive(let key): key
    case .layer(let folder, let name, let generation, _):
      tenantsPrefix
        + PageserverObjectKey.layerKey(tenant, layerShard: folder, timeline, name, generation)
    }
  }
}

extension TenantCheck {
  /// Lists what is to be looked into at this depth, each object once.
  ///
  /// - Parameter selected: the shards that were asked for; none for all.
  mutating func noteBodies(of selected: Set<ShardIndex>) {
    guard depth.opensLayers else { return }
    verdict.bodyCounts = BodyCounts()
    for (shard, shardContents) in contents.shards.sorted(by: { $0.key < $1.key }) {
      guard isServing(shard), selected.isEmpty || selected.contains(shard) else { continue }
      for (id, timeline) in shardContents.timelines.sorted(by: { $0.key < $1.key }) {
        // A deleted timeline's index is a tombstone.
        guard let index = timeline.index.value, index.deletedAt == nil else { continue }
        noteLayers(index, id, shard)
      }
    }
    if depth == .blobs, selected.isEmpty { noteArchives() }
  }

  private mutating func noteLayers(_ index: IndexPart, _ timeline: TimelineID, _ shard: ShardIndex) {
    for layer in index.layers {
      guard let object = references.open(layer, of: timeline) else { continue }
      verdict.bodies.append(
        BodyTarget(
          content: .layer(
            folder: layer.shard,
            name: layer.name,
            generation: layer.generation,
            importLsn: index.metadata.initdbLsn
          ),
          shard: shard,
          timeline: timeline,
          size: object.size,
          lastModified: object.lastModified,
          mark: object.mark,
          isVisited: !(contents.timeline(layer.shard, timeline)?.index.isUnknown ?? false)
        )
      )
    }
  }

  private mutating func noteArchives() {
    for shard in inventory.shards {
      for timeline in shard.timelines {
        // An empty one has a finding already.
        for archive in [timeline.initdb, timeline.preservedInitdb].compactMap({ $0 }) where archive.size > 0 {
          verdict.bodies.append(
            BodyTarget(
              content: .archive(key: archive.key),
              shard: shard.index,
              timeline: timeline.id,
              size: archive.size,
              lastModified: archive.lastModified,
              mark: archive.mark
            )
          )
        }
      }
    }
  }
}
