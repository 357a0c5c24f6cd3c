import IndexFormat

/// Whether a relation fork exists, second layout: the value of a `Key.relationDirectoryV2`.
///
/// | value | meaning |
/// |---|---|
/// | `72` ("r") | it exists |
/// | empty | it was dropped |
///
/// Source: `pageserver/src/pgdatadir_mapping.rs`.
public enum RelationMarker: StoredValue {
  case exists
  case removed

  private static let existing = UInt8(ascii: "r")

  public init(parsing bytes: RawSpan) throws(FormatError) {
    switch bytes.byteCount {
    case 0: self = .removed
    case 1 where bytes.byte(0) == RelationMarker.existing: self = .exists
    default:
      throw FormatError(
        .badValue,
        field: "relation marker",
        found: bytes.byteCount == 1 ? "\(bytes.byte(0))" : "\(bytes.byteCount) bytes",
        expected: "114 (\"r\"), or nothing"
      )
    }
  }

  public func encode(into bytes: inout [UInt8]) {
    if self == .exists { bytes.append(RelationMarker.existing) }
  }
}
