import Glibc
import IndexFormat

/// Where layers of one timeline and shard are written: a folder that is laid out as a bucket's `tenants/`.
struct LayerFolder: Sendable {
  var root: String
  var tenant: TenantID
  var shard: ShardIndex
  var timeline: TimelineID
  var generation: Generation

  /// Writes values as a delta layer, or those of an import as an image layer: under a temporary name at first, and
  /// never in place of another.
  func write(_ run: MemoryRun, as name: LayerName) throws(LayerWriteError) -> IndexLayer {
    let byteCount: UInt64
    switch name.kind {
    case .delta:
      var writer = try DeltaLayerWriter(name, tenant: tenant, timeline: timeline, sink: try sink(name))
      try run.write(to: &writer)
      byteCount = try Self.finish(try writer.finish())
    case .image:
      var writer = try imageWriter(name)
      try run.write(to: &writer)
      return try finish(writer, as: name)
    }
    return IndexLayer(name: name, generation: generation, shard: shard, fileSize: byteCount)
  }

  private func sink(_ name: LayerName) throws(LayerWriteError) -> LayerFileSink {
    let key = PageserverObjectKey.layerKey(tenant, layerShard: shard, timeline, name, generation)
    let path = "\(root)/\(key)"
    try makeFolders(above: path)
    return try LayerFileSink(path: path)
  }

  /// Begins an image layer, to be ended by `finish`.
  func imageWriter(_ name: LayerName) throws(LayerWriteError) -> ImageLayerWriter<LayerFileSink> {
    try ImageLayerWriter(
      name,
      tenant: tenant,
      timeline: timeline,
      compression: .standard,
      sink: try sink(name)
    )
  }

  func finish(
    _ writer: consuming ImageLayerWriter<LayerFileSink>,
    as name: LayerName
  ) throws(LayerWriteError) -> IndexLayer {
    let byteCount = try Self.finish(try writer.finish())
    return IndexLayer(name: name, generation: generation, shard: shard, fileSize: byteCount)
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
