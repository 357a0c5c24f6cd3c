import IndexFormat

/// The length of a relation fork or an SLRU segment: the value of a `Key.relationSize` or `Key.slruSegmentSize`.
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 4 | number of blocks, **little-endian** |
///
/// Page servers read the first four bytes and do not look further; on fewer they crash.
///
/// Source: `pageserver/src/pgdatadir_mapping.rs`.
public struct BlockCountValue: StoredValue {
  public var blockCount: UInt32
  /// Bytes behind the number; there should be none. Not written again.
  public private(set) var trailingByteCount = 0

  public static let byteCount = 4

  public init(_ blockCount: UInt32) { self.blockCount = blockCount }

  public init(parsing bytes: RawSpan) throws(FormatError) {
    guard bytes.byteCount >= BlockCountValue.byteCount else {
      throw FormatError(
        .truncated,
        field: "block count",
        found: "\(bytes.byteCount) bytes",
        expected: "\(BlockCountValue.byteCount) bytes"
      )
    }
    blockCount = bytes.littleEndian32(0)
    trailingByteCount = bytes.byteCount - BlockCountValue.byteCount
  }

  public func encode(into bytes: inout [UInt8]) { bytes.appendLittleEndian(blockCount) }
}
