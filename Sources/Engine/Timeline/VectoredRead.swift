import IndexFormat

/// One read of many keys at one LSN, from the top of a timeline down to the roots of its ancestors. For one task.
///
/// On each timeline:
///
/// 1. Keys are sorted by the layer to read first (`LayerMap.search`), into the fringe.
/// 2. The part of the fringe with the highest ceiling is read. What is complete with it is done: an image was found, or
///    a record that needs none. Keys that an image layer covers are done with this timeline, too: it has all there are.
/// 3. The other keys of the part are sorted anew, below the part's floor; keys without a layer there drop out.
///
/// What is left goes on in the ancestor, at its LSN if that is lower: but not keys that are not inherited, and not
/// keys that an image layer covered, which are missing. Sparse keys are never missing, but absent.
///
/// Keys are independent of each other. So wherever a read turns out to become too large, it is cut at a key, and what
/// is behind it is left for another read. Indices of layers tell that before values are read; room for a page is
/// kept for each key from its first record on, so that hardly a value is read in vain.
///
/// Source: `get_vectored_reconstruct_data` in `pageserver/src/tenant/timeline.rs`.
final class VectoredRead {
  private let first: Timeline
  private let wanted: KeySpace
  private let lsn: Lsn
  private let options: ReadOptions
  private let rules: ReadRules

  private var found: [Key: KeyRead] = [:]
  private var heldByteCount = 0
  private var missing = KeySpace()
  private var failures: [(keys: KeySpace, error: ReadError)] = []
  private var visits: [LayerVisit] = []
  /// Keys from here on are left for another read.
  private var end: Key?

  init(_ timeline: Timeline, _ keys: KeySpace, _ lsn: Lsn, _ options: ReadOptions) {
    first = timeline
    wanted = keys
    self.lsn = lsn
    self.options = options
    rules = timeline.rules
  }

  func run() async throws(ReadError) -> ReadBatch {
    var timeline = first
    var lsn = lsn
    var remaining = wanted
    while true {
      let visit = try await read(timeline, remaining, below: lsn.successor)
      remaining = beforeEnd(remaining.subtracting(visit.done)).subtracting(rules.notInherited)
      guard !remaining.isEmpty, let ancestor = timeline.ancestor else { break }
      missing = missing.union(remaining.intersection(visit.covered))
      remaining = remaining.subtracting(visit.covered)
      guard !remaining.isEmpty else { break }
      timeline = ancestor.timeline
      lsn = min(lsn, ancestor.lsn)
    }
    return finish(remaining, timeline, lsn)
  }

  private func finish(_ remaining: KeySpace, _ last: Timeline, _ lastLsn: Lsn) -> ReadBatch {
    var values: [KeyRead] = []
    values.reserveCapacity(found.count)
    for (key, read) in found where isBeforeEnd(key) { values.append(read) }
    // Held once only, or each list of records would be copied to be sorted.
    found = [:]
    for index in values.indices { values[index].records.sort { $0.lsn < $1.lsn } }
    values.sort { $0.key < $1.key }
    // Records without what they would be applied to tell more than that the key is missing.
    var known = KeySpace()
    for read in values { known.append(read.key) }
    let missing = missing.union(remaining).subtracting(KeySpace(.sparse)).subtracting(known)
    let isAncestor = last !== first
    return ReadBatch(
      values: values,
      missing: beforeEnd(missing),
      failures: failures.map { (beforeEnd($0.keys), $0.error) }.filter { !$0.0.isEmpty },
      rest: end.map { wanted.split(at: $0).behind } ?? KeySpace(),
      visits: visits,
      lastAncestor: isAncestor ? last.id : nil,
      lastAncestorLsn: isAncestor ? lastLsn : nil
    )
  }

  // MARK: The end

  private func isBeforeEnd(_ key: Key) -> Bool { end.map { key < $0 } ?? true }

  private func beforeEnd(_ keys: KeySpace) -> KeySpace { end.map { keys.split(at: $0).before } ?? keys }

  /// Leaves keys from here on for another read. Never the first one that is wanted, so that each read has a result.
  private func cut(at key: Key) {
    guard isBeforeEnd(key), let start = wanted.ranges.first?.start, key > start else { return }
    end = key
    found = found.filter { $0.key < key }
    heldByteCount = found.values.reduce(0) { $0 + $1.byteCount }
  }

  /// Leaves keys for another read with whose values this one would hold more than it may. At least the first key stays.
  ///
  /// - Parameter looks: what is about to be read.
  private func cutToBudget(with looks: [LayerLook] = []) {
    var costs: [(key: Key, byteCount: Int)] = []
    var sum = heldByteCount
    for look in looks {
      for entry in look.entries where isBeforeEnd(entry.key) {
        var byteCount = entry.heldByteCount(isImage: look.isImageLayer)
        if costs.last?.key != entry.key, found[entry.key] == nil { byteCount += KeyRead.baseByteCount }
        costs.append((entry.key, byteCount))
        sum += byteCount
      }
    }
    guard sum > options.valueByteBudget else { return }
    costs += found.map { ($0.key, $0.value.byteCount) }
    costs.sort { $0.key < $1.key }
    sum = 0
    for cost in costs {
      sum += cost.byteCount
      if sum > options.valueByteBudget, let first = costs.first, first.key < cost.key {
        cut(at: cost.key)
        return
      }
    }
  }

  // MARK: One timeline

  private struct Outcome {
    /// Keys that are complete, or failed.
    var done = KeySpace()
    /// Key ranges of image layers that were read.
    var covered = KeySpace()
  }

  private func read(_ timeline: Timeline, _ keys: KeySpace, below ceiling: Lsn) async throws(ReadError)
    -> Outcome
  {
    var outcome = Outcome()
    var fringe = ReadFringe()
    let start = timeline.map.search(keys, below: ceiling, limit: options.layerLimit)
    if let end = start.end { cut(at: end) }
    insert(start, ceiling, into: &fringe)
    while !fringe.isEmpty {
      if Task.isCancelled { throw .cancelled }
      let parts = fringe.takeNext(options.layerConcurrency)
        .map { ReadPart(id: $0.id, keys: beforeEnd($0.keys)) }.filter { !$0.keys.isEmpty }
      let looks = await Self.forEach(parts) { [options] part in await timeline.look(part, options) }
      for look in looks { if let next = look.next { cut(at: next) } }
      cutToBudget(with: looks)
      let concurrency = max(1, options.readConcurrency / max(parts.count, 1))
      let results = await Self.forEach(looks) { [options, end] look in
        await look.values(before: end, concurrency: concurrency, options)
      }
      for (part, result) in zip(parts, results) {
        let part = ReadPart(id: part.id, keys: beforeEnd(part.keys))
        guard !part.keys.isEmpty else { continue }
        let left = take(result, part, timeline, &outcome)
        insert(timeline.map.search(left, below: part.id.floor), part.id.floor, into: &fringe)
      }
      cutToBudget()
    }
    return outcome
  }

  private func insert(_ selection: LayerMap.Selection, _ ceiling: Lsn, into fringe: inout ReadFringe) {
    for (choice, keys) in selection.parts {
      let id = ReadPart.ID(layer: choice.layer, floor: choice.floor, ceiling: ceiling)
      fringe.insert(ReadPart(id: id, keys: keys))
    }
  }

  /// Works on items side by side; results are in the order of the items.
  private static func forEach<Item: Sendable, Result: Sendable>(
    _ items: [Item],
    _ work: @escaping @Sendable (Item) async -> Result
  ) async -> [Result] {
    guard items.count > 1 else {
      guard let item = items.first else { return [] }
      return [await work(item)]
    }
    return await withTaskGroup(of: (Int, Result).self) { group in
      for (index, item) in items.enumerated() {
        group.addTask { (index, await work(item)) }
      }
      var results: [(Int, Result)] = []
      for await result in group { results.append(result) }
      return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  /// Takes over what a layer gave.
  ///
  /// - Returns: keys of the part that must be looked for further down.
  private func take(
    _ result: LayerFound,
    _ part: ReadPart,
    _ timeline: Timeline,
    _ outcome: inout Outcome
  ) -> KeySpace {
    let object = timeline.object(part.id.layer)
    visits.append(
      LayerVisit(
        timeline: timeline.id,
        object: object.key,
        layer: object.name,
        lsns: part.id.floor..<max(part.id.floor, part.id.ceiling),
        keys: part.keys,
        valueCount: result.values.count,
        readCount: result.readCount,
        byteCount: result.byteCount
      )
    )
    var done = KeySpace()
    if let error = result.failure {
      done = part.keys
      failures.append((part.keys, error))
      for key in found.keys where part.keys.contains(key) { drop(key) }
    } else {
      for value in result.values where isBeforeEnd(value.key) {
        if add(value) { done.append(value.key) }
      }
      for (key, error) in result.failures where isBeforeEnd(key) {
        drop(key)
        let keys = KeySpace(key)
        failures.append((keys, error))
        done = done.union(keys)
      }
    }
    outcome.done = outcome.done.union(done)
    var left = beforeEnd(part.keys.subtracting(done))
    if object.name.kind == .image {
      let keys = KeySpace(object.name.keys)
      left = left.subtracting(keys)
      outcome.covered = outcome.covered.union(keys)
    }
    return left
  }

  /// - Returns: whether the key is complete with it.
  private func add(_ value: LayerFound.Value) -> Bool {
    let visit = visits.count - 1
    if found[value.key] == nil { heldByteCount += KeyRead.baseByteCount }
    heldByteCount += KeyRead.byteCount(of: value.content)
    // In place, as a key may have thousands of records.
    return found[value.key, default: KeyRead(value.key)].add(value, visit)
  }

  private func drop(_ key: Key) {
    guard let read = found.removeValue(forKey: key) else { return }
    heldByteCount -= read.byteCount
  }
}

extension LayerLook {
  fileprivate var isImageLayer: Bool { reader?.object.name.kind == .image }
}

extension LayerEntry {
  /// About what its value will take in memory, beside what each key takes.
  fileprivate func heldByteCount(isImage: Bool) -> Int {
    let stored = Int(clamping: blob.upperBound - blob.lowerBound)
    return isImage ? max(0, stored - KeyRead.pageByteCount) : stored + KeyRead.recordByteCount
  }
}

extension KeySpace {
  fileprivate init(_ key: Key) {
    self.init()
    append(key)
  }

  /// Adds a key that is at or behind the last one. (The very last key is in no range.)
  fileprivate mutating func append(_ key: Key) {
    if let next = key.successor { append(KeyRange(start: key, end: next)) }
  }
}
