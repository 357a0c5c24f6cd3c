import IndexFormat

/// The blocks of a layer's index during one scan.
struct IndexBlocks {
  private let reader: LayerReader
  private let meter: ReadMeter?
  private var groups: [UInt32: LayerBytes] = [:]

  init(_ reader: LayerReader, _ meter: ReadMeter?) {
    self.reader = reader
    self.meter = meter
  }

  mutating func block(_ number: UInt32, next: [UInt32]) async throws(LayerReadError) -> LayerBytes {
    let size = UInt64(TreeNode.blockByteCount)
    let geometry = reader.geometry
    let start = geometry.indexStart + UInt64(number) * size
    let group = UInt32(clamping: start / BlockCache.groupByteCount)
    if groups[group] == nil {
      let index = geometry.indexStart..<geometry.fileByteCount
      if index.upperBound - index.lowerBound <= LayerReader.wholeIndexByteCount {
        groups = try await reader.groups([index], meter)
      } else {
        // The wanted one may come in any order among those that are read ahead.
        let blocks = [number] + next.filter { $0 <= geometry.root }
        groups = try await reader.groups(
          blocks.map {
            geometry.indexStart + UInt64($0) * size..<geometry.indexStart + (UInt64($0) + 1) * size
          },
          meter
        )
      }
    }
    guard let bytes = groups[group] else { preconditionFailure("a group that was asked for") }
    let offset = Int(start % BlockCache.groupByteCount)
    return bytes.slice(offset..<offset + TreeNode.blockByteCount)
  }
}
