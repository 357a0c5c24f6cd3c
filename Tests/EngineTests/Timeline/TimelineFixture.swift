import Engine
import Foundation
import IndexFormat
import Testing

/// Layers written into memory, and timelines over them.
struct TimelineFixture {
  static let tenant = TenantID(high: 1, low: 2)

  struct Layer {
    var name: LayerName
    var values: [(Key, Lsn, LayerValue)]
  }

  static func image(_ range: Range<Int>, at number: Int, _ values: [Int: String]) -> Layer {
    imageLayer(
      keys(range),
      at: lsn(number),
      values.sorted { $0.key < $1.key }.map { (key($0.key), $0.value) }
    )
  }

  static func imageLayer(_ range: KeyRange, at lsn: Lsn, _ values: [(Key, String)]) -> Layer {
    Layer(
      name: LayerName(image: range, at: lsn),
      values: values.map { ($0.0, lsn, LayerValue.image(Array($0.1.utf8))) }
    )
  }

  /// Values that begin with `=` are images, others records; those that begin with `!` need nothing from before.
  static func delta(_ range: Range<Int>, _ lsns: Range<Int>, _ values: [(Int, Int, String)]) -> Layer {
    Layer(
      name: LayerName(delta: keys(range), from: lsn(lsns.lowerBound), to: lsn(lsns.upperBound)),
      values: values.map { (key($0.0), lsn($0.1), value($0.2)) }
        .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    )
  }

  static func value(_ text: String) -> LayerValue {
    if text.first == "=" { return .image(Array(text.utf8)) }
    return .record(.postgres(willInit: text.first == "!", record: Array(text.utf8)))
  }

  private(set) var objects: [String: [UInt8]] = [:]

  static func objectKey(of layer: LayerName, _ timeline: TimelineID) -> String { "\(timeline)/\(layer)" }

  /// A timeline of these layers, whose files are added to the objects.
  mutating func add(_ number: UInt64, _ layers: [Layer]) throws -> [IndexLayer] {
    let id = TimelineID(high: 7, low: number)
    var result: [IndexLayer] = []
    for layer in layers {
      let bytes = try Self.bytes(layer, id)
      objects[Self.objectKey(of: layer.name, id)] = bytes
      result.append(
        IndexLayer(
          name: layer.name,
          generation: .valid(1),
          shard: .unsharded,
          fileSize: UInt64(bytes.count)
        )
      )
    }
    return result
  }

  private static func bytes(_ layer: Layer, _ timeline: TimelineID) throws -> [UInt8] {
    switch layer.name.kind {
    case .image:
      var writer = try ImageLayerWriter(
        layer.name,
        tenant: tenant,
        timeline: timeline,
        compression: .none,
        sink: MemoryLayerSink()
      )
      for (key, _, value) in layer.values {
        guard case .image(let bytes) = value else { throw CocoaError(.coderInvalidValue) }
        try writer.put(key, image: bytes.span.bytes)
      }
      return try writer.finish().sink.bytes
    case .delta:
      var writer = try DeltaLayerWriter(
        layer.name,
        tenant: tenant,
        timeline: timeline,
        sink: MemoryLayerSink()
      )
      for (key, lsn, value) in layer.values { try writer.put(key, lsn, value) }
      return try writer.finish().sink.bytes
    }
  }
}

extension Timeline {
  convenience init(
    _ number: UInt64,
    _ layers: [IndexLayer],
    _ store: LayerStore,
    shard: ShardIdentity = .unsharded(),
    ancestor: Ancestor? = nil,
    rules: ReadRules = .march2026
  ) {
    let id = TimelineID(high: 7, low: number)
    self.init(
      tenant: TimelineFixture.tenant,
      shard: shard,
      id: id,
      layers: layers,
      ancestor: ancestor,
      diskConsistentLsn: Lsn(.max),
      rules: rules,
      store: store
    ) { TimelineFixture.objectKey(of: $0.name, id) }
  }
}

extension LayerStore {
  convenience init(_ source: any LayerSource, limit: Int = 8) {
    self.init(source: source, cache: BlockCache(byteBudget: 4 << 20), limit: limit)
  }
}

extension KeyRead {
  /// Image and records as a text, such as `=a +b +c`.
  var text: String {
    var parts: [String] = []
    if let image { parts.append(String(decoding: image.bytes, as: UTF8.self)) }
    for record in records {
      if case .postgres(_, let bytes) = record.record { parts.append(String(decoding: bytes, as: UTF8.self)) }
    }
    if let failure { parts.append("\(failure)") }
    return parts.joined(separator: " ")
  }
}

extension ReadBatch {
  /// By number of the key.
  var texts: [Int: String] {
    var texts: [Int: String] = [:]
    for read in values { texts[Int(read.key.field6)] = read.text }
    return texts
  }
}
