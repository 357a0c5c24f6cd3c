import IndexFormat

/// A timeline with values in memory above what its layers hold.
public final class GrowingTimeline: ValueSource {
  /// The oldest first.
  public let runs: [MemoryRun]
  /// What the layers hold; nil if all is in memory.
  public let layers: Timeline?
  public let redo: RedoRules
  private let rules: ReadRules

  public init(_ runs: [MemoryRun], above layers: Timeline?, redo: RedoRules) {
    self.runs = runs
    self.layers = layers
    self.redo = redo
    rules = layers?.rules ?? .march2026
  }

  /// Images and records of keys at an LSN, in ascending order of the keys; keys that have no value are left out.
  public func reads(of keys: KeySpace, at lsn: Lsn) async throws(ReadError) -> [KeyRead] {
    var reads: [Key: KeyRead] = [:]
    for run in runs.reversed() { try run.read(keys, at: lsn, into: &reads) }
    if let layers { try await add(layers, keys, at: lsn, to: &reads) }
    return reads.values.filter { !$0.isTombstone }.sorted { $0.key < $1.key }
  }

  /// What stands below the values in memory.
  private func add(
    _ layers: Timeline,
    _ keys: KeySpace,
    at lsn: Lsn,
    to reads: inout [Key: KeyRead]
  ) async throws(ReadError) {
    let complete = reads.values.filter(\.isComplete).map {
      KeyRange(start: $0.key, end: $0.key.successor ?? $0.key)
    }
    let below = keys.subtracting(KeySpace(complete))
    guard !below.isEmpty else { return }
    var found = reads
    try await layers.forEachBatch(of: below, at: lsn) { (batch) throws(ReadError) in
      if let failure = batch.failures.first { throw failure.error }
      for read in batch.values {
        guard var above = found[read.key] else {
          found[read.key] = read
          continue
        }
        above.image = read.image
        above.records = read.records + above.records
        above.isComplete = read.isComplete
        found[read.key] = above
      }
    }
    reads = found
  }

  public func values(of keys: KeySpace, at lsn: Lsn) async throws(ReadError) -> [KeyedValue] {
    var replay = PageRedo(redo)
    var values: [KeyedValue] = []
    for read in try await reads(of: keys, at: lsn) {
      values.append(KeyedValue(key: read.key, bytes: try replay.value(of: read, at: lsn, rules)))
    }
    return values
  }

  public func value(of key: Key, at lsn: Lsn) async throws(ReadError) -> [UInt8] {
    let range = KeyRange(start: key, end: key.successor ?? key)
    guard let value = try await values(of: KeySpace(range), at: lsn).first else {
      let missing = MissingKey(
        key: key,
        shard: layers?.shard.index ?? .unsharded,
        timeline: layers?.id ?? TimelineID(high: 0, low: 0),
        lsn: lsn
      )
      throw .missingKey(missing)
    }
    return value.bytes
  }
}
