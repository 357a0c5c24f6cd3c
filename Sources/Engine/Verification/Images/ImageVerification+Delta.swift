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

  /// Goes on behind the keys of a read that became too large, so that only what one read gave is held.
  private func compareGroup(_ entries: [LayerEntry], _ reader: LayerReader) async throws(ReadError) {
    var wanted = KeySpace()
    for entry in entries where wanted.ranges.last.map({ $0.end <= entry.key }) ?? true {
      wanted.append(KeyRange(entry.key))
    }
    var start = 0
    while start < entries.count {
      let (bases, rest) = try await bases(of: wanted)
      var end = start
      while end < entries.count, rest.ranges.first.map({ entries[end].key < $0.start }) ?? true { end += 1 }
      try await compare(Array(entries[start..<end]), bases, reader)
      start = end
      wanted = rest
    }
  }

  private func compare(
    _ entries: [LayerEntry],
    _ bases: [Key: KeyRead],
    _ reader: LayerReader
  ) async throws(ReadError) {
    var state = State()
    var current: Key?
    func step(_ entry: LayerEntry, _ content: LayerValue?) {
      if current != entry.key {
        current = entry.key
        state = State(bases[entry.key])
      }
      take(Version(key: entry.key, lsn: entry.lsn, content: content), &state)
    }
    let meter = ReadMeter()
    let stream = reader.blobs(of: entries, concurrency: 2, meter: meter)
    while let batch = await stream.nextResult() {
      var failures: [(LayerEntry, LayerReadError)] = []
      do throws(LayerReadError) {
        try batch.decodeEach { entry, bytes in
          // What is no value was damaged; the level that rebuilds values tells it.
          step(entry, try? LayerValue(parsing: bytes))
        } failed: { entry, error in
          failures.append((entry, error))
          step(entry, nil)
          return true
        }
      } catch {
        for entry in batch.entries {
          failures.append((entry, error))
          step(entry, nil)
        }
      }
      for (entry, error) in failures { try tellUnreadable(error, of: entry) }
    }
    results.countRead(meter.byteCount)
  }

  /// One version of a key.
  private struct Version {
    var key: Key
    var lsn: Lsn
    /// Nil for one that cannot be read.
    var content: LayerValue?
  }

  /// What keys were worth below the layer, as many as are held at a time, and at least the first.
  private func bases(of keys: KeySpace) async throws(ReadError) -> (bases: [Key: KeyRead], rest: KeySpace) {
    var bases: [Key: KeyRead] = [:]
    guard name.startLsn.value > 0 else { return (bases, KeySpace()) }
    let batch = try await history.read(keys, at: Lsn(name.startLsn.value - 1), options.readOptions)
    for visit in batch.visits { results.countRead(visit.byteCount) }
    for read in batch.values where read.isComplete { bases[read.key] = read }
    return (bases, batch.rest)
  }

  /// What is known of a key while its versions go by.
  private struct State {
    /// Whether there is something to apply records to, or records that make it.
    var isKnown = false
    var image: [UInt8]?
    var records: [KeyRead.Record] = []

    init(isKnown: Bool = false, image: [UInt8]? = nil, records: [KeyRead.Record] = []) {
      self.isKnown = isKnown
      self.image = image
      self.records = records
    }

    /// - Parameter base: what the key was worth below the layer.
    init(_ base: KeyRead?) {
      self.init(isKnown: base != nil, image: base?.image?.bytes, records: base?.records ?? [])
    }
  }

  /// Takes the next version of a key, and compares it if it is an image.
  private func take(_ version: Version, _ state: inout State) {
    switch version.content {
    case nil: state = State()
    case .image(let bytes):
      compare(bytes, version, state)
      checkPage(bytes, version)
      state = State(isKnown: true, image: bytes)
    case .record(let record):
      let one = KeyRead.Record(lsn: version.lsn, record: record, visit: 0)
      if !record.willInit {
        // Without what they would be applied to they are of no use.
        if state.isKnown { state.records.append(one) }
      } else if bringsImage(record, version.key),
        let page = replayed(State(isKnown: true, records: [one]), version.key)
      {
        compare(page, version, state)
        state = State(isKnown: true, image: page)
      } else {
        state = State(isKnown: true, records: [one])
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
    results.countImage(image.count, skippedFor: skipReason(image, version.key, state))
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
