import IndexFormat

/// The segments of one SLRU: the value of `Key.slruDirectory`.
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 8 | number of segments |
/// | 8 | 4 each | segment u32 |
///
/// Numbers are big-endian. Written by page servers in the order of a hash table, here in ascending order. A segment
/// that is there twice counts once.
///
/// Source: `pageserver/src/pgdatadir_mapping.rs`.
public struct SLRUSegmentDirectory: StoredValue {
  /// In ascending order, each once.
  public private(set) var segments: [UInt32]
  /// Segments that were there once more than they count. Not written again.
  public private(set) var repeatedEntryCount = 0

  public init() { segments = [] }

  public init(_ segments: [UInt32]) {
    let (unique, repeated) = segments.sortedByLast(<)
    self.segments = unique
    repeatedEntryCount = repeated
  }

  public init(parsing bytes: RawSpan) throws(FormatError) {
    var reader = ByteReader(bytes)
    let count = try reader.count("segments", elementByteCount: 4)
    var segments: [UInt32] = []
    segments.reserveCapacity(count)
    for _ in 0..<count { segments.append(try reader.uint32("segments")) }
    try reader.end(of: "SLRU segment directory")
    self.init(segments)
  }

  public func encode(into bytes: inout [UInt8]) {
    bytes.appendBigEndian(UInt64(segments.count))
    for segment in segments { bytes.appendBigEndian(segment) }
  }
}
