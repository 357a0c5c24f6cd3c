import IndexFormat

@testable import Scrubber

/// Small worlds: tenants made of a few indices and layers of their own.
extension BucketFixture {
  static let tenant = TenantID(high: 0x1f35_9dd6_25e5_19a1, low: 0xa4e8_d750_9690_f6fc)
  static let end = Lsn(0x170_0020)

  static func timeline(_ number: UInt64) -> TimelineID {
    TimelineID(high: 0xaaaa_0000_0000_0000, low: number)
  }

  /// The delta that goes from where initdb ended up to `end`, of all keys.
  static let delta = LayerName(delta: .all, from: Lsn(0x170_0000), to: end.successor)

  static func layer(
    _ name: LayerName = delta,
    shard: ShardIndex = .unsharded,
    generation: Generation = .valid(1),
    size: UInt64 = 100
  ) -> IndexLayer {
    IndexLayer(name: name, generation: generation, shard: shard, fileSize: size)
  }

  static func index(
    _ layers: [IndexLayer],
    ancestor: TimelineID? = nil,
    branchPoint: Lsn = .invalid,
    end: Lsn = BucketFixture.end
  ) -> IndexPart {
    IndexPart(
      metadata: TimelineMetadata(
        diskConsistentLsn: end,
        prevRecordLsn: nil,
        ancestorTimeline: ancestor,
        ancestorLsn: branchPoint,
        latestGcCutoffLsn: .invalid,
        // Not what initdb leaves, so that no archive is asked for.
        initdbLsn: Lsn(0x10),
        pgVersion: 16
      ),
      layers: layers
    )
  }

  static func folder(_ shard: ShardIndex = .unsharded, _ tenant: TenantID = tenant) -> String {
    "pageserver/v1/tenants/\(TenantShardID(tenant: tenant, shard: shard))/"
  }

  static func folder(_ shard: ShardIndex, _ timeline: TimelineID, _ tenant: TenantID = tenant) -> String {
    "\(folder(shard, tenant))timelines/\(timeline)/"
  }

  mutating func put(_ key: String, text: String) {
    objects[key] = Object(
      size: UInt64(text.utf8.count),
      text: text,
      lastModified: Timestamp(nanoseconds: 1)
    )
  }

  /// Adds an index; returns its key.
  @discardableResult
  mutating func add(
    _ index: IndexPart,
    _ timeline: TimelineID,
    _ shard: ShardIndex = .unsharded,
    tenant: TenantID = tenant,
    generation: Generation = .valid(1)
  ) -> String {
    let key = Self.folder(shard, timeline, tenant) + "index_part.json\(generation.keySuffix)"
    put(key, text: String(decoding: index.encode(), as: UTF8.self))
    return key
  }

  /// Adds a layer's object; returns its key.
  @discardableResult
  mutating func add(_ layer: IndexLayer, _ timeline: TimelineID, tenant: TenantID = tenant) -> String {
    let key =
      "pageserver/v1/tenants/"
      + PageserverObjectKey.layerKey(tenant, layerShard: layer.shard, timeline, layer.name, layer.generation)
    objects[key] = Object(size: layer.fileSize, text: nil, lastModified: Timestamp(nanoseconds: 1))
    return key
  }

  /// Adds a timeline that is whole: an index with one layer, and the layer.
  mutating func addTimeline(
    _ timeline: TimelineID,
    _ shard: ShardIndex = .unsharded,
    tenant: TenantID = tenant,
    generation: Generation = .valid(1)
  ) {
    let layer = Self.layer(shard: shard, generation: generation)
    add(layer, timeline, tenant: tenant)
    add(Self.index([layer]), timeline, shard, tenant: tenant, generation: generation)
  }
}

extension ScanRecord {
  /// What is worse than a remark, as text.
  var accusations: [String] {
    findings.filter { $0.severity >= .garbage }.map { "\($0.code.rawValue) \($0.objectKey ?? "")" }
  }
}
