import IndexFormat

/// Writes the values of an import as image layers, which together have all keys.
struct LayerImport: ImportTarget, ~Copyable {
  private(set) var layers: [IndexLayer] = []
  private let folder: LayerFolder
  private let lsn: Lsn
  /// Where the layers behind the one at hand begin, the last one first.
  private var cuts: [Key]
  private var range: KeyRange
  private var writer: ImageLayerWriter<LayerFileSink>?

  /// Pages of one layer: its index takes a few MiB.
  static let pageCount: UInt32 = 1 << 17

  init(_ folder: LayerFolder, at lsn: Lsn, cuts: [Key]) {
    self.folder = folder
    self.lsn = lsn
    self.cuts = cuts.reversed()
    range = KeyRange(start: .min, end: cuts.first ?? .max)
    _ = self.cuts.popLast()
  }

  mutating func put(_ key: Key, _ image: RawSpan) throws(BaseBackupError) {
    do throws(LayerWriteError) {
      if key >= range.end {
        try finishLayer()
        while key >= range.end, range.end < .max {
          range = KeyRange(start: range.end, end: cuts.popLast() ?? .max)
        }
      }
      if writer == nil { writer = try folder.imageWriter(name) }
      try writer?.put(key, image: image)
    } catch {
      throw Self.error(error, folder)
    }
  }

  private var name: LayerName { LayerName(image: range, at: lsn) }

  private mutating func finishLayer() throws(LayerWriteError) {
    guard let writer = writer.take() else { return }
    layers.append(try folder.finish(writer, as: name))
  }

  mutating func finish() throws(BaseBackupError) {
    do throws(LayerWriteError) {
      try finishLayer()
    } catch {
      throw Self.error(error, folder)
    }
  }

  private static func error(_ error: LayerWriteError, _ folder: LayerFolder) -> BaseBackupError {
    BaseBackupError(.write, folder.root, found: "\(error)", expected: "room for what is imported")
  }
}

extension GrownLayers {
  /// Imports a base backup as image layers; each has about 1 GiB of pages.
  public func write(_ backup: BaseBackupImport) throws(BaseBackupError) -> BaseBackupImport.Notes {
    // A shard has that part of the pages.
    let shards = UInt32(max(1, backup.rules.shard.index.effectiveCount))
    let (limit, overflow) = LayerImport.pageCount.multipliedReportingOverflow(by: shards)
    var target = LayerImport(folder, at: backup.lsn, cuts: backup.cuts(pageCount: overflow ? .max : limit))
    let notes = try backup.write(to: &target)
    try target.finish()
    target.layers.forEach(add)
    return notes
  }
}
