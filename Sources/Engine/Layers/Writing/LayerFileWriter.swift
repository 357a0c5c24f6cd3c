import IndexFormat

/// What writers of image and delta layers have in common: summary block, values back to back, zeros to the end of the
/// block, index, and then the summary over the start.
struct LayerFileWriter<Sink: LayerSink & ~Copyable>: ~Copyable {
  private let summary: (layer: LayerName, tenant: TenantID, timeline: TimelineID)
  private var sink: Sink
  private var tree: TreeBuilder
  /// Where the next blob begins.
  private(set) var position = LayerGeometry.valuesStart
  private(set) var entryCount = 0

  /// What page servers refuse to upload of a delta layer; image layers have no such limit.
  static var maximumDeltaByteCount: UInt64 { 4_500_000_000 }

  init(layer: LayerName, tenant: TenantID, timeline: TimelineID, sink: consuming Sink) throws(LayerWriteError)
  {
    summary = (layer, tenant, timeline)
    self.sink = sink
    tree = TreeBuilder(keyByteCount: layer.isDelta ? TreeKey.deltaByteCount : TreeKey.imageByteCount)
    let zeros = [UInt8](repeating: 0, count: TreeNode.blockByteCount)
    try self.sink.append(zeros.span.bytes)
  }

  /// Writes header and stored bytes, and the entry that leads there.
  mutating func put(
    _ key: TreeKey,
    _ header: BlobHeader,
    _ stored: RawSpan,
    willInit: Bool
  ) throws(LayerWriteError) {
    let kind = summary.layer.kind
    try tree.append(key, BlobPosition(offset: position, willInit: willInit).value(in: kind))
    let bytes = header.encoded
    try sink.append(bytes.span.bytes.extracting(0..<header.byteCount))
    try sink.append(stored)
    position += UInt64(header.totalByteCount)
    entryCount += 1
  }

  consuming func finish() throws(LayerWriteError) -> WrittenLayer<Sink> {
    let block = UInt64(TreeNode.blockByteCount)
    guard let root = tree.finish() else { throw .empty }
    let start = (position + block - 1) / block
    let byteCount = (start + UInt64(root) + 1) * block
    guard let indexStartBlock = UInt32(exactly: start),
      !summary.layer.isDelta || byteCount <= Self.maximumDeltaByteCount
    else { throw .layerTooLarge(byteCount) }
    let zeros = [UInt8](repeating: 0, count: Int(start * block - position))
    try sink.append(zeros.span.bytes)
    let blocks = tree.blocks
    try sink.append(blocks.span.bytes)
    let summary = LayerSummary(
      layer: self.summary.layer,
      tenant: self.summary.tenant,
      timeline: self.summary.timeline,
      indexStartBlock: indexStartBlock,
      indexRootBlock: root
    )
    var bytes: [UInt8] = []
    summary.encode(into: &bytes)
    try sink.replaceStart(bytes.span.bytes)
    return WrittenLayer(summary: summary, byteCount: byteCount, entryCount: entryCount, sink: sink)
  }
}
