import IndexFormat

/// Reads one key after the other by what the formats mean, without layer map or plan: to check the read path against.
///
/// On each timeline the newest image layer over the key is looked up among all layers, and all deltas are asked for
/// what they have above it. What follows from that is the value.
struct NaiveRead {
  private let first: Timeline
  private let lsn: Lsn

  init(_ timeline: Timeline, _ lsn: Lsn) {
    first = timeline
    self.lsn = lsn
  }

  /// Throws if a batch says something else, for any key that it has a value of, or that one of its layers has.
  func validate(_ batch: ReadBatch, of keys: KeySpace) async throws(ReadError) {
    let asked = keys.subtracting(batch.rest)
    var known: [Key: KeyRead] = [:]
    for read in batch.values { known[read.key] = read }
    for key in try await candidates(asked).union(known.keys) {
      if batch.failures.contains(where: { $0.keys.contains(key) }) { continue }
      let expected = try await read(key)
      let seen = known[key]
      let isSame =
        seen?.image?.lsn == expected?.image?.lsn && seen?.image?.bytes == expected?.image?.bytes
        && (seen?.records ?? []).elementsEqual(expected?.records ?? []) {
          $0.lsn == $1.lsn && $0.record == $1.record
        }
      guard isSame, (seen == nil) == (expected == nil) else {
        throw .disagreement(key, lsn, found: Self.text(seen), expected: Self.text(expected))
      }
    }
  }

  private static func text(_ read: KeyRead?) -> String {
    guard let read else { return "no value" }
    let image = read.image.map { "an image of \($0.bytes.count) bytes at \($0.lsn)" } ?? "no image"
    return "\(image), records at [\(read.records.map { "\($0.lsn)" }.joined(separator: ", "))]"
  }

  /// All keys of the layers of all timelines.
  private func candidates(_ keys: KeySpace) async throws(ReadError) -> Set<Key> {
    var result: Set<Key> = []
    var timeline: Timeline? = first
    while let current = timeline {
      for position in current.map.layers.indices {
        let range = current.map.layers[position].name.keys
        let wanted = keys.intersection(KeySpace(range))
        guard !wanted.isEmpty else { continue }
        for key in try await self.keys(current, LayerMap.Position(clamping: position), wanted) {
          if current.rules.answers(key, current.shard) { result.insert(key) }
        }
      }
      timeline = current.ancestor?.timeline
    }
    return result
  }

  private func keys(
    _ timeline: Timeline,
    _ position: LayerMap.Position,
    _ keys: KeySpace
  ) async throws(ReadError) -> [Key] {
    do throws(LayerReadError) {
      let reader = try await timeline.open(position, nil)
      return try await reader.entries().map(\.key).filter { keys.contains($0) }
    } catch {
      throw .layer(error)
    }
  }

  // MARK: One key

  private func read(_ key: Key) async throws(ReadError) -> KeyRead? {
    var read = KeyRead(key)
    var timeline = first
    var lsn = lsn
    while true {
      let isCovered = try await add(timeline, lsn, to: &read)
      if read.isComplete || isCovered { break }
      guard let ancestor = timeline.ancestor, !timeline.rules.notInherited.contains(key) else { break }
      timeline = ancestor.timeline
      lsn = min(lsn, ancestor.lsn)
    }
    read.records.sort { $0.lsn < $1.lsn }
    return read.image == nil && read.records.isEmpty ? nil : read
  }

  /// - Returns: whether an image layer covers the key: then nothing is below it.
  private func add(_ timeline: Timeline, _ lsn: Lsn, to read: inout KeyRead) async throws(ReadError) -> Bool {
    var image: (position: Int, lsn: Lsn)?
    for (position, layer) in timeline.map.layers.enumerated() where !layer.name.isDelta {
      let name = layer.name
      guard name.keys.contains(read.key), name.startLsn <= lsn else { continue }
      // Of several at one LSN the first one counts, as in the layer map.
      if let image, image.lsn >= name.startLsn { continue }
      image = (position, name.startLsn)
    }
    var values: [LayerFound.Value] = []
    let floor = image.map(\.lsn.successor) ?? Lsn(0)
    for (position, layer) in timeline.map.layers.enumerated() where layer.name.isDelta {
      guard layer.name.keys.contains(read.key), layer.name.endLsn > floor, layer.name.startLsn <= lsn else {
        continue
      }
      values += try await self.values(timeline, position, read.key, floor..<max(floor, lsn.successor))
    }
    values.sort { $0.lsn > $1.lsn }
    var last: Lsn?
    for value in values where !read.isComplete && value.lsn != last {
      Self.put(value, &read)
      last = value.lsn
    }
    guard let image, !read.isComplete else { return image != nil }
    for value in try await self.values(timeline, image.position, read.key, image.lsn..<image.lsn.successor) {
      Self.put(value, &read)
    }
    return true
  }

  private static func put(_ value: LayerFound.Value, _ read: inout KeyRead) {
    switch value.content {
    case .image(let bytes): read.image = KeyRead.Image(lsn: value.lsn, bytes: bytes, visit: 0)
    case .record(let record): read.records.append(KeyRead.Record(lsn: value.lsn, record: record, visit: 0))
    }
    if value.content.willInit { read.isComplete = true }
  }

  private func values(
    _ timeline: Timeline,
    _ position: Int,
    _ key: Key,
    _ lsns: Range<Lsn>
  ) async throws(ReadError) -> [LayerFound.Value] {
    guard let next = key.successor else { return [] }
    let id = ReadPart.ID(
      layer: LayerMap.Position(clamping: position),
      floor: lsns.lowerBound,
      ceiling: lsns.upperBound
    )
    let keys = KeySpace(KeyRange(start: key, end: next))
    let options = ReadOptions()
    let part = ReadPart(id: id, keys: keys)
    let found = await timeline.visit(part, options, byteBudget: options.byteBudget)
    if let error = found.failure ?? found.failures.first?.error { throw error }
    return found.values
  }
}
