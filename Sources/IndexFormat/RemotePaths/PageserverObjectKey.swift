/// What a page server's object is, told from its key below the tenants root (`pageserver/v1/tenants/`,
/// `tenants/`, or nothing in a snapshot).
///
/// | object | key |
/// |---|---|
/// | layer | `<tenant shard>/timelines/<timeline>/<layer name><generation>` |
/// | index | `<tenant shard>/timelines/<timeline>/index_part.json<generation>` |
/// | initdb archive | `<tenant>/timelines/<timeline>/initdb.tar.zst`, never sharded |
/// | kept initdb archive | `<tenant>/timelines/<timeline>/initdb-preserved.tar.zst`, never sharded |
/// | manifest | `<tenant shard>/tenant-manifest<generation>.json` |
/// | heatmap | `<tenant shard>/heatmap-v1.json` |
/// | deletion mark, 2023-08 to 2024-06-24 | `<tenant shard>/timelines/deleted` |
///
/// Identifiers and layer names count only as they are written: a reader makes the key from the values, so an
/// object whose name has digits of the other case, or `-0000` for unsharded, is never read. Such names are
/// bad or unknown here. All cases are plain values, so that a listing of millions is classified without
/// allocating; parts of the key that are no identifiers are given as ranges of its bytes.
///
/// Sources: `pageserver/src/tenant/remote_timeline_client.rs`, `storage_scrubber/src/metadata_stream.rs`.
public enum PageserverObjectKey: Hashable, Sendable {
  /// The shard is the one whose folder the layer lies in; its generation is its own, not the index's.
  case layer(TenantShardID, TimelineID, LayerFileName)
  /// A layer named as on a page server's disk (`-v1-`), where only objects should be.
  case localLayer(TenantShardID, TimelineID, LayerFileName)
  /// Canonical: no suffix, or one of exactly eight lower-case digits. Others are listed by readers and taken
  /// for that generation, and then not found under the key they make of it.
  case index(TenantShardID, TimelineID, Generation, isCanonical: Bool)
  /// Begins as an index does, and goes on with what is no generation.
  case misnamedIndex(TenantShardID, TimelineID, name: Range<Int>)
  case initdb(TenantShardID, TimelineID)
  case preservedInitdb(TenantShardID, TimelineID)
  case manifest(TenantShardID, Generation)
  /// Begins as a manifest does, and goes on otherwise.
  case misnamedManifest(TenantShardID, name: Range<Int>)
  case heatmap(TenantShardID)
  case deletedMark(TenantShardID)
  /// No object at all, but what writing, fetching or a side file leaves in a folder.
  case localTemporary(TemporaryName)
  case unknownInTimeline(TenantShardID, TimelineID, name: Range<Int>)
  /// Directly below `timelines/`.
  case unknownInTimelines(TenantShardID, name: Range<Int>)
  case badTimelineName(TenantShardID, folder: Range<Int>)
  case unknownInTenant(TenantShardID, name: Range<Int>)
  case badTenantName(folder: Range<Int>)
  /// Beside the tenants' folders.
  case unknownAtRoot

  /// Classifies a key relative to the tenants root.
  public init(_ key: RawSpan) {
    if let leftover = TemporaryName(leftoverKey: key) {
      self = .localTemporary(leftover)
      return
    }
    guard let tenantEnd = key.firstOffset(of: UInt8(ascii: "/")) else {
      self = .unknownAtRoot
      return
    }
    let folder = key.extracting(0..<tenantEnd)
    guard let shard = TenantShardID(canonical: folder) else {
      self =
        folder.ends(with: "___temp")
        ? .localTemporary(.otherTemporary) : .badTenantName(folder: 0..<tenantEnd)
      return
    }
    if key.has("timelines/", at: tenantEnd + 1) {
      self = PageserverObjectKey.belowTimelines(key, shard, from: tenantEnd + 1 + "timelines/".utf8.count)
    } else {
      self = PageserverObjectKey.inTenant(key, shard, name: tenantEnd + 1..<key.byteCount)
    }
  }

  private static func inTenant(_ key: RawSpan, _ shard: TenantShardID, name: Range<Int>)
    -> PageserverObjectKey
  {
    let text = key.extracting(name)
    if text.equals("heatmap-v1.json") { return .heatmap(shard) }
    guard text.starts(with: "tenant-manifest") else { return .unknownInTenant(shard, name: name) }
    if text.equals("tenant-manifest.json") { return .manifest(shard, .none) }
    // tenant-manifest-XXXXXXXX.json
    guard text.byteCount == 29, text.has("-", at: 15), text.has(".json", at: 24),
      let generation = Generation(canonicalSuffix: text.extracting(16..<24))
    else { return .misnamedManifest(shard, name: name) }
    return .manifest(shard, generation)
  }

  private static func belowTimelines(_ key: RawSpan, _ shard: TenantShardID, from start: Int)
    -> PageserverObjectKey
  {
    guard let timelineEnd = key.firstOffset(of: UInt8(ascii: "/"), from: start) else {
      let name = start..<key.byteCount
      return key.extracting(name).equals("deleted")
        ? .deletedMark(shard) : .unknownInTimelines(shard, name: name)
    }
    let folder = key.extracting(start..<timelineEnd)
    guard let timeline = TimelineID(hex: folder), !folder.hasUpperCase(upTo: folder.byteCount) else {
      return folder.ends(with: "___temp")
        ? .localTemporary(.otherTemporary) : .badTimelineName(shard, folder: start..<timelineEnd)
    }
    return inTimeline(key, shard, timeline, name: timelineEnd + 1..<key.byteCount)
  }

  private static func inTimeline(
    _ key: RawSpan,
    _ shard: TenantShardID,
    _ timeline: TimelineID,
    name: Range<Int>
  ) -> PageserverObjectKey {
    let text = key.extracting(name)
    if let layer = LayerFileName(text: text), !text.hasLowerCase(upTo: layer.layer.textLength) {
      return layer.place == .object ? .layer(shard, timeline, layer) : .localLayer(shard, timeline, layer)
    }
    if text.starts(with: "index_part.json") {
      if text.byteCount == 15 { return .index(shard, timeline, .none, isCanonical: true) }
      guard text.has("-", at: 15), let generation = Generation(suffix: text.extracting(16..<text.byteCount))
      else { return .misnamedIndex(shard, timeline, name: name) }
      let isCanonical = text.byteCount == 24 && !text.extracting(16..<24).hasUpperCase(upTo: 8)
      return .index(shard, timeline, generation, isCanonical: isCanonical)
    }
    if text.equals("initdb.tar.zst") { return .initdb(shard, timeline) }
    if text.equals("initdb-preserved.tar.zst") { return .preservedInitdb(shard, timeline) }
    return .unknownInTimeline(shard, timeline, name: name)
  }
}

extension PageserverObjectKey {
  /// In whose folder the object lies; nil where that cannot be told.
  public var tenantShard: TenantShardID? {
    switch self {
    case .layer(let shard, _, _), .localLayer(let shard, _, _), .index(let shard, _, _, _),
      .misnamedIndex(let shard, _, _), .initdb(let shard, _), .preservedInitdb(let shard, _),
      .manifest(let shard, _), .misnamedManifest(let shard, _), .heatmap(let shard), .deletedMark(let shard),
      .unknownInTimeline(let shard, _, _), .unknownInTimelines(let shard, _), .badTimelineName(let shard, _),
      .unknownInTenant(let shard, _):
      shard
    case .localTemporary, .badTenantName, .unknownAtRoot: nil
    }
  }

  /// In which timeline's folder the object lies; nil if in none.
  public var timeline: TimelineID? {
    switch self {
    case .layer(_, let timeline, _), .localLayer(_, let timeline, _), .index(_, let timeline, _, _),
      .misnamedIndex(_, let timeline, _), .initdb(_, let timeline), .preservedInitdb(_, let timeline),
      .unknownInTimeline(_, let timeline, _):
      timeline
    case .manifest, .misnamedManifest, .heatmap, .deletedMark, .unknownInTimelines, .badTimelineName,
      .unknownInTenant, .localTemporary, .badTenantName, .unknownAtRoot:
      nil
    }
  }
}
