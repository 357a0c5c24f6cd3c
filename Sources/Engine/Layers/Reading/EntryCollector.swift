import IndexFormat

/// Makes entries of what a scan of the index finds: each blob ends where the next one begins.
struct EntryCollector {
  private let layer: LayerName
  private let to: TreeKey
  private var found: [(key: TreeKey, position: BlobPosition)] = []
  /// Where the blob of the entry behind the last wanted one begins.
  private var end: UInt64?
  private let limit: Int
  /// The first entry that was left out, as there were as many as wanted.
  private(set) var next: TreeKey?

  init(_ layer: LayerName, to: TreeKey, limit: Int = .max) {
    self.layer = layer
    self.to = to
    self.limit = limit
  }

  mutating func add(_ key: TreeKey, _ value: UInt64) -> Bool {
    let position = BlobPosition(value, in: layer.kind)
    guard key < to else {
      end = position.offset
      return false
    }
    guard found.count < limit else {
      end = position.offset
      next = key
      return false
    }
    found.append((key, position))
    return true
  }

  func finish(valuesEnd: UInt64) throws(FormatError) -> [LayerEntry] {
    var entries: [LayerEntry] = []
    entries.reserveCapacity(found.count)
    for (index, item) in found.enumerated() {
      let end = index + 1 < found.count ? found[index + 1].position.offset : end ?? valuesEnd
      guard LayerGeometry.valuesStart <= item.position.offset, item.position.offset < end, end <= valuesEnd
      else {
        throw FormatError(
          .badValue,
          field: "position of \(item.key)",
          found: "\(item.position.offset)..\(end)",
          expected: "ascending positions from \(LayerGeometry.valuesStart) to \(valuesEnd)"
        )
      }
      entries.append(
        LayerEntry(
          key: item.key.key,
          lsn: layer.isDelta ? item.key.lsn : layer.startLsn,
          blob: item.position.offset..<end,
          willInit: item.position.willInit
        )
      )
    }
    return entries
  }
}
