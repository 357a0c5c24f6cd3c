import IndexFormat

/// A record of the WAL taken apart, in place: nothing is copied, all parts are ranges of its bytes.
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 24 | `WALRecordHeader` |
/// | 24 | | headers of the parts, each beginning with an id |
/// | | | of each block in their order: the image, then the data |
/// | | | main data |
///
/// | id | header | rest of the header |
/// |---|---|---|
/// | 0 to 32 | block reference | `WALBlockReference` |
/// | 252 | transaction that a subtransaction belongs to | 4 bytes |
/// | 253 | replication origin | 2 bytes |
/// | 254 | main data: length | 4 bytes |
/// | 255 | main data: length | 1 byte |
///
/// Little-endian, nothing aligned. The bytes are those of the record without headers of WAL pages, as layers store
/// them too. Source: PostgreSQL, `access/xlogrecord.h`, `access/transam/xlogreader.c`.
public struct WALRecord: ~Escapable {
  public let bytes: RawSpan
  public let header: WALRecordHeader
  public let version: PostgresVersion
  /// By rising id.
  public let blocks: Span<WALBlockReference>
  /// Where the main data stand; empty if there are none.
  public let mainDataRange: Range<Int>
  public let origin: UInt16?
  public let topLevelTransaction: UInt32?

  @_lifetime(copy bytes, copy blocks)
  @inline(__always)
  init(
    bytes: RawSpan,
    header: WALRecordHeader,
    version: PostgresVersion,
    blocks: Span<WALBlockReference>,
    mainDataRange: Range<Int>,
    origin: UInt16?,
    topLevelTransaction: UInt32?
  ) {
    self.bytes = bytes
    self.header = header
    self.version = version
    self.blocks = blocks
    self.mainDataRange = mainDataRange
    self.origin = origin
    self.topLevelTransaction = topLevelTransaction
  }

  public var mainData: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(mainDataRange) }
  }

  /// The data that the record holds for a block of its own.
  @_lifetime(copy self)
  public func data(of block: WALBlockReference) -> RawSpan { bytes.extracting(block.data) }

  /// The block with this id; nil if the record names none.
  public func block(id: UInt8) -> WALBlockReference? {
    for index in blocks.indices where blocks[index].id == id { return blocks[index] }
    return nil
  }

  /// Whether the stored checksum is that of the bytes.
  public var hasValidChecksum: Bool { RecordChecksum.value(of: bytes) == header.checksum }
}
