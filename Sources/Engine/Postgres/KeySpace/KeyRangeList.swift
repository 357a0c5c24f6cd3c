import IndexFormat

/// Ranges in the order in which they were found, as page servers list the keys of a timeline.
///
/// Other than in a `KeySpace`, a range may be empty: a relation without pages has one. A range that begins where the
/// last one ends makes that one longer. All begin at or behind the end of the one before.
///
/// Source: `KeySpaceAccum` in `libs/pageserver_api/src/keyspace.rs`.
public struct KeyRangeList: Equatable, Sendable {
  public private(set) var ranges: [KeyRange] = []

  public init() {}

  public init(_ ranges: some Sequence<KeyRange>) throws(FormatError) {
    for range in ranges { try append(range) }
  }

  /// Adds a range at the end. One that begins before the end is an error: page servers crash on it.
  public mutating func append(_ range: KeyRange) throws(FormatError) {
    guard range.start <= range.end else {
      throw FormatError(
        .badValue,
        field: "key space",
        found: "\(range)",
        expected: "a range that ends behind its start"
      )
    }
    guard let last = ranges.last else {
      ranges.append(range)
      return
    }
    guard range.start >= last.end else {
      throw FormatError(
        .badValue,
        field: "key space",
        found: "key \(range.start) once more",
        expected: "keys from \(last.end) on"
      )
    }
    if range.start == last.end {
      ranges[ranges.count - 1] = KeyRange(start: last.start, end: range.end)
    } else {
      ranges.append(range)
    }
  }

  public mutating func append(_ key: Key) throws(FormatError) {
    // The last key of all is none of a timeline's.
    try append(KeyRange(key))
  }

  /// The same keys as a set.
  public var keySpace: KeySpace {
    var result = KeySpace()
    for range in ranges { result.append(range) }
    return result
  }

  /// Sum of the ranges' lengths, those that cannot be told with `KeyRange.unknownLength`.
  public var rawLength: UInt64 {
    ranges.reduce(0) { $0 &+ UInt64($1.rawLength) }
  }
}
