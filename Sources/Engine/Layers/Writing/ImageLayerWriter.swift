import IndexFormat

/// How blobs of image layers are compressed.
///
/// Page servers write none before 2024-08-18, and zstd of level 1 since, unless configured otherwise (`disabled`,
/// `zstd`, `zstd(N)`). Delta layers are never compressed.
public enum ImageCompression: Equatable, Sendable {
  case none
  case zstd(level: Int)

  public static let standard = ImageCompression.zstd(level: 1)
}

/// Writes an image layer. Keys must come in ascending order and lie in the range of the layer's name.
///
/// Source: `storage_layer/image_layer.rs`.
public struct ImageLayerWriter<Sink: LayerSink & ~Copyable>: ~Copyable {
  private let layer: LayerName
  private var file: LayerFileWriter<Sink>
  private let compressor: ZstdCompressor?
  /// What the compressor made last.
  private var frame: [UInt8] = []

  /// - Parameter layer: an image layer's name.
  public init(
    _ layer: LayerName,
    tenant: TenantID,
    timeline: TimelineID,
    compression: ImageCompression,
    sink: consuming Sink
  ) throws(LayerWriteError) {
    precondition(layer.kind == .image)
    let file = try LayerFileWriter(layer: layer, tenant: tenant, timeline: timeline, sink: sink)
    let compressor = try Self.compressor(compression)
    self.layer = layer
    self.file = file
    self.compressor = compressor
  }

  public var entryCount: Int { file.entryCount }
  /// Bytes up to the end of the last value.
  public var byteCount: UInt64 { file.position }

  public mutating func put(_ key: Key, image: RawSpan) throws(LayerWriteError) {
    try checkRange(key)
    guard
      let plain = BlobHeader(
        byteCount: image.byteCount,
        storedByteCount: image.byteCount,
        compression: .none
      )
    else { throw .blobTooLarge(image.byteCount) }
    if image.byteCount >= BlobHeader.longFormStart, let count = compressor?.compress(image, into: &frame),
      let header = BlobHeader(byteCount: image.byteCount, storedByteCount: count, compression: .zstd)
    {
      let compressed = frame
      try file.put(TreeKey(key), header, compressed.span.bytes.extracting(0..<count), willInit: true)
      return
    }
    try file.put(TreeKey(key), plain, image, willInit: true)
  }

  /// Passes on a blob as it is stored in another image layer: header and stored bytes.
  public mutating func put(_ key: Key, blob: RawSpan) throws(LayerWriteError) {
    try checkRange(key)
    let header: BlobHeader
    do throws(FormatError) {
      header = try BlobHeader(parsing: blob)
    } catch {
      throw .badBlob(error)
    }
    guard header.totalByteCount == blob.byteCount else {
      throw .badBlob(
        FormatError(
          .badValue,
          field: "blob",
          found: "\(blob.byteCount) bytes",
          expected: "\(header.totalByteCount) bytes"
        )
      )
    }
    try file.put(TreeKey(key), header, blob.extracting(header.byteCount..<blob.byteCount), willInit: true)
  }

  public consuming func finish() throws(LayerWriteError) -> WrittenLayer<Sink> {
    try file.finish()
  }

  private static func compressor(_ compression: ImageCompression) throws(LayerWriteError) -> ZstdCompressor? {
    guard case .zstd(let level) = compression else { return nil }
    guard let compressor = ZstdCompressor(level: level) else { throw .noMemory }
    return compressor
  }

  private func checkRange(_ key: Key) throws(LayerWriteError) {
    guard layer.keys.contains(key) else { throw .keyOutOfRange(key, layer.keys) }
  }
}
