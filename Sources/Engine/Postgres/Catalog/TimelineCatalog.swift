import IndexFormat

/// What a timeline holds, told from its values: databases, relations and their sizes, SLRUs, and the files beside them.
///
/// What exists is decided from the directories alone. Page servers delete nothing but entries of directories: pages and
/// sizes of dropped relations stay where they are.
///
/// Values are read by few calls of the source: one for all sizes, up to `batchKeyCount`, one for the directories of 64
/// databases. A key that must be
/// there and is not is `ReadError.missingKey`, a value that is not what its key says `ReadError.damagedValue`.
///
/// Source: `pageserver/src/pgdatadir_mapping.rs`.
public final class TimelineCatalog: Sendable {
  public let source: any ValueSource
  public let facts: TimelineFacts

  /// Sizes that are asked for at once: 4 bytes each.
  static let batchKeyCount = 1 << 16
  /// Directories of relations that are asked for at once: 5 bytes a relation.
  static let batchDirectoryCount = 64

  public init(_ source: any ValueSource, _ facts: TimelineFacts) {
    self.source = source
    self.facts = facts
  }

  /// The value of a key that must be there.
  func read<Value: StoredValue>(
    _ key: Key,
    at lsn: Lsn
  ) async throws(ReadError) -> Value {
    let bytes = try await source.value(of: key, at: lsn)
    return try parse(key, lsn, bytes)
  }

  func parse<Value: StoredValue>(_ key: Key, _ lsn: Lsn, _ bytes: [UInt8]) throws(ReadError) -> Value {
    do throws(FormatError) {
      return try Value(parsing: bytes.span.bytes)
    } catch {
      throw .damagedValue(key, lsn, error)
    }
  }

  /// Hands over the values of keys that must be there.
  ///
  /// - keys: in ascending order, each once.
  /// - take: the key's place in `keys`, and its value.
  func read(
    _ keys: [Key],
    at lsn: Lsn,
    batchCount: Int = TimelineCatalog.batchKeyCount,
    _ take: (Int, [UInt8]) throws(ReadError) -> Void
  ) async throws(ReadError) {
    var start = 0
    while start < keys.count {
      let end = min(start + max(batchCount, 1), keys.count)
      var wanted = KeySpace()
      for key in keys[start..<end] { wanted.append(KeyRange(key)) }
      let values = try await source.values(of: wanted, at: lsn)
      var position = 0
      for index in start..<end {
        while position < values.count, values[position].key < keys[index] { position += 1 }
        if position < values.count, values[position].key == keys[index] {
          try take(index, values[position].bytes)
        } else {
          // Says where it was looked for.
          try take(index, try await source.value(of: keys[index], at: lsn))
        }
      }
      start = end
    }
  }

  /// The lengths that stand under keys of sizes.
  func blockCounts(_ keys: [Key], at lsn: Lsn) async throws(ReadError) -> [UInt32] {
    var counts: [UInt32] = []
    counts.reserveCapacity(keys.count)
    try await read(keys, at: lsn) { (index, bytes) throws(ReadError) in
      let value: BlockCountValue = try parse(keys[index], lsn, bytes)
      counts.append(value.blockCount)
    }
    return counts
  }
}
