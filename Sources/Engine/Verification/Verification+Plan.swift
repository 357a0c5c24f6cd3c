import IndexFormat

/// Which units there are.
extension Verification {
  /// Keys of one unit on one shard: about 16 MiB of pages.
  static let unitKeyCount: UInt64 = 2048
  /// More units than this are refused.
  static let unitLimit = 1 << 21
  /// Ranges of more keys are doubted: a TiB of pages. A damaged size may claim 4 billion blocks.
  static let doubtfulKeyCount: UInt64 = 1 << 27
  /// Keys that are looked at of a range that is too long.
  static let believedKeyCount: UInt64 = 1 << 18

  /// The units of a verification, in the order in which their results belong together: LSN by LSN, shard by shard,
  /// in ascending order of the keys; then layer by layer.
  ///
  /// Directories that are damaged list nothing; the units that look at them say so. Throws where a store gives no
  /// answer, as then nobody knows what there is to verify, and for `ReadError.cancelled`.
  public func units(
    levels: Set<VerificationLevel>,
    at lsns: [Lsn]
  ) async throws(ReadError) -> [VerificationUnit] {
    var units: [VerificationUnit] = []
    if levels.contains(.reconstruct) {
      for lsn in lsns { try await addReconstruction(at: lsn, &units) }
    }
    if levels.contains(.images) {
      for shard in shards { try await addImages(of: shard, &units) }
    }
    return units
  }

  // MARK: Reconstruction

  private func addReconstruction(at lsn: Lsn, _ units: inout [VerificationUnit]) async throws(ReadError) {
    let first = shards[0].timeline.shard.index
    let relations = try await ListedRelations(catalog, at: lsn)
    let count = UInt64(clamping: relations.count + 1)
    units.append(VerificationUnit(.structure(at: lsn), shard: first, weight: count))
    for database in relations.databases {
      units.append(VerificationUnit(.catalog(of: database, at: lsn), shard: first, weight: 64))
    }
    for shard in shards {
      let keys = try await ListedKeys(shard.catalog, at: lsn)
      try await addKeys(keys, of: shard.timeline, lsn, &units)
    }
  }

  private func addKeys(
    _ keys: ListedKeys,
    of timeline: Timeline,
    _ lsn: Lsn,
    _ units: inout [VerificationUnit]
  ) async throws(ReadError) {
    let shard = timeline.shard
    try await forEachPart(of: keys.dense, timeline, lsn) { part, count throws(ReadError) in
      try add(VerificationUnit.Work.keys, part, count, shard, lsn, &units)
    }
    try add(VerificationUnit.Work.keys, KeySpace(.sparse), 1, shard, lsn, &units)
  }

  /// Parts of a key space that are one unit each, with the number of their keys, other shards' ones too.
  func forEachPart(
    of keys: KeySpace,
    _ timeline: Timeline,
    _ lsn: Lsn,
    _ take: (KeySpace, UInt64) throws(ReadError) -> Void
  ) async throws(ReadError) {
    let limit = Self.unitKeyCount * UInt64(timeline.shard.index.effectiveCount)
    var part = KeySpace()
    var count: UInt64 = 0
    var believed: [KeyRange] = []
    for range in keys.ranges { believed += try await self.believed(range, timeline, lsn) }
    for range in believed {
      var rest = range
      while !rest.isEmpty {
        let (first, others) = rest.split(after: limit - count)
        part.append(first)
        count = count &+ first.keyCount
        rest = others
        guard count >= limit else { continue }
        try take(part, count)
        (part, count) = (KeySpace(), 0)
      }
    }
    if count > 0 { try take(part, count) }
  }

  /// What to look at of a range: all of it. But a very long one whose end has no value comes of a damaged size; of that
  /// one the beginning is looked at, and the end, which says what is wrong.
  private func believed(_ range: KeyRange, _ timeline: Timeline, _ lsn: Lsn) async throws(ReadError)
    -> [KeyRange]
  {
    let count = range.keyCount
    guard count > Self.doubtfulKeyCount else { return [range] }
    let tailCount = Self.unitKeyCount * UInt64(timeline.shard.index.effectiveCount)
    let (most, tail) = range.split(after: min(count, UInt64(UInt32.max)) - tailCount)
    let end = tail.split(after: tailCount).first
    let batch = try await timeline.read(KeySpace(end), at: lsn)
    guard batch.values.isEmpty, batch.failures.isEmpty else { return [range] }
    return [most.split(after: Self.believedKeyCount).first, end]
  }

  /// - Parameter count: of keys, other shards' ones too.
  func add(
    _ work: (KeySpace, Lsn) -> VerificationUnit.Work,
    _ keys: KeySpace,
    _ count: UInt64,
    _ shard: ShardIdentity,
    _ lsn: Lsn,
    _ units: inout [VerificationUnit]
  ) throws(ReadError) {
    guard units.count < Self.unitLimit else {
      throw .damagedValue(
        keys.ranges.first?.start ?? .min,
        lsn,
        FormatError(
          .limitExceeded,
          field: "key space",
          found: "more keys",
          expected: "at most \(Self.unitLimit) units of \(Self.unitKeyCount) keys"
        )
      )
    }
    let weight = max(count / UInt64(shard.index.effectiveCount), 1)
    units.append(VerificationUnit(work(keys, lsn), shard: shard.index, weight: weight))
  }
}
