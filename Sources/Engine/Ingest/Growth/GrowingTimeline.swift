import IndexFormat

/// A timeline with values in memory above what its layers hold, and those above what it began with.
public final class GrowingTimeline: ValueSource {
  /// What a timeline began with, and the LSN at which it did: what came to it since is not looked at.
  public struct Base: Sendable {
    public var timeline: GrowingTimeline
    public var lsn: Lsn

    public init(_ timeline: GrowingTimeline, at lsn: Lsn) {
      self.timeline = timeline
      self.lsn = lsn
    }
  }

  /// The oldest first, without those of the base.
  private let ownRuns: [MemoryRun]
  /// What the layers hold; nil if all is in memory.
  public let layers: Timeline?
  /// Nil if the layers hold all that the runs stand on.
  public let base: Base?
  public let redo: RedoRules
  private let rules: ReadRules

  public init(_ runs: [MemoryRun], above layers: Timeline?, base: Base? = nil, redo: RedoRules) {
    ownRuns = runs
    self.layers = layers
    self.base = base
    self.redo = redo
    rules = layers?.rules ?? base?.timeline.rules ?? .march2026
  }

  /// Values in memory, the oldest first, with those of the base.
  public var runs: [MemoryRun] { (base?.timeline.runs ?? []) + ownRuns }

  /// What a reading of keys found, and which keys it could not read.
  public struct Reads: Sendable {
    /// Without tombstones.
    var values: [Key: KeyRead] = [:]
    public internal(set) var failures: [(keys: KeySpace, error: ReadError)] = []

    /// In ascending order of the keys; keys that have no value are left out.
    public var sorted: [KeyRead] { values.values.sorted { $0.key < $1.key } }
  }

  /// Images and records of keys at an LSN, as far as they can be read. All read errors but `cancelled`, and damage of
  /// values in memory, are within the result.
  public func batch(of keys: KeySpace, at lsn: Lsn) async throws(ReadError) -> Reads {
    var reads = Reads()
    for run in ownRuns.reversed() { try run.read(keys, at: lsn, into: &reads.values) }
    if let layers { try await add(layers, keys, at: lsn, to: &reads) }
    if let base {
      let below = reads.incomplete(of: keys)
      if !below.isEmpty {
        reads.add(try await base.timeline.batch(of: below, at: min(lsn, base.lsn)))
      }
    }
    reads.values = reads.values.filter { !$0.value.isTombstone }
    return reads
  }

  /// What layers hold below the values in memory.
  private func add(
    _ layers: Timeline,
    _ keys: KeySpace,
    at lsn: Lsn,
    to reads: inout Reads
  ) async throws(ReadError) {
    let below = reads.incomplete(of: keys)
    guard !below.isEmpty else { return }
    var found = Reads()
    try await layers.forEachBatch(of: below, at: lsn) { (batch) throws(ReadError) in
      for read in batch.values { found.values[read.key] = read }
      found.failures += batch.failures
    }
    reads.add(found)
  }

  /// Images and records of keys at an LSN, in ascending order of the keys; keys that have no value are left out.
  public func reads(of keys: KeySpace, at lsn: Lsn) async throws(ReadError) -> [KeyRead] {
    let reads = try await batch(of: keys, at: lsn)
    if let failure = reads.failures.first { throw failure.error }
    return reads.sorted
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
    let range = KeyRange(key)
    guard let value = try await values(of: KeySpace(range), at: lsn).first else {
      let layers = layers ?? base?.timeline.layers
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

extension GrowingTimeline.Reads {
  /// Keys of which more may stand below.
  fileprivate func incomplete(of keys: KeySpace) -> KeySpace {
    let complete = values.values.filter(\.isComplete).map {
      KeyRange($0.key)
    }
    var below = keys.subtracting(KeySpace(complete))
    for failure in failures { below = below.subtracting(failure.keys) }
    return below
  }

  /// Adds what stands below.
  fileprivate mutating func add(_ below: Self) {
    for (key, read) in below.values {
      guard var above = values[key] else {
        values[key] = read
        continue
      }
      above.image = read.image
      above.records = read.records + above.records
      above.isComplete = read.isComplete
      values[key] = above
    }
    for failure in below.failures {
      failures.append(failure)
      for key in values.keys where failure.keys.contains(key) { values[key] = nil }
    }
  }
}
