import IndexFormat

/// Rebuilds every value of some keys at an LSN, and looks at what comes of it. For one task.
final class KeyVerification {
  private let verification: Verification
  private let shard: VerifiedShard
  private let keys: KeySpace
  private let lsn: Lsn
  private let results: VerificationResults
  private var check: ValueCheck
  private var redo: PageRedo?
  /// The object that was looked up last among image layers.
  private var lastImage: (object: String, name: LayerName?)?
  /// Kinds of the relations of one database, the one of the last key.
  private var kinds: (database: DatabaseTag, table: RelationTable)?

  init(
    _ verification: Verification,
    _ shard: VerifiedShard,
    _ keys: KeySpace,
    _ lsn: Lsn,
    _ results: VerificationResults
  ) {
    self.verification = verification
    self.shard = shard
    self.keys = keys
    self.lsn = lsn
    self.results = results
    check = ValueCheck(facts: shard.catalog.facts, lsn: lsn)
    redo = shard.timeline.redo.map { PageRedo($0) }
  }

  func run() async throws(ReadError) {
    let owned = shard.timeline.owned(keys)
    let wanted = sampled(owned)
    try await readCheckpoint()
    let dense = wanted.subtracting(KeySpace(.sparse))
    results.count { $0.keys.present &+= dense.keyCount }
    var rest = wanted
    while !rest.isEmpty {
      let batch = try await shard.timeline.read(rest, at: lsn, verification.options.readOptions)
      try await take(batch)
      rest = batch.rest
    }
  }

  /// What pages may name depends on how far transactions have come.
  private func readCheckpoint() async throws(ReadError) {
    let (catalog, lsn) = (shard.catalog, lsn)
    let checkpoint: Checkpoint?
    do throws(ReadError) {
      checkpoint = try await catalog.checkpoint(at: lsn)
    } catch {
      if error.isCancellation { throw error }
      // Its own unit says what is wrong with it.
      checkpoint = nil
    }
    check = ValueCheck(facts: catalog.facts, lsn: lsn, checkpoint: checkpoint)
  }

  /// The keys that are looked at; the others are counted.
  private func sampled(_ owned: KeySpace) -> KeySpace {
    let options = verification.options
    guard !options.isComplete else { return owned }
    var taken = KeySpace()
    var skipped: UInt64 = 0
    for range in owned.ranges {
      var start = range.start
      while start < range.end {
        var end = range.end
        if start.isRelationBlock {
          let step = VerificationOptions.stretch - start.field6 % VerificationOptions.stretch
          end = min(end, start.advanced(by: step) ?? end)
        } else if !start.isSparse {
          end = min(end, start.successor ?? end)
        }
        let part = KeyRange(start: start, end: end)
        if options.takes(start) { taken.append(part) } else { skipped &+= part.keyCount }
        start = end
      }
    }
    results.count {
      $0.keys.present &+= skipped
      $0.keys.skip(.notSampled, skipped)
    }
    return taken
  }

  private func take(_ batch: ReadBatch) async throws(ReadError) {
    for visit in batch.visits { results.countRead(visit.byteCount) }
    let depths = batch.visitCounts
    for (index, read) in batch.values.enumerated() {
      if read.key.isSparse {
        results.count { $0.keys.present &+= 1 }
        tellUnknown(read, batch)
      }
      results.countDepth(depths[index])
      let kind = try await kind(of: read.key)
      try take(read, batch, kind)
    }
    for range in batch.missing.ranges { tellMissing(range, batch) }
    for (keys, error) in batch.failures {
      for range in keys.ranges { try await tellFailure(range, error) }
    }
  }

  // MARK: One value

  private func take(_ read: KeyRead, _ batch: ReadBatch, _ kind: PageKind?) throws(ReadError) {
    let recordCount = UInt64(read.records.count)
    let byteCount = UInt64(read.valueByteCount)
    results.count {
      $0.records.present &+= recordCount
      $0.bytes.present &+= byteCount
    }
    // By index: a record that the loop took out would be copied.
    for index in read.records.indices { checkRecord(read, index, batch) }
    do throws(ReadError) {
      look(at: try value(of: read), read, batch, kind)
      results.count {
        $0.keys.checked &+= 1
        $0.records.checked &+= recordCount
        $0.bytes.checked &+= byteCount
      }
    } catch {
      let obstacle = try ReadObstacle(error, read, batch.visits)
      results.count {
        $0.keys.skip(obstacle.reason)
        if recordCount > 0 { $0.records.skip(obstacle.reason, recordCount) }
        if byteCount > 0 { $0.bytes.skip(obstacle.reason, byteCount) }
      }
      tell(obstacle, read.key)
    }
  }

  private func checkRecord(_ read: KeyRead, _ index: Int, _ batch: ReadBatch) {
    guard case .postgres(_, let bytes) = read.records[index].record,
      let damage = RecordDamage(bytes.span.bytes)
    else { return }
    let (record, key) = (read.records[index], read.key)
    results.add(
      .layerRecordDamaged,
      object: record.visit < batch.visits.count ? batch.visits[record.visit].object : nil,
      key: key,
      lsn: record.lsn,
      "the checksum of a record for \(key.describe()) is wrong: \(damage.place)",
      seen: String(damage.stored, radix: 16),
      expected: String(damage.computed, radix: 16)
    )
  }

  private func value(of read: KeyRead) throws(ReadError) -> [UInt8] {
    if redo != nil, !read.records.isEmpty,
      let value = try redo?.value(of: read, at: lsn, shard.timeline.rules)
    {
      return value
    }
    return try read.value(at: lsn, shard.timeline.rules)
  }

  private func look(at value: [UInt8], _ read: KeyRead, _ batch: ReadBatch, _ kind: PageKind?) {
    guard !read.isTombstone, let problem = check.problem(of: value.span.bytes, read.key, kind) else {
      return
    }
    results.add(
      problem.code,
      problem.error,
      object: read.newestVisit.flatMap { $0 < batch.visits.count ? batch.visits[$0].object : nil },
      key: read.key,
      lsn: lsn,
      problem.message
    )
  }

  /// What kind of page a key stands for; nil where nobody says.
  private func kind(of key: Key) async throws(ReadError) -> PageKind? {
    guard key.isRelationBlock else { return nil }
    let tag = key.relationTag
    if kinds?.database != tag.database {
      kinds = (tag.database, try await verification.relations.table(of: tag.database, at: lsn))
    }
    return kinds?.table.kind(of: tag)
  }

  // MARK: What is not right

  private func tell(_ obstacle: ReadObstacle, _ key: Key) {
    guard let code = obstacle.finding else { return }
    let replacement = results.hasRoom ? shard.timeline.replacement(of: key, above: obstacle.lsn ?? lsn) : nil
    results.add(
      code,
      object: obstacle.object,
      key: key,
      lsn: obstacle.lsn ?? lsn,
      "\(key.describe()) cannot be rebuilt at \(lsn): \(obstacle.message)\(replacement ?? "")",
      seen: obstacle.seen,
      expected: obstacle.expected
    )
  }

  private func tellUnknown(_ read: KeyRead, _ batch: ReadBatch) {
    switch KeyClass(read.key) {
    case .unknown, .reserved: break
    default: return
    }
    results.add(
      .valueUnknownKey,
      object: read.newestVisit.flatMap { $0 < batch.visits.count ? batch.visits[$0].object : nil },
      key: read.key,
      lsn: lsn,
      "a value of \(read.key.describe())"
    )
  }

  private func tellMissing(_ range: KeyRange, _ batch: ReadBatch) {
    let count = range.keyCount
    results.count { $0.keys.skip(.damaged, count) }
    let replacement = results.hasRoom ? shard.timeline.replacement(of: range.start, above: lsn) : nil
    results.add(
      .valueMissing,
      object: batch.visits(for: range.start).last?.object,
      key: range.start,
      lsn: lsn,
      "\(range.start.describe())\(Self.others(count)): no layer has a value\(replacement ?? "")"
    )
  }

  /// - Parameter range: of keys that fail for one reason. One of sparse keys counts as one, as nobody knows which of
  ///   them there are.
  private func tellFailure(_ range: KeyRange, _ error: ReadError) async throws(ReadError) {
    let obstacle = try ReadObstacle(error)
    let isSparse = range.start.isSparse
    let count = isSparse ? 1 : range.keyCount
    results.count {
      if isSparse { $0.keys.present &+= 1 }
      $0.keys.skip(obstacle.reason, count)
    }
    guard let code = obstacle.finding else { return }
    let below = isSparse ? nil : try await historyBelow(range.start, obstacle.object)
    let replacement = results.hasRoom ? shard.timeline.replacement(of: range.start, above: lsn) : nil
    results.add(
      code,
      object: obstacle.object,
      key: range.start,
      lsn: lsn,
      "\(range.start.describe())\(Self.others(count)): \(obstacle.message)\(below ?? "")\(replacement ?? "")",
      seen: obstacle.seen,
      expected: obstacle.expected
    )
  }

  /// Whether a key could be rebuilt if the image layer that is damaged were not there, in words.
  private func historyBelow(_ key: Key, _ object: String?) async throws(ReadError) -> String? {
    guard results.hasRoom, let object, let next = key.successor, let image = image(of: object) else {
      return nil
    }
    let timeline = verification.history(of: shard, withoutImagesAt: image.startLsn)
    let batch = try await timeline.read(KeySpace(KeyRange(start: key, end: next)), at: lsn)
    guard batch.failures.isEmpty, let read = batch.values.first, read.isComplete else { return nil }
    do throws(ReadError) {
      _ = try value(of: read)
      return "; the history below that image layer gives it back"
    } catch {
      return nil
    }
  }

  /// The image layer of this timeline that an object is.
  private func image(of object: String) -> LayerName? {
    if let known = lastImage, known.object == object { return known.name }
    let timeline = shard.timeline
    let index = timeline.map.layers.indices.first {
      !timeline.map.layers[$0].name.isDelta
        && timeline.object(LayerMap.Position(clamping: $0)).key == object
    }
    lastImage = (object, index.map { timeline.map.layers[$0].name })
    return lastImage?.name
  }

  private static func others(_ count: UInt64) -> String {
    count > 1 ? " and the \(count - 1) keys behind it" : ""
  }
}

extension KeyRead {
  /// Bytes of the image and the records.
  var valueByteCount: Int {
    records.reduce(image?.bytes.count ?? 0) { sum, record in
      if case .postgres(_, let bytes) = record.record { sum + bytes.count } else { sum }
    }
  }

  /// The visit that found the newest of image and records.
  var newestVisit: Int? { records.last?.visit ?? image?.visit }
}

extension ReadBatch {
  /// How many layers were read for each of the values.
  var visitCounts: [Int] {
    var counts = [Int](repeating: 0, count: values.count)
    for visit in visits {
      for range in visit.keys.ranges {
        var position = values.firstPosition { $0.key >= range.start }
        while position < values.count, values[position].key < range.end {
          counts[position] += 1
          position += 1
        }
      }
    }
    return counts
  }
}

extension Timeline {
  /// The keys that this shard answers. Ranges are a few thousand keys long.
  func owned(_ keys: KeySpace) -> KeySpace {
    guard shard.index.count >= 2 else { return keys }
    var owned = KeySpace()
    for range in keys.ranges {
      var start = range.start
      while start < range.end {
        var end = range.end
        if start.isRelationBlock {
          let step = shard.stripeSize.pages - start.field6 % shard.stripeSize.pages
          end = min(end, start.advanced(by: min(step, UInt32.max - start.field6)) ?? end)
        } else if start.isSparse {
          // The reading leaves out those that are not the shard's.
          end = range.end
        } else {
          end = min(end, start.successor ?? end)
        }
        if start.isSparse || rules.answers(start, shard) { owned.append(KeyRange(start: start, end: end)) }
        start = end
      }
    }
    return owned
  }

  /// Which image layer gives a key back for later LSNs, in words.
  func replacement(of key: Key, above lsn: Lsn) -> String? {
    var lowest: LayerMap.Position?
    for (index, layer) in map.layers.enumerated()
    where !layer.name.isDelta && layer.name.startLsn > lsn && layer.name.keys.contains(key) {
      // In ascending order of the LSNs.
      lowest = LayerMap.Position(clamping: index)
      break
    }
    return lowest.map { "; from \(map[$0].startLsn) on, image layer \(map[$0]) has it" }
  }
}
