import IndexFormat

/// Compares images of one layer with what the history below them leads to. For one task.
///
/// An image layer is compared at its LSN, with the layer map as it would be without image layers of that LSN. Of images
/// in a delta layer those of pages count: what came before them, with the layer's own records below them, is what they
/// replace.
final class ImageVerification {
  let shard: VerifiedShard
  let keys: KeyRange
  let results: VerificationResults
  let options: VerificationOptions
  let object: LayerObject
  let name: LayerName
  let position: LayerMap.Position
  /// Where the history is read.
  let history: Timeline
  var redo: PageRedo?

  /// Images that are compared at once: 4 MiB of pages.
  private static let sliceCount = 512

  init(
    _ verification: Verification,
    _ shard: VerifiedShard,
    _ position: LayerMap.Position,
    _ keys: KeyRange,
    _ results: VerificationResults
  ) {
    self.shard = shard
    self.keys = keys
    self.results = results
    self.position = position
    options = verification.options
    let timeline = shard.timeline
    let isKnown = Int(position) < timeline.map.layers.count
    object =
      isKnown
      ? timeline.object(position)
      : LayerObject(
        key: "",
        name: LayerName(image: keys, at: Lsn(0)),
        tenant: timeline.tenant,
        timeline: timeline.id
      )
    name = object.name
    history =
      isKnown && !name.isDelta ? verification.history(of: shard, withoutImagesAt: name.startLsn) : timeline
    redo = timeline.redo.map { PageRedo($0) }
  }

  func run() async throws(ReadError) {
    guard Int(position) < shard.timeline.map.layers.count else { return }
    let entries: [LayerEntry]
    let reader: LayerReader
    do throws(LayerReadError) {
      let meter = ReadMeter()
      reader = try await shard.timeline.open(position, meter)
      entries = try await reader.entries(from: TreeKey(keys.start), to: TreeKey(keys.end))
      results.countRead(meter.byteCount)
    } catch {
      try tellUnreadable(error)
      return
    }
    tellForeign(entries)
    if name.isDelta {
      try await runDelta(entries, reader)
      return
    }
    var start = 0
    let wanted = entries.filter { shard.timeline.rules.answers($0.key, shard.timeline.shard) }
    while start < wanted.count {
      let end = min(start + Self.sliceCount, wanted.count)
      try await compare(Array(wanted[start..<end]), reader)
      start = end
    }
  }

  /// - Parameter entry: whose value cannot be read; nil if it is the layer, which counts as one value, as nobody can
  ///   tell how many it has.
  func tellUnreadable(_ error: LayerReadError, of entry: LayerEntry? = nil) throws(ReadError) {
    let obstacle = try ReadObstacle(.layer(error))
    results.count {
      $0.values.present &+= 1
      $0.values.skip(obstacle.reason)
    }
    guard let code = obstacle.finding else { return }
    results.add(
      code,
      object: object.key,
      key: entry?.key,
      lsn: entry?.lsn ?? name.startLsn,
      (entry.map { "\($0.key.describe()): " } ?? "") + obstacle.message,
      seen: obstacle.seen,
      expected: obstacle.expected
    )
  }

  /// Values in the shard's own layer that are another shard's, and keys of no known family.
  private func tellForeign(_ entries: [LayerEntry]) {
    let timeline = shard.timeline
    let isOwn = timeline.map.layers[Int(position)].shard == timeline.shard.index
    var foreign: Key?
    var count = 0
    var unknown: Key?
    for entry in entries {
      if isOwn, entry.key.isRelationBlock, !timeline.shard.isLocal(entry.key) {
        foreign = foreign ?? entry.key
        count += 1
      }
      if unknown == nil, KeyClass(entry.key).isUnknown { unknown = entry.key }
    }
    if let foreign {
      results.add(
        .shardForeignValue,
        object: object.key,
        key: foreign,
        lsn: name.startLsn,
        "\(foreign.describe()) and \(count - 1) more values belong to shard "
          + "\(timeline.shard.owner(of: foreign)), in a layer that shard \(timeline.shard.index) wrote"
      )
    }
    if let unknown {
      results.add(
        .valueUnknownKey,
        object: object.key,
        key: unknown,
        lsn: name.startLsn,
        "a value of \(unknown.describe())"
      )
    }
  }

  // MARK: An image layer

  /// Images in ascending order of their keys. What could not be read of the layer is told and left out.
  func images(_ entries: [LayerEntry], _ reader: LayerReader) async throws(ReadError) -> [(Key, [UInt8])] {
    var images: [(Key, [UInt8])] = []
    images.reserveCapacity(entries.count)
    let meter = ReadMeter()
    let stream = reader.blobs(of: entries, concurrency: 2, meter: meter)
    while let batch = await stream.nextResult() {
      var failures: [(LayerEntry, LayerReadError)] = []
      do throws(LayerReadError) {
        try batch.decodeEach { entry, bytes in
          images.append((entry.key, bytes.withUnsafeBytes { [UInt8]($0) }))
        } failed: { entry, error in
          failures.append((entry, error))
          return true
        }
      } catch {
        for entry in batch.entries { failures.append((entry, error)) }
      }
      for (entry, error) in failures { try tellUnreadable(error, of: entry) }
    }
    results.countRead(meter.byteCount)
    return images
  }

  private func compare(_ entries: [LayerEntry], _ reader: LayerReader) async throws(ReadError) {
    let taken = entries.filter { options.takes($0.key) }
    let leftOut = UInt64(entries.count - taken.count)
    results.count {
      $0.values.present &+= leftOut
      if leftOut > 0 { $0.values.skip(.notSampled, leftOut) }
    }
    let images = try await images(taken, reader)
    var wanted = KeySpace()
    for (key, _) in images { wanted.append(KeyRange(key)) }
    var next = 0
    while !wanted.isEmpty {
      let batch = try await history.read(wanted, at: name.startLsn, options.readOptions)
      for visit in batch.visits { results.countRead(visit.byteCount) }
      let end = batch.rest.ranges.first?.start
      var position = 0
      while next < images.count, end.map({ images[next].0 < $0 }) ?? true {
        let (key, image) = images[next]
        while position < batch.values.count, batch.values[position].key < key { position += 1 }
        let isFound = position < batch.values.count && batch.values[position].key == key
        try compare(key, image, isFound ? batch.values[position] : nil, batch)
        next += 1
      }
      wanted = batch.rest
    }
  }

  private func compare(_ key: Key, _ image: [UInt8], _ read: KeyRead?, _ batch: ReadBatch) throws(ReadError) {
    results.countImage(image.count, skippedFor: try skipReason(key, image, read, batch))
  }

  /// - Returns: why the image could not be compared; nil if it was.
  private func skipReason(
    _ key: Key,
    _ image: [UInt8],
    _ read: KeyRead?,
    _ batch: ReadBatch
  ) throws(ReadError) -> VerificationTally.SkipReason? {
    if let failure = batch.failures.first(where: { $0.keys.contains(key) }) {
      return try tellHistory(failure.error, key, nil, batch)
    }
    guard let read, read.isComplete else { return .noHistory }
    let value: [UInt8]
    do throws(ReadError) {
      value = try self.value(of: read, at: name.startLsn)
    } catch {
      // Page servers write zeros where a map cannot be rebuilt.
      if key.isFreeSpaceMapBlock || key.isVisibilityMapBlock,
        image.span.bytes.firstNonZero(in: 0..<image.count) == nil
      {
        return .noHistory
      }
      return try tellHistory(error, key, read, batch)
    }
    if image == value { return nil }
    if key == .auxFilesV1, isSameDirectory(image, value) { return nil }
    // When a branch is detached it gets the layers of its ancestor, and an image layer above them without the keys that
    // branches do not inherit.
    if image.isEmpty, KeyRange.nonInheritedSparse.contains(key) { return .noHistory }
    guard name.startLsn > shard.gcCutoff || Self.differsWithinVersion(key, image, value) else {
      return .noHistory
    }
    tellDifference(key, image, value, read, batch)
    return nil
  }

  func value(of read: KeyRead, at lsn: Lsn) throws(ReadError) -> [UInt8] {
    let rules = shard.timeline.rules
    if redo != nil, !read.records.isEmpty, let value = try redo?.value(of: read, at: lsn, rules) {
      return value
    }
    return try read.value(at: lsn, rules)
  }

  /// Tells why the history cannot be rebuilt, if something is wrong with it.
  private func tellHistory(
    _ error: ReadError,
    _ key: Key,
    _ read: KeyRead?,
    _ batch: ReadBatch
  ) throws(ReadError) -> VerificationTally.SkipReason {
    let obstacle = try ReadObstacle(error, read, batch.visits)
    // GC takes away what is below, in no certain order.
    if obstacle.reason == .damaged, obstacle.finding != .valueUnreadable, name.startLsn <= shard.gcCutoff {
      return .noHistory
    }
    if let code = obstacle.finding {
      results.add(
        code,
        object: obstacle.object,
        key: key,
        lsn: obstacle.lsn ?? name.startLsn,
        "the history of \(key.describe()) below image layer \(name) cannot be rebuilt: \(obstacle.message); "
          + "from \(name.startLsn) on, that image layer has it",
        seen: obstacle.seen,
        expected: obstacle.expected
      )
    }
    return obstacle.reason
  }

  /// The directory of aux files has the order of a hash table.
  private func isSameDirectory(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    // One that cannot be read is another value.
    guard let first = try? AuxFilesDirectory(parsing: one.span.bytes),
      // The same.
      let second = try? AuxFilesDirectory(parsing: other.span.bytes)
    else { return false }
    return first.files == second.files
  }

  /// Whether two pages were changed last by the same record, so that only what changes without an LSN may differ, and
  /// something else does.
  private static func differsWithinVersion(_ key: Key, _ one: [UInt8], _ other: [UInt8]) -> Bool {
    // Maps change without their LSN.
    guard key.isRelationBlock, !key.isFreeSpaceMapBlock, !key.isVisibilityMapBlock, one.count == other.count,
      // What has no header has no LSN.
      let first = try? PageHeader(parsing: one.span.bytes),
      // The same.
      let second = try? PageHeader(parsing: other.span.bytes)
    else { return false }
    guard first.lsn == second.lsn, first.lsn != .invalid, !first.isNew, !second.isNew else { return false }
    // That all rows are visible is logged, and leaves the page's LSN as it is.
    let allVisible = UInt16(4)
    let isOnlyVisibility =
      first.flags ^ second.flags == allVisible && one.indices.allSatisfy { $0 == 10 || one[$0] == other[$0] }
    return !isOnlyVisibility
  }

  private func tellDifference(
    _ key: Key,
    _ image: [UInt8],
    _ value: [UInt8],
    _ read: KeyRead,
    _ batch: ReadBatch
  ) {
    guard results.hasRoom,
      let difference = ValueDifference(seen: image.span.bytes, expected: value.span.bytes)
    else {
      results.add(.imageDiffers, "")
      return
    }
    let base =
      read.newestVisit.flatMap { $0 < batch.visits.count ? "\(batch.visits[$0].layer)" : nil } ?? "none"
    results.add(
      .imageDiffers,
      object: object.key,
      key: key,
      lsn: name.startLsn,
      "\(key.describe()) differs from what \(read.records.count) records on the history below lead to, "
        + "\(difference.place); the newest layer of that history is \(base)",
      seen: difference.seen,
      expected: difference.expected
    )
  }
}

extension KeyClass {
  var isUnknown: Bool {
    switch self {
    case .unknown, .reserved: true
    default: false
    }
  }
}
