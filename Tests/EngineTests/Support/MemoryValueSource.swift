import Engine
import IndexFormat
import Synchronization

/// Values in memory, each from an LSN on. An empty value is a tombstone of a sparse key, no value at all of others.
final class MemoryValueSource: ValueSource {
  struct Version: Sendable {
    var lsn: Lsn
    /// Nil where only records are at hand.
    var bytes: [UInt8]?
  }

  private let keys: [Key]
  private let versions: [[Version]]
  private let callCount = Mutex(0)

  /// Calls of `values(of:at:)` so far.
  var calls: Int { callCount.withLock { $0 } }

  init(_ history: [Key: [Version]]) {
    keys = history.keys.sorted()
    versions = keys.map { (history[$0] ?? []).sorted { $0.lsn < $1.lsn } }
  }

  /// Values that have always been there.
  convenience init(_ values: [Key: [UInt8]]) {
    self.init(values.mapValues { [Version(lsn: .invalid, bytes: $0)] })
  }

  func values(of wanted: KeySpace, at lsn: Lsn) async throws(ReadError) -> [KeyedValue] {
    callCount.withLock { $0 += 1 }
    await Task.yield()
    var found: [KeyedValue] = []
    for range in wanted.ranges {
      var position = first(notBefore: range.start)
      while position < keys.count, keys[position] < range.end {
        if let bytes = try value(at: position, lsn), !(keys[position].isSparse && bytes.isEmpty) {
          found.append(KeyedValue(key: keys[position], bytes: bytes))
        }
        position += 1
      }
    }
    return found
  }

  func value(of key: Key, at lsn: Lsn) async throws(ReadError) -> [UInt8] {
    await Task.yield()
    let position = first(notBefore: key)
    if position < keys.count, keys[position] == key, let bytes = try value(at: position, lsn) { return bytes }
    throw .missingKey(
      MissingKey(key: key, shard: .unsharded, timeline: TimelineID(high: 0, low: 1), lsn: lsn)
    )
  }

  private func value(at position: Int, _ lsn: Lsn) throws(ReadError) -> [UInt8]? {
    guard let version = versions[position].last(where: { $0.lsn <= lsn }) else { return nil }
    guard let bytes = version.bytes else {
      throw .unreplayed(UnreplayedValue(key: keys[position], lsn: lsn, recordCount: 1, hasBase: true))
    }
    return bytes
  }

  private func first(notBefore key: Key) -> Int {
    var low = 0
    var high = keys.count
    while low < high {
      let middle = (low + high) / 2
      if keys[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
