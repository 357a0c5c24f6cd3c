import IndexFormat

/// Layers of one timeline in a folder, which becomes more by what is ingested. The folder is laid out as a bucket's
/// `tenants/`; layers are written under temporary names, and never replaced.
public final class GrownLayers {
  private let root: String
  private let tenant: TenantID
  private let shard: ShardIdentity
  private let id: TimelineID
  private let generation: Generation
  private let redo: RedoRules
  private let ancestor: Timeline.Ancestor?
  private let store: LayerStore
  public private(set) var layers: [IndexLayer]

  private static let openLayerCount = 64

  /// - Parameters:
  ///   - root: the folder with the folders of tenants.
  ///   - layers: those that are there already.
  ///   - cacheByteCount: bytes of layers that are kept in memory for reading.
  public init(
    root: String,
    tenant: TenantID,
    shard: ShardIdentity,
    timeline: TimelineID,
    generation: Generation,
    redo: RedoRules,
    ancestor: Timeline.Ancestor? = nil,
    layers: [IndexLayer] = [],
    cacheByteCount: Int = 64 << 20
  ) {
    self.root = root
    self.tenant = tenant
    self.shard = shard
    id = timeline
    self.generation = generation
    self.redo = redo
    self.ancestor = ancestor
    self.layers = layers
    store = LayerStore(
      source: FolderLayerSource(root: root),
      cache: BlockCache(byteBudget: cacheByteCount),
      limit: Self.openLayerCount
    )
  }

  /// The timeline with the layers that are written so far.
  public func timeline() -> Timeline {
    let (tenant, id) = (tenant, id)
    return Timeline(
      tenant: tenant,
      shard: shard,
      id: id,
      layers: layers,
      ancestor: ancestor,
      diskConsistentLsn: layers.map { Lsn($0.name.endLsn.value &- 1) }.max() ?? .invalid,
      redo: redo,
      store: store
    ) { layer in
      PageserverObjectKey.layerKey(tenant, layerShard: layer.shard, id, layer.name, layer.generation)
    }
  }

  /// Where layers of this timeline are written.
  var folder: LayerFolder {
    LayerFolder(root: root, tenant: tenant, shard: shard.index, timeline: id, generation: generation)
  }

  /// Writes values as a delta layer, or those of an import as an image layer.
  public func write(_ run: MemoryRun, as name: LayerName) throws(LayerWriteError) {
    add(try folder.write(run, as: name))
  }

  /// Takes over a layer that was written into the folder.
  func add(_ layer: IndexLayer) { layers.append(layer) }
}
