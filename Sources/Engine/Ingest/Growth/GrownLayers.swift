import Glibc
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

  /// Writes values as a delta layer, or those of an import as an image layer.
  public func write(_ run: MemoryRun, as name: LayerName) throws(LayerWriteError) {
    let key = PageserverObjectKey.layerKey(tenant, layerShard: shard.index, id, name, generation)
    let path = "\(root)/\(key)"
    try makeFolders(above: path)
    let sink = try LayerFileSink(path: path)
    let byteCount: UInt64
    switch name.kind {
    case .delta:
      var writer = try DeltaLayerWriter(name, tenant: tenant, timeline: id, sink: sink)
      try run.write(to: &writer)
      byteCount = try Self.finish(try writer.finish())
    case .image:
      var writer = try ImageLayerWriter(
        name,
        tenant: tenant,
        timeline: id,
        compression: .standard,
        sink: sink
      )
      try run.write(to: &writer)
      byteCount = try Self.finish(try writer.finish())
    }
    layers.append(IndexLayer(name: name, generation: generation, shard: shard.index, fileSize: byteCount))
  }

  /// Gives the file its name.
  private static func finish(_ layer: consuming WrittenLayer<LayerFileSink>) throws(LayerWriteError) -> UInt64
  {
    let byteCount = layer.byteCount
    try layer.sink.commit()
    return byteCount
  }

  private func makeFolders(above path: String) throws(LayerWriteError) {
    var folder = root
    for part in path.dropFirst(root.utf8.count).split(separator: "/").dropLast() {
      folder += "/" + part
      guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw .file(SystemError("mkdir", folder)) }
    }
  }
}
