/// Keys as page servers write them, relative to the tenants root, and the prefixes they list by.
extension PageserverObjectKey {
  /// A tenant shard's folder, with the slash.
  public static func shardPrefix(_ shard: TenantShardID) -> String { "\(shard)/" }

  /// What all shards of a tenant begin with. Without a slash, so in principle it matches more than it should.
  public static func tenantPrefix(_ tenant: TenantID) -> String { "\(tenant)" }

  public static func timelinesPrefix(_ shard: TenantShardID) -> String { "\(shard)/timelines/" }

  /// A timeline's folder, with the slash.
  public static func timelinePrefix(_ shard: TenantShardID, _ timeline: TimelineID) -> String {
    "\(shard)/timelines/\(timeline)/"
  }

  /// A layer. The shard is the one that wrote the layer, as its entry in the index names it (or unsharded, if
  /// it names none): not the shard whose index it is.
  public static func layerKey(
    _ tenant: TenantID,
    layerShard: ShardIndex,
    _ timeline: TimelineID,
    _ layer: LayerName,
    _ generation: Generation
  ) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(37 + 11 + 32 + 1 + LayerName.deltaTextLength + 9)
    appendLayerKey(tenant, layerShard: layerShard, timeline, layer, generation, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends what `layerKey` returns: for comparing many keys without a string of each.
  public static func appendLayerKey(
    _ tenant: TenantID,
    layerShard: ShardIndex,
    _ timeline: TimelineID,
    _ layer: LayerName,
    _ generation: Generation,
    to bytes: inout [UInt8]
  ) {
    tenant.append(to: &bytes)
    if !layerShard.isUnsharded {
      bytes.append(UInt8(ascii: "-"))
      HexDigits.append(UInt64(layerShard.number), count: 2, uppercase: false, to: &bytes)
      HexDigits.append(UInt64(layerShard.count), count: 2, uppercase: false, to: &bytes)
    }
    bytes.append(contentsOf: "/timelines/".utf8)
    timeline.append(to: &bytes)
    bytes.append(UInt8(ascii: "/"))
    layer.append(to: &bytes)
    if case .valid(let number) = generation {
      bytes.append(UInt8(ascii: "-"))
      HexDigits.append(UInt64(number), count: 8, uppercase: false, to: &bytes)
    }
  }

  public static func indexKey(_ shard: TenantShardID, _ timeline: TimelineID, _ generation: Generation)
    -> String
  {
    indexPrefix(shard, timeline) + generation.keySuffix
  }

  /// What indices of all generations begin with.
  public static func indexPrefix(_ shard: TenantShardID, _ timeline: TimelineID) -> String {
    timelinePrefix(shard, timeline) + "index_part.json"
  }

  /// Always in the folder of the unsharded tenant.
  public static func initdbKey(_ tenant: TenantID, _ timeline: TimelineID) -> String {
    timelinePrefix(TenantShardID(tenant: tenant), timeline) + "initdb.tar.zst"
  }

  /// Always in the folder of the unsharded tenant.
  public static func preservedInitdbKey(_ tenant: TenantID, _ timeline: TimelineID) -> String {
    timelinePrefix(TenantShardID(tenant: tenant), timeline) + "initdb-preserved.tar.zst"
  }

  /// The generation stands in front of `.json`, unlike in an index's key.
  public static func manifestKey(_ shard: TenantShardID, _ generation: Generation) -> String {
    manifestPrefix(shard) + generation.keySuffix + ".json"
  }

  /// What manifests of all generations begin with.
  public static func manifestPrefix(_ shard: TenantShardID) -> String {
    shardPrefix(shard) + "tenant-manifest"
  }

  public static func heatmapKey(_ shard: TenantShardID) -> String { shardPrefix(shard) + "heatmap-v1.json" }

  public static func deletedMarkKey(_ shard: TenantShardID) -> String { timelinesPrefix(shard) + "deleted" }

  /// The key of this object, if its kind and values tell it: not for what is misnamed, unknown or temporary.
  public var text: String? {
    switch self {
    case .layer(let shard, let timeline, let file):
      PageserverObjectKey.layerKey(
        shard.tenant,
        layerShard: shard.shard,
        timeline,
        file.layer,
        file.generation
      )
    case .localLayer(let shard, let timeline, let file):
      PageserverObjectKey.timelinePrefix(shard, timeline) + file.description
    case .index(let shard, let timeline, let generation, isCanonical: true):
      PageserverObjectKey.indexKey(shard, timeline, generation)
    case .initdb(let shard, let timeline):
      PageserverObjectKey.timelinePrefix(shard, timeline) + "initdb.tar.zst"
    case .preservedInitdb(let shard, let timeline):
      PageserverObjectKey.timelinePrefix(shard, timeline) + "initdb-preserved.tar.zst"
    case .manifest(let shard, let generation): PageserverObjectKey.manifestKey(shard, generation)
    case .heatmap(let shard): PageserverObjectKey.heatmapKey(shard)
    case .deletedMark(let shard): PageserverObjectKey.deletedMarkKey(shard)
    case .index, .misnamedIndex, .misnamedManifest, .localTemporary, .unknownInTimeline, .unknownInTimelines,
      .badTimelineName, .unknownInTenant, .badTenantName, .unknownAtRoot:
      nil
    }
  }
}
