/// A set of keys: ranges in ascending order that neither overlap nor touch, none empty.
///
/// What is asked of a timeline, what was found, what is still missing. Source of the operations:
/// `libs/pageserver_api/src/keyspace.rs`; there ranges may be empty or touch, here equal sets are equal values.
public struct KeySpace: Equatable, Sendable {
  public private(set) var ranges: [KeyRange] = []

  public init() {}

  public init(_ range: KeyRange) {
    if !range.isEmpty { ranges = [range] }
  }

  /// Ranges in any order, overlapping or not.
  public init(_ unordered: some Sequence<KeyRange>) {
    for range in unordered.filter({ !$0.isEmpty }).sorted(by: { $0.start < $1.start }) { append(range) }
  }

  public var isEmpty: Bool { ranges.isEmpty }

  /// Adds a range that begins where the last one does or behind it. Others are put where they belong, which costs more.
  public mutating func append(_ range: KeyRange) {
    guard !range.isEmpty else { return }
    guard let last = ranges.last, range.start <= last.end else {
      ranges.append(range)
      return
    }
    guard last.start <= range.start else {
      self = KeySpace(ranges + [range])
      return
    }
    ranges[ranges.count - 1] = KeyRange(start: last.start, end: max(last.end, range.end))
  }

  public func contains(_ key: Key) -> Bool {
    let position = firstEnding(behind: key)
    return position < ranges.count && ranges[position].contains(key)
  }

  public func overlaps(_ range: KeyRange) -> Bool {
    guard !range.isEmpty else { return false }
    let position = firstEnding(behind: range.start)
    return position < ranges.count && ranges[position].start < range.end
  }

  /// Whether all keys of a range are in it; so it is of a range without keys.
  public func containsAll(of range: KeyRange) -> Bool {
    guard !range.isEmpty else { return true }
    let position = firstEnding(behind: range.start)
    return position < ranges.count && ranges[position].start <= range.start
      && range.end <= ranges[position].end
  }

  /// The keys before a key, and the others.
  public func split(at key: Key) -> (before: KeySpace, behind: KeySpace) {
    let position = firstEnding(behind: key)
    var (before, behind) = (KeySpace(), KeySpace())
    before.ranges = Array(ranges[..<position])
    behind.ranges = Array(ranges[position...])
    guard let first = behind.ranges.first, first.start < key else { return (before, behind) }
    before.ranges.append(KeyRange(start: first.start, end: key))
    behind.ranges[0] = KeyRange(start: key, end: first.end)
    return (before, behind)
  }

  public func union(_ other: KeySpace) -> KeySpace {
    if isEmpty { return other }
    if other.isEmpty { return self }
    var result = KeySpace()
    var own = ranges[...]
    var others = other.ranges[...]
    while let left = own.first, let right = others.first {
      if left.start <= right.start {
        result.append(left)
        own.removeFirst()
      } else {
        result.append(right)
        others.removeFirst()
      }
    }
    for range in own { result.append(range) }
    for range in others { result.append(range) }
    return result
  }

  public func intersection(_ other: KeySpace) -> KeySpace {
    var result = KeySpace()
    var position = 0
    for range in ranges {
      while position < other.ranges.count, other.ranges[position].end <= range.start { position += 1 }
      var next = position
      while next < other.ranges.count, other.ranges[next].start < range.end {
        let other = other.ranges[next]
        result.append(KeyRange(start: max(range.start, other.start), end: min(range.end, other.end)))
        next += 1
      }
    }
    return result
  }

  public func subtracting(_ other: KeySpace) -> KeySpace {
    guard !other.isEmpty else { return self }
    var result = KeySpace()
    var position = 0
    for range in ranges {
      while position < other.ranges.count, other.ranges[position].end <= range.start { position += 1 }
      var start = range.start
      var next = position
      while next < other.ranges.count, other.ranges[next].start < range.end {
        result.append(KeyRange(start: start, end: other.ranges[next].start))
        start = max(start, other.ranges[next].end)
        next += 1
      }
      result.append(KeyRange(start: start, end: range.end))
    }
    return result
  }

  /// The position of the first range that ends behind a key.
  private func firstEnding(behind key: Key) -> Int {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = low + (high - low) / 2
      if ranges[middle].end <= key { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
