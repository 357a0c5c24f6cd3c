import IndexFormat

/// How many pages a range of keys has, where that can be told from its ends.
///
/// Source: `libs/pageserver_api/src/keyspace.rs`.
extension KeyRange {
  /// What stands for "more than can be told".
  public static let unknownLength: UInt32 = .max

  private static let sizeMarker: UInt32 = .max

  /// Whether it runs over blocks of one relation fork or segment, with perhaps the size of the fork before in front.
  public var isContiguous: Bool {
    guard start.field1 == end.field1, start.field2 == end.field2, start.field3 == end.field3,
      start.field4 == end.field4
    else { return false }
    if start.field5 == end.field5 { return true }
    return start.field6 == KeyRange.sizeMarker && UInt16(start.field5) + 1 == UInt16(end.field5)
  }

  /// Keys in a contiguous range; 0 in one that is empty or reversed, the largest number if there are more.
  public var contiguousLength: UInt32 {
    guard !isEmpty else { return 0 }
    if start.field6 == KeyRange.sizeMarker {
      return end.field6 == .max ? .max : end.field6 + 1
    }
    return end.field6 >= start.field6 ? end.field6 - start.field6 : 0
  }

  /// Keys in a contiguous range, `unknownLength` for any other.
  public var rawLength: UInt32 { isContiguous ? contiguousLength : KeyRange.unknownLength }
}
