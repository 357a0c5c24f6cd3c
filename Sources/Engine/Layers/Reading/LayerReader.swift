import IndexFormat

/// An open layer: finds entries and gives their values, by ranged reads through a cache. Strict: damage is an error.
///
/// | request | reads |
/// |---|---|
/// | `open` | the first block |
/// | the first `entries` | the whole index if it has at most 1 MiB; else blocks as they are needed, with those that come next |
/// | `blobs` | blobs, joined as `ReadPlan` says, several reads at a time |
///
/// So one value of a layer that was not open takes three ranged reads, if its index is no longer than that.
///
/// A class, because an open layer is one thing that many reads share. (As a structure, handed to other asynchronous
/// functions, it also made debug builds of Swift 6.3.1 return into nowhere; so keep what crosses an `await` small.)
public final class LayerReader: Sendable {
  public let object: LayerObject
  public let summary: LayerSummary
  public let geometry: LayerGeometry
  let source: any LayerSource
  private let cache: BlockCache
  private let file: BlockCache.FileID
  let decoders: BlobDecoderPool

  /// An index up to this length is read at once.
  static let wholeIndexByteCount: UInt64 = 1 << 20
  /// Blocks of a longer index that are read ahead.
  private static let readAheadBlockCount = 64

  private init(
    object: LayerObject,
    summary: LayerSummary,
    geometry: LayerGeometry,
    source: any LayerSource,
    cache: BlockCache,
    decoders: BlobDecoderPool
  ) {
    self.object = object
    self.summary = summary
    self.geometry = geometry
    self.source = source
    self.cache = cache
    file = cache.newFile()
    self.decoders = decoders
  }

  /// - Parameter byteCount: of the file, if an index says it; else the source is asked.
  public static func open(
    _ object: LayerObject,
    byteCount: UInt64? = nil,
    in source: any LayerSource,
    cache: BlockCache,
    decoders: BlobDecoderPool
  ) async throws(LayerReadError) -> LayerReader {
    let first: LayerBytes
    let length: UInt64
    do throws(LayerSourceError) {
      if let byteCount { length = byteCount } else { length = try await source.byteCount(of: object.key) }
      first = try await source.read(object.key, 0..<min(length, UInt64(TreeNode.blockByteCount)))
    } catch {
      throw LayerReadError(object.key, .source(error))
    }
    let summary: LayerSummary
    let geometry: LayerGeometry
    do throws(FormatError) {
      summary = try LayerSummary(parsing: first.bytes, as: object.name.kind)
      geometry = try LayerGeometry(summary, fileByteCount: length)
    } catch {
      throw LayerReadError(object.key, .damaged(error))
    }
    if let difference = summary.differences(from: object.name, tenant: object.tenant).first {
      throw LayerReadError(object.key, .summary(difference))
    }
    return LayerReader(
      object: object,
      summary: summary,
      geometry: geometry,
      source: source,
      cache: cache,
      decoders: decoders
    )
  }

  /// The entries of keys (and, in a delta layer, LSNs) from `from` up to, not including, `to`, in ascending order.
  public func entries(from: TreeKey = .min, to: TreeKey = .max) async throws(LayerReadError) -> [LayerEntry] {
    var collector = EntryCollector(object.name, to: to)
    var index = IndexBlocks(self)
    var scan = TreeScan(
      root: geometry.root,
      keyByteCount: summary.keyByteCount,
      from: from,
      to: to,
      includesNext: true
    )
    while let number = scan.wantedBlock {
      guard number <= geometry.root else { throw damaged(TreeNode.badBlock(number, geometry.root), number) }
      let block = try await index.block(
        number,
        next: scan.upcomingBlocks(Self.readAheadBlockCount, before: to)
      )
      do throws(FormatError) {
        try scan.supply(block.bytes) { key, value in collector.add(key, value) }
      } catch {
        throw damaged(error, number)
      }
    }
    do throws(FormatError) {
      return try collector.finish(valuesEnd: geometry.indexStart)
    } catch {
      throw LayerReadError(object.key, .damaged(error))
    }
  }

  /// All versions of one key within a range of LSNs; of an image layer its image.
  public func entries(of key: Key, lsns: Range<Lsn>) async throws(LayerReadError) -> [LayerEntry] {
    switch object.name.kind {
    case .image:
      guard lsns.contains(object.name.startLsn) else { return [] }
      return try await entries(from: TreeKey(key), to: TreeKey(key, Lsn(1)))
    case .delta:
      return try await entries(from: TreeKey(key, lsns.lowerBound), to: TreeKey(key, lsns.upperBound))
    }
  }

  func damaged(_ error: FormatError, _ block: UInt32) -> LayerReadError {
    let start = geometry.indexStart + UInt64(block) * UInt64(TreeNode.blockByteCount)
    return LayerReadError(object.key, .damaged(error.within(field: "", at: Int(clamping: start))))
  }

  // MARK: Blocks of the index

  /// Groups of blocks that hold these parts of the file, from the cache or read: by their numbers.
  func groups(_ wanted: [Range<UInt64>]) async throws(LayerReadError) -> [UInt32: LayerBytes] {
    let size = BlockCache.groupByteCount
    var found: [UInt32: LayerBytes] = [:]
    var missing: Set<UInt32> = []
    for range in wanted where !range.isEmpty {
      for number in range.lowerBound / size...(range.upperBound - 1) / size {
        let group = UInt32(clamping: number)
        if found[group] != nil { continue }
        if let bytes = cache.get(file, group) { found[group] = bytes } else { missing.insert(group) }
      }
    }
    let ranges = missing.sorted().map { group in
      UInt64(group) * size..<min((UInt64(group) + 1) * size, geometry.fileByteCount)
    }
    for read in ReadPlan(ranges).reads {
      let bytes = try await fetch(read.range)
      for range in ranges[read.items] {
        let part = bytes.slice(
          Int(range.lowerBound - read.range.lowerBound)..<Int(range.upperBound - read.range.lowerBound)
        )
        let group = UInt32(clamping: range.lowerBound / size)
        cache.put(file, group, part.bytes)
        found[group] = part
      }
    }
    return found
  }

  func fetch(_ range: Range<UInt64>) async throws(LayerReadError) -> LayerBytes {
    do throws(LayerSourceError) {
      return try await source.read(object.key, range)
    } catch {
      throw LayerReadError(object.key, .source(error))
    }
  }
}

/// The blocks of a layer's index during one scan.
private struct IndexBlocks {
  private let reader: LayerReader
  private var groups: [UInt32: LayerBytes] = [:]

  init(_ reader: LayerReader) { self.reader = reader }

  mutating func block(_ number: UInt32, next: [UInt32]) async throws(LayerReadError) -> LayerBytes {
    let size = UInt64(TreeNode.blockByteCount)
    let geometry = reader.geometry
    let start = geometry.indexStart + UInt64(number) * size
    let group = UInt32(clamping: start / BlockCache.groupByteCount)
    if groups[group] == nil {
      let index = geometry.indexStart..<geometry.fileByteCount
      if index.upperBound - index.lowerBound <= LayerReader.wholeIndexByteCount {
        groups = try await reader.groups([index])
      } else {
        // The wanted one may come in any order among those that are read ahead.
        let blocks = [number] + next.filter { $0 <= geometry.root }
        groups = try await reader.groups(
          blocks.map {
            geometry.indexStart + UInt64($0) * size..<geometry.indexStart + (UInt64($0) + 1) * size
          }
        )
      }
    }
    guard let bytes = groups[group] else { preconditionFailure("a group that was asked for") }
    let offset = Int(start % BlockCache.groupByteCount)
    return bytes.slice(offset..<offset + TreeNode.blockByteCount)
  }
}

/// Makes entries of what a scan of the index finds: each blob ends where the next one begins.
private struct EntryCollector {
  private let layer: LayerName
  private let to: TreeKey
  private var found: [(key: TreeKey, position: BlobPosition)] = []
  /// Where the blob of the entry behind the last wanted one begins.
  private var end: UInt64?

  init(_ layer: LayerName, to: TreeKey) {
    self.layer = layer
    self.to = to
  }

  mutating func add(_ key: TreeKey, _ value: UInt64) -> Bool {
    let position = BlobPosition(value, in: layer.kind)
    guard key < to else {
      end = position.offset
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
