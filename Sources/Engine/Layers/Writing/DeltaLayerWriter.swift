import IndexFormat

/// Writes a delta layer. Values must come in the order of keys, those of one key in the order of LSNs, all within the
/// ranges of the layer's name. (Page servers check only the lower LSN; wider is what readers then never find.)
///
/// Source: `storage_layer/delta_layer.rs`.
public struct DeltaLayerWriter<Sink: LayerSink & ~Copyable>: ~Copyable {
  private let layer: LayerName
  private var file: LayerFileWriter<Sink>
  private var scratch: [UInt8] = []

  /// - Parameter layer: a delta layer's name.
  public init(
    _ layer: LayerName,
    tenant: TenantID,
    timeline: TimelineID,
    sink: consuming Sink
  ) throws(LayerWriteError) {
    precondition(layer.kind == .delta)
    self.layer = layer
    file = try LayerFileWriter(layer: layer, tenant: tenant, timeline: timeline, sink: sink)
  }

  public var entryCount: Int { file.entryCount }
  /// Bytes up to the end of the last value.
  public var byteCount: UInt64 { file.position }

  public mutating func put(_ key: Key, _ lsn: Lsn, _ value: LayerValue) throws(LayerWriteError) {
    scratch.removeAll(keepingCapacity: true)
    value.encode(into: &scratch)
    let bytes = scratch
    try put(key, lsn, encoded: bytes.span.bytes, willInit: value.willInit)
  }

  /// Takes a value in the form in which it is stored.
  public mutating func put(
    _ key: Key,
    _ lsn: Lsn,
    encoded: RawSpan,
    willInit: Bool
  ) throws(LayerWriteError) {
    guard layer.keys.contains(key) else { throw .keyOutOfRange(key, layer.keys) }
    guard layer.startLsn <= lsn, lsn < layer.endLsn else { throw .lsnOutOfRange(lsn, in: layer) }
    guard
      let header = BlobHeader(
        byteCount: encoded.byteCount,
        storedByteCount: encoded.byteCount,
        compression: .none
      )
    else { throw .blobTooLarge(encoded.byteCount) }
    try file.put(TreeKey(key, lsn), header, encoded, willInit: willInit)
  }

  public consuming func finish() throws(LayerWriteError) -> WrittenLayer<Sink> {
    try file.finish()
  }
}
