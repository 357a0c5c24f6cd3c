import Engine
import IndexFormat
import Testing

struct NoMemory: Error {}

/// A value as a check has seen it.
struct SeenValue: Equatable {
  var key: Key
  var lsn: Lsn
  var willInit: Bool
  var bytes: [UInt8]

  init(key: Key, lsn: Lsn, willInit: Bool, bytes: [UInt8]) {
    self.key = key
    self.lsn = lsn
    self.willInit = willInit
    self.bytes = bytes
  }

  init(_ entry: LayerEntry, _ value: RawSpan) {
    self.init(
      key: entry.key,
      lsn: entry.lsn,
      willInit: entry.willInit,
      bytes: value.withUnsafeBytes { [UInt8]($0) }
    )
  }
}

extension LayerObject {
  func check(
    _ bytes: [UInt8],
    depth: LayerCheckDepth = .blobs,
    _ visit: (LayerEntry, RawSpan) -> Void = { _, _ in }
  ) throws -> LayerCheckReport {
    guard let decoder = BlobDecoder() else { throw NoMemory() }
    return LayerCheck.run(self, bytes.span.bytes, depth: depth, decoder: decoder, visit)
  }

  func values(_ bytes: [UInt8]) throws -> [SeenValue] {
    var seen: [SeenValue] = []
    _ = try check(bytes) { seen.append(SeenValue($0, $1)) }
    return seen
  }

  /// Writes the values anew.
  func rewrite(_ values: [SeenValue], timeline: TimelineID, compression: ImageCompression) throws -> [UInt8] {
    switch name.kind {
    case .image:
      var writer = try ImageLayerWriter(
        name,
        tenant: tenant,
        timeline: timeline,
        compression: compression,
        sink: MemoryLayerSink()
      )
      for value in values { try writer.put(value.key, image: value.bytes.span.bytes) }
      return try writer.finish().sink.bytes
    case .delta:
      var writer = try DeltaLayerWriter(name, tenant: tenant, timeline: timeline, sink: MemoryLayerSink())
      for value in values {
        try writer.put(value.key, value.lsn, LayerValue(parsing: value.bytes.span.bytes))
      }
      return try writer.finish().sink.bytes
    }
  }
}

extension [UInt8] {
  /// The bytes of hex digits; spaces do not count.
  init(hex text: String) {
    let digits = text.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
    self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
  }

  var hex: String {
    map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
