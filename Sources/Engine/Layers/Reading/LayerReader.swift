import IndexFormat

/// An open layer: finds entries and gives their values, by ranged reads through a cache. Strict: damage is an error.
///
/// | request | reads |
/// |---|---|
/// | `open` | the first block |
/// | the first `entries` | the whole index, if of at most 2.25 MiB; else blocks as needed, with those that come next |
/// | `blobs` | blobs, joined as `ReadPlan` says, several reads at a time |
///
/// One value of a layer that was not open takes:
///
/// | index | blocks on the way down | ranged reads |
/// |---|---|---|
/// | up to 2.25 MiB | all, in one read | 3: summary, index, value |
/// | longer, two levels: up to some 4 MiB | root, leaf | 4 |
/// | longer, three levels | root, inner node, leaf | 5 |
///
/// and of the same layer later, with what is in the cache, one to three. An entry takes some 16 bytes of the index. So
/// image layers, and delta layers of 128 MiB whose values have 900 bytes or more, are within the first line.
///
/// Where blocks lie is why others need more reads: a node is written when it is full, so an inner node stands right
/// behind its some 500 leaves in the middle of the index, and only that node tells which leaf holds a key. All of them
/// in one read would be 4 MiB, instead of 128 KiB in two.
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
  let ordered = OrderedBlocks()

  /// An index up to this length is read at once: a point read takes no more than 2.5 MiB then.
  static let wholeIndexByteCount: UInt64 = 9 << 18
  /// Blocks of a longer index that are read ahead.
  static let readAheadBlockCount = 64

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
    decoders: BlobDecoderPool,
    meter: ReadMeter? = nil
  ) async throws(LayerReadError) -> LayerReader {
    let first: LayerBytes
    let length: UInt64
    do throws(LayerSourceError) {
      if let byteCount { length = byteCount } else { length = try await source.byteCount(of: object.key) }
      first = try await source.read(object.key, 0..<min(length, UInt64(TreeNode.blockByteCount)))
      meter?.add(byteCount: first.byteCount)
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
    try await entries(from: from, to: to, limit: .max).entries
  }

  /// The same, but at most so many.
  ///
  /// - Returns: the entries, and where the next one is; nil if that was all.
  func entries(
    from: TreeKey,
    to: TreeKey,
    limit: Int,
    meter: ReadMeter? = nil
  ) async throws(LayerReadError) -> (entries: [LayerEntry], next: TreeKey?) {
    var collector = EntryCollector(object.name, to: to, limit: limit)
    var index = IndexBlocks(self, meter)
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
        try scan.supply(block.bytes, isOrdered: ordered.contains(number)) { key, value in
          collector.add(key, value)
        }
        ordered.insert(number)
      } catch {
        throw damaged(error, number)
      }
    }
    do throws(FormatError) {
      return (try collector.finish(valuesEnd: geometry.indexStart), collector.next)
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

  /// Groups of blocks that hold these parts of the file, from the cache or read: by their numbers. What another task
  /// is reading is waited for, behind reads of one's own: so no two tasks wait for each other.
  func groups(_ wanted: [Range<UInt64>], _ meter: ReadMeter?) async throws(LayerReadError) -> [UInt32:
    LayerBytes]
  {
    let size = BlockCache.groupByteCount
    var found: [UInt32: LayerBytes] = [:]
    var own: [UInt32] = []
    var others: [UInt32: BlockFlight] = [:]
    for range in wanted where !range.isEmpty {
      for number in range.lowerBound / size...(range.upperBound - 1) / size {
        let group = UInt32(clamping: number)
        if found[group] != nil || others[group] != nil || own.contains(group) { continue }
        switch cache.claim(file, group) {
        case .bytes(let bytes): found[group] = bytes
        case .flight(let flight): others[group] = flight
        case .toRead: own.append(group)
        }
      }
    }
    try await read(own.sorted(), into: &found, meter)
    for (group, flight) in others {
      switch await flight.result() {
      case .success(let bytes): found[group] = bytes
      // Who read it may have been cancelled, which says nothing of this task's request.
      case .failure: found[group] = try await fetch(range(of: group), meter)
      }
    }
    return found
  }

  private func range(of group: UInt32) -> Range<UInt64> {
    let start = UInt64(group) * BlockCache.groupByteCount
    return start..<max(start, min(start + BlockCache.groupByteCount, geometry.fileByteCount))
  }

  /// The blocks of the index that lie in a group.
  private func indexBlocks(in group: UInt32) -> Range<UInt32> {
    let range = range(of: group)
    let size = UInt64(TreeNode.blockByteCount)
    let first = max(range.lowerBound, geometry.indexStart) - geometry.indexStart
    let end = max(range.upperBound, geometry.indexStart) - geometry.indexStart
    return UInt32(clamping: first / size)..<UInt32(clamping: max(first, end) / size)
  }

  /// Reads groups that this task has claimed, and settles the claims whatever comes of it.
  private func read(
    _ groups: [UInt32],
    into found: inout [UInt32: LayerBytes],
    _ meter: ReadMeter?
  ) async throws(LayerReadError) {
    let ranges = groups.map { range(of: $0) }
    var failure: LayerReadError?
    for group in groups { ordered.remove(indexBlocks(in: group)) }
    // Room for a whole index, and what stands before it in its first group.
    let limits = ReadPlan.Limits(readByteCount: Self.wholeIndexByteCount + BlockCache.groupByteCount)
    for read in ReadPlan(ranges, limits: limits).reads {
      var bytes: LayerBytes?
      if failure == nil {
        do throws(LayerReadError) { bytes = try await fetch(read.range, meter) } catch { failure = error }
      }
      for index in read.items {
        let start = Int(ranges[index].lowerBound - read.range.lowerBound)
        if let bytes {
          let part = bytes.slice(start..<start + ranges[index].count)
          found[groups[index]] = part
          cache.settle(file, groups[index], .success(part))
        } else if let failure {
          cache.settle(file, groups[index], .failure(failure))
        }
      }
    }
    if let failure { throw failure }
  }

  func fetch(_ range: Range<UInt64>, _ meter: ReadMeter? = nil) async throws(LayerReadError) -> LayerBytes {
    do throws(LayerSourceError) {
      let bytes = try await source.read(object.key, range)
      meter?.add(byteCount: bytes.byteCount)
      return bytes
    } catch {
      throw LayerReadError(object.key, .source(error))
    }
  }
}
