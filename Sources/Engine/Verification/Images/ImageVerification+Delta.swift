import IndexFormat

/// Images in a delta layer: of pages that were logged as they are, and in records that bring one.
///
/// What such an image replaces is what the values below it lead to. It is often not the same, as an image is taken with
/// the change that made somebody log it, and that change is not in the layer as such: such images are not compared.
extension ImageVerification {
  /// Entries that are looked at together, but all of a key.
  private static let groupCount = 1024

  /// - Parameter entries: all of the layer within the unit's keys, in ascending order of keys and LSNs.
  func runDelta(_ entries: [LayerEntry], _ reader: LayerReader) async throws(ReadError) {
    var group: [LayerEntry] = []
    var start = 0
    while start < entries.count {
      let key = entries[start].key
      var end = start
      var mayHaveImage = false
      while end < entries.count, entries[end].key == key {
        mayHaveImage = mayHaveImage || entries[end].willInit
        end += 1
      }
      // Without an entry that needs nothing from before there is no image.
      if mayHaveImage, key.mayHoldRecords, shard.timeline.rules.answers(key, shard.timeline.shard),
        options.takes(key)
      {
        group += entries[start..<end]
      }
      start = end
      if group.count >= Self.groupCount {
        try await compareGroup(group, reader)
        group = []
      }
    }
    if !group.isEmpty { try await compareGroup(group, reader) }
  }

  private func compareGroup(_ entries: [LayerEntry], _ reader: LayerReader) async throws(ReadError) {
    var wanted = KeySpace()
    for entry in entries where wanted.ranges.last.map({ $0.end <= entry.key }) ?? true {
      wanted.append(KeyRange(start: entry.key, end: entry.key.successor ?? entry.key))
    }
    let bases = try await bases(of: wanted)
    var versions: [Version] = []
    let meter = ReadMeter()
    let stream = reader.blobs(of: entries, concurrency: 2, meter: meter)
    while let batch = await stream.nextResult() {
      var failures: [(LayerEntry, LayerReadError)] = []
      do throws(LayerReadError) {
        try batch.decodeEach { entry, bytes in
          // What is no value was damaged; the level that rebuilds values tells it.
          let content = try? LayerValue(parsing: bytes)
          if versions.last.map({ $0.key != entry.key }) ?? false {
            compare(versions, bases)
            versions = []
          }
          versions.append(Version(key: entry.key, lsn: entry.lsn, content: content))
        } failed: { entry, error in
          failures.append((entry, error))
          versions.append(Version(key: entry.key, lsn: entry.lsn, content: nil))
          return true
        }
      } catch {
        for entry in batch.entries { failures.append((entry, error)) }
      }
      for (entry, error) in failures { try tellUnreadable(entry, error) }
    }
    compare(versions, bases)
    results.countRead(meter.byteCount)
  }

  /// One version of a key.
  private struct Version {
    var key: Key
    var lsn: Lsn
    /// Nil for one that cannot be read.
    var content: LayerValue?
  }

  /// What keys were worth below the layer.
  private func bases(of keys: KeySpace) async throws(ReadError) -> [Key: KeyRead] {
    var bases: [Key: KeyRead] = [:]
    guard name.startLsn.value > 0 else { return bases }
    var readOptions = ReadOptions()
    readOptions.byteBudget = options.byteBudget
    var rest = keys
    while !rest.isEmpty {
      let batch = try await history.read(rest, at: Lsn(name.startLsn.value - 1), readOptions)
      for visit in batch.visits { results.countRead(visit.byteCount) }
      for read in batch.values where read.isComplete { bases[read.key] = read }
      rest = batch.rest
    }
    return bases
  }

  /// What is known of a key while its versions go by.
  private struct State {
    /// Whether there is something to apply records to, or records that make it.
    var isKnown = false
    var image: [UInt8]?
    var records: [KeyRead.Record] = []
  }

  /// Goes through the versions of one key.
  private func compare(_ versions: [Version], _ bases: [Key: KeyRead]) {
    guard let key = versions.first?.key else { return }
    var state = State()
    if let base = bases[key] {
      state = State(isKnown: true, image: base.image?.bytes, records: base.records)
    }
    for version in versions {
      switch version.content {
      case nil: state = State()
      case .image(let bytes):
        compare(bytes, version, state)
        checkPage(bytes, version)
        state = State(isKnown: true, image: bytes)
      case .record(let record):
        let one = KeyRead.Record(lsn: version.lsn, record: record, visit: 0)
        if !record.willInit {
          state.records.append(one)
        } else if bringsImage(record, key), let page = replayed(State(isKnown: true, records: [one]), key) {
          compare(page, version, state)
          state = State(isKnown: true, image: page)
        } else {
          state = State(isKnown: true, image: nil, records: [one])
        }
      }
    }
  }

  private func bringsImage(_ record: NeonRecord, _ key: Key) -> Bool {
    guard case .postgres(_, let bytes) = record, redo != nil else { return false }
    return redo?.bringsImage(bytes.span.bytes, of: key.relationTag, BlockNumber(key.field6)) ?? false
  }

  /// Nil if records cannot be applied; the level that rebuilds values says why.
  private func replayed(_ state: State, _ key: Key) -> [UInt8]? {
    guard state.isKnown else { return nil }
    guard !state.records.isEmpty else { return state.image }
    do throws(RedoError) {
      return try redo?.value(of: key, state.image, state.records)
    } catch {
      return nil
    }
  }

  private func compare(_ image: [UInt8], _ version: Version, _ state: State) {
    let byteCount = UInt64(image.count)
    results.count {
      $0.values.present &+= 1
      $0.bytes.present &+= byteCount
    }
    let reason = skipReason(image, version.key, state)
    results.count {
      if let reason {
        $0.values.skip(reason)
        if byteCount > 0 { $0.bytes.skip(reason, byteCount) }
      } else {
        $0.values.checked &+= 1
        $0.bytes.checked &+= byteCount
      }
    }
  }

  private func skipReason(_ image: [UInt8], _ key: Key, _ state: State) -> VerificationTally.SkipReason? {
    guard state.isKnown else { return .noHistory }
    guard var before = replayed(state, key) else { return redo == nil ? .unsupported : .damaged }
    if before == image { return nil }
    guard key.isRelationBlock else { return .changedWithImage }
    var after = image
    PageMask.apply(to: &before)
    PageMask.apply(to: &after)
    return before == after ? nil : .changedWithImage
  }

  /// An image by itself: it must be a page, and not of a later LSN than its own.
  private func checkPage(_ image: [UInt8], _ version: Version) {
    let check = ValueCheck(facts: shard.catalog.facts, lsn: version.lsn)
    guard let problem = check.problem(of: image.span.bytes, version.key, nil) else { return }
    results.add(
      problem.code,
      problem.error,
      object: object.key,
      key: version.key,
      lsn: version.lsn,
      problem.message
    )
  }
}
