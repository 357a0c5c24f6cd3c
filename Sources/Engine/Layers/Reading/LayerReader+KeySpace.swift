import IndexFormat

/// Entries of a layer for a read of many keys. A class, as it crosses an `await`.
public final class LayerEntries: Sendable {
  public let entries: [LayerEntry]
  /// The first key that was not looked for, as the limit was reached before it.
  public let next: Key?

  init(_ entries: [LayerEntry], next: Key?) {
    self.entries = entries
    self.next = next
  }
}

extension LayerReader {
  /// What a read of these keys and LSNs needs of the layer, in ascending order: of each key the newest entry that
  /// needs no other and those above it, or all if there is none. Of an image layer its images, whatever the LSNs.
  ///
  /// - Parameters:
  ///   - limit: where as many entries were found, the search ends before the next key.
  ///   - byteLimit: the same for the room that blobs take, at least a page a key.
  public func entries(
    of keys: KeySpace,
    lsns: Range<Lsn>,
    limit: Int = .max,
    byteLimit: Int = .max,
    meter: ReadMeter? = nil
  ) async throws(LayerReadError) -> LayerEntries {
    var collector = KeyCollector(object.name, valuesEnd: geometry.indexStart, lsns: lsns, limit: limit)
    collector.byteLimit = byteLimit
    var index = IndexBlocks(self, meter)
    for range in keys.ranges where collector.next == nil {
      collector.begin(range)
      var scan = TreeScan(
        root: geometry.root,
        keyByteCount: summary.keyByteCount,
        from: TreeKey(range.start, object.name.isDelta ? lsns.lowerBound : Lsn(0)),
        to: collector.end,
        includesNext: true
      )
      while let number = scan.wantedBlock {
        guard number <= geometry.root else { throw damaged(TreeNode.badBlock(number, geometry.root), number) }
        let next = scan.upcomingBlocks(Self.readAheadBlockCount, before: collector.end)
        let block = try await index.block(number, next: next)
        do throws(FormatError) {
          try scan.supply(block.bytes, isOrdered: ordered.contains(number)) { key, value in
            collector.add(key, value)
          }
          ordered.insert(number)
        } catch {
          throw damaged(error, number)
        }
      }
      do throws(FormatError) {
        try collector.finish()
      } catch {
        throw LayerReadError(object.key, .damaged(error))
      }
    }
    return LayerEntries(collector.entries, next: collector.next)
  }
}

/// Chooses among the entries of one range of keys after the other. One entry waits until the next one tells where its
/// blob ends.
private struct KeyCollector {
  private let layer: LayerName
  private let valuesEnd: UInt64
  private let lsns: Range<Lsn>
  private let limit: Int
  var byteLimit = Int.max
  /// Room that the entries' values take, all keys but the last one whole.
  private var byteCount = 0
  private(set) var entries: [LayerEntry] = []
  /// Where the limit was reached.
  private(set) var next: Key?
  /// Where the range ends.
  private(set) var end = TreeKey.max
  private var waiting: (key: TreeKey, position: BlobPosition)?
  /// The first position that is not where it should be.
  private var disorder: FormatError?

  init(_ layer: LayerName, valuesEnd: UInt64, lsns: Range<Lsn>, limit: Int) {
    self.layer = layer
    self.valuesEnd = valuesEnd
    self.lsns = lsns
    self.limit = limit
  }

  mutating func begin(_ range: KeyRange) {
    end =
      range.isSingleKey && layer.isDelta ? TreeKey(range.start, lsns.upperBound) : TreeKey(range.end)
  }

  mutating func add(_ key: TreeKey, _ value: UInt64) -> Bool {
    let position = BlobPosition(value, in: layer.kind)
    settle(end: position.offset)
    guard key < end, disorder == nil else { return false }
    if let last = entries.last, last.key != key.key, entries.count >= limit || byteCount >= byteLimit {
      next = key.key
      return false
    }
    waiting = (key, position)
    return true
  }

  mutating func finish() throws(FormatError) {
    settle(end: valuesEnd)
    if let disorder { throw disorder }
  }

  private mutating func settle(end: UInt64) {
    guard let (key, position) = waiting else { return }
    waiting = nil
    guard LayerGeometry.valuesStart <= position.offset, position.offset < end, end <= valuesEnd else {
      disorder = disorder ?? bad(key, position.offset, end)
      return
    }
    let lsn = layer.isDelta ? key.lsn : layer.startLsn
    guard !layer.isDelta || lsns.contains(lsn) else { return }
    let entry = LayerEntry(
      key: key.key,
      lsn: lsn,
      blob: position.offset..<end,
      willInit: position.willInit
    )
    if entry.willInit {
      while let last = entries.last, last.key == entry.key { entries.removeLast() }
    }
    let length = Int(clamping: entry.blob.upperBound - entry.blob.lowerBound)
    if entries.last?.key != entry.key { byteCount += KeyRead.pageByteCount }
    byteCount += layer.isDelta ? length : max(0, length - KeyRead.pageByteCount)
    entries.append(entry)
  }

  private func bad(_ key: TreeKey, _ start: UInt64, _ end: UInt64) -> FormatError {
    FormatError(
      .badValue,
      field: "position of \(key)",
      found: "\(start)..\(end)",
      expected: "ascending positions from \(LayerGeometry.valuesStart) to \(valuesEnd)"
    )
  }
}
