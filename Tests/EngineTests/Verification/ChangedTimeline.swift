import Engine
import Foundation
import IndexFormat
import Testing

/// Layers of another source, some of which are others, gone, or not to be had.
final class ChangedLayerSource: LayerSource {
  private let base: any LayerSource
  private let replaced: [String: [UInt8]]
  private let gone: Set<String>
  private let refused: Set<String>

  init(
    _ base: any LayerSource,
    replaced: [String: [UInt8]] = [:],
    gone: Set<String> = [],
    refused: Set<String> = []
  ) {
    self.base = base
    self.replaced = replaced
    self.gone = gone
    self.refused = refused
  }

  func byteCount(of key: String) async throws(LayerSourceError) -> UInt64 {
    try await read(key, 0..<0).byteCount == 0 ? UInt64(replaced[key]?.count ?? 0) : 0
  }

  func read(_ key: String, _ range: Range<UInt64>) async throws(LayerSourceError) -> LayerBytes {
    if gone.contains(key) { throw LayerSourceError(.notFound, key: key, detail: "no such object") }
    if refused.contains(key) { throw LayerSourceError(.failed, key: key, detail: "no answer") }
    guard let bytes = replaced[key] else { return try await base.read(key, range) }
    guard range.upperBound <= bytes.count else {
      throw LayerSourceError(.shortRead, key: key, detail: "\(bytes.count) bytes")
    }
    return LayerBytes(copying: bytes.span.bytes.extracting(Int(range.lowerBound)..<Int(range.upperBound)))
  }
}

extension Timeline {
  var positions: [LayerMap.Position] { map.layers.indices.map { LayerMap.Position($0) } }

  /// The same timeline with other layers, or over another source. New layers are `new/NAME`.
  func copy(_ layers: [IndexLayer]? = nil, over source: any LayerSource) -> Timeline {
    var keys: [IndexLayer: String] = [:]
    for position in positions { keys[map.layers[Int(position)]] = object(position).key }
    let known = keys
    return Timeline(
      tenant: tenant,
      shard: shard,
      id: id,
      layers: layers ?? map.layers,
      ancestor: ancestor,
      diskConsistentLsn: diskConsistentLsn,
      rules: rules,
      redo: redo,
      store: LayerStore(source)
    ) { known[$0] ?? "new/\($0.name)" }
  }

  /// The same timeline with one layer whose values were changed and that was written anew, as its writer would have.
  ///
  /// - Parameters:
  ///   - lost: keys that are left out.
  ///   - change: gets each value: of a record of PostgreSQL its bytes, of others nothing.
  func changing(
    _ position: LayerMap.Position,
    without lost: Set<Key> = [],
    _ change: (Key, Lsn, inout [UInt8]) -> Void = { _, _, _ in }
  ) async throws -> Timeline {
    let bytes = try await written(position, without: lost, change)
    var layers = map.layers
    layers[Int(position)].fileSize = UInt64(bytes.count)
    // Not the layer that it was, which the source still has.
    layers[Int(position)].generation = .valid(99)
    let source = ChangedLayerSource(store.source, replaced: ["new/\(map[position])": bytes])
    return copy(layers, over: source)
  }

  /// The same timeline with a delta layer above, of images.
  func overlaid(_ values: [(Key, [UInt8])], at lsn: Lsn) throws -> Timeline {
    let name = LayerName(delta: .all, from: lsn, to: Lsn(lsn.value + 1))
    var writer = try DeltaLayerWriter(name, tenant: tenant, timeline: id, sink: MemoryLayerSink())
    for (key, bytes) in values.sorted(by: { $0.0 < $1.0 }) { try writer.put(key, lsn, .image(bytes)) }
    let bytes = try writer.finish().sink.bytes
    let layer = IndexLayer(
      name: name,
      generation: .valid(9),
      shard: shard.index,
      fileSize: UInt64(bytes.count)
    )
    let source = ChangedLayerSource(store.source, replaced: ["new/\(name)": bytes])
    return copy(map.layers + [layer], over: source)
  }

  private func written(
    _ position: LayerMap.Position,
    without lost: Set<Key>,
    _ change: (Key, Lsn, inout [UInt8]) -> Void
  ) async throws -> [UInt8] {
    let name = map[position]
    let reader = try await LayerReader.open(
      object(position),
      in: store.source,
      cache: BlockCache(byteBudget: 4 << 20),
      decoders: BlobDecoderPool()
    )
    var values: [(Key, Lsn, [UInt8])] = []
    let stream = reader.blobs(of: try await reader.entries())
    while let batch = try await stream.next() {
      try batch.decode { entry, bytes in
        guard !lost.contains(entry.key) else { return }
        values.append((entry.key, entry.lsn, bytes.withUnsafeBytes { [UInt8]($0) }))
      }
    }
    if !name.isDelta {
      var writer = try ImageLayerWriter(
        name,
        tenant: tenant,
        timeline: id,
        compression: .none,
        sink: MemoryLayerSink()
      )
      for (key, lsn, bytes) in values {
        var bytes = bytes
        change(key, lsn, &bytes)
        try writer.put(key, image: bytes.span.bytes)
      }
      return try writer.finish().sink.bytes
    }
    var writer = try DeltaLayerWriter(name, tenant: tenant, timeline: id, sink: MemoryLayerSink())
    for (key, lsn, bytes) in values {
      var value = try LayerValue(parsing: bytes.span.bytes)
      switch value {
      case .image(var image):
        change(key, lsn, &image)
        value = .image(image)
      case .record(.postgres(let willInit, var record)):
        change(key, lsn, &record)
        value = .record(.postgres(willInit: willInit, record: record))
      case .record: break
      }
      try writer.put(key, lsn, value)
    }
    return try writer.finish().sink.bytes
  }
}
