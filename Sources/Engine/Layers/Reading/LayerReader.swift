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

  /// Indices up to so many blocks are read at once while there is room to keep them: a point read takes no more than
  /// 2.5 MiB then.
  private static let wholeIndexBlockCount = 288
  /// Blocks of a longer index that are read ahead.
  static let readAheadBlockCount = 64
  /// A ranged read of 64 KiB takes hardly longer than one of 8.
  private static let neighbourCount: UInt32 = 8

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

  /// A block that the cache has.
  func kept(_ number: UInt32) -> LayerBytes? { cache.get(file, number) }

  /// A block that the cache does not have, with others by their numbers: with the whole index or with neighbours while
  /// there is room to keep them, else with those that are likely to be wanted alone, as others would drive each other
  /// out of the cache.
  func blocks(
    _ number: UInt32,
    next: [UInt32],
    _ meter: ReadMeter?
  ) async throws(LayerReadError) -> [UInt32: LayerBytes] {
    let count = geometry.indexBlockCount
    if count <= Self.wholeIndexBlockCount, cache.hasRoom(for: count) {
      return try await blocks(Array(0...geometry.root), meter)
    }
    // The wanted one may come in any order among those that are read ahead.
    var wanted = Set(next.filter { $0 <= geometry.root })
    wanted.insert(number)
    if cache.hasRoom(for: wanted.count * Int(Self.neighbourCount)) {
      for number in wanted {
        let first = number / Self.neighbourCount * Self.neighbourCount
        wanted.formUnion(first...min(first + (Self.neighbourCount - 1), geometry.root))
      }
    }
    return try await blocks(wanted.sorted(), meter)
  }

  /// What another task is reading is waited for, behind reads of one's own: so no two tasks wait for each other.
  ///
  /// - Parameter wanted: in ascending order.
  private func blocks(
    _ wanted: [UInt32],
    _ meter: ReadMeter?
  ) async throws(LayerReadError) -> [UInt32: LayerBytes] {
    var found: [UInt32: LayerBytes] = [:]
    var own: [UInt32] = []
    var others: [UInt32: BlockFlight] = [:]
    for number in wanted {
      switch cache.claim(file, number) {
      case .bytes(let bytes): found[number] = bytes
      case .flight(let flight): others[number] = flight
      case .toRead: own.append(number)
      }
    }
    try await read(own, into: &found, meter)
    for (number, flight) in others {
      switch await flight.result() {
      case .success(let bytes): found[number] = bytes
      // Who read it may have been cancelled, which says nothing of this task's request.
      case .failure: found[number] = try await fetch(range(of: number), meter)
      }
    }
    return found
  }

  private func range(of number: UInt32) -> Range<UInt64> {
    let size = UInt64(TreeNode.blockByteCount)
    let start = geometry.indexStart + UInt64(number) * size
    return start..<start + size
  }

  /// Reads blocks that this task has claimed, and settles the claims whatever comes of it.
  private func read(
    _ numbers: [UInt32],
    into found: inout [UInt32: LayerBytes],
    _ meter: ReadMeter?
  ) async throws(LayerReadError) {
    let ranges = numbers.map { range(of: $0) }
    var failure: LayerReadError?
    ordered.remove(numbers)
    let most = Self.wholeIndexBlockCount * TreeNode.blockByteCount
    for read in ReadPlan(ranges, limits: ReadPlan.Limits(readByteCount: UInt64(most))).reads {
      var bytes: LayerBytes?
      if failure == nil {
        do throws(LayerReadError) { bytes = try await fetch(read.range, meter) } catch { failure = error }
      }
      for index in read.items {
        let start = Int(ranges[index].lowerBound - read.range.lowerBound)
        if let bytes {
          let part = bytes.slice(start..<start + ranges[index].count)
          found[numbers[index]] = part
          cache.settle(file, numbers[index], .success(part))
        } else if let failure {
          cache.settle(file, numbers[index], .failure(failure))
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
