/// What each page of 8 KiB of the WAL begins with. Little-endian.
///
/// | offset | size | field | check made |
/// |---|---|---|---|
/// | 0 | 2 | `xlp_magic`: the version of the format | that of a `PostgresVersion`, the same on all pages |
/// | 2 | 2 | `xlp_info`: flags | none but the four known ones |
/// | 4 | 4 | `xlp_tli`: PostgreSQL's timeline | 1 |
/// | 8 | 8 | `xlp_pageaddr`: LSN of the page's first byte | where the page lies |
/// | 16 | 4 | `xlp_rem_len`: bytes still to come of a record that began earlier | what is left of it |
/// | 20 | 4 | padding | none |
/// | 24 | 8 | `xlp_sysid`: system identifier | the same in all segments |
/// | 32 | 4 | `xlp_seg_size` | the size of the segment |
/// | 36 | 4 | `xlp_xlog_blcksz` | 8192 |
///
/// The last three are there only on the first page of a segment. Source: PostgreSQL,
/// `access/xlog_internal.h`.
public struct WALPageHeader: Hashable, Sendable {
  public var magic: UInt16
  public var flags: Flags
  public var postgresTimeline: UInt32
  public var pageAddress: Lsn
  public var remainingLength: UInt32
  /// What only the first page of a segment says.
  public var segment: Segment?

  public struct Flags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The page begins with the rest of a record.
    public static let firstIsContinuation = Flags(rawValue: 1)
    public static let longHeader = Flags(rawValue: 2)
    public static let removableBackupBlocks = Flags(rawValue: 4)
    /// The record that was begun before this page was given up.
    public static let firstOverwritesContinuation = Flags(rawValue: 8)
    static let known = Flags(rawValue: 15)
  }

  public struct Segment: Hashable, Sendable {
    public var systemIdentifier: UInt64
    public var segmentSize: UInt32
    public var pageSize: UInt32

    public init(systemIdentifier: UInt64, segmentSize: UInt32, pageSize: UInt32) {
      self.systemIdentifier = systemIdentifier
      self.segmentSize = segmentSize
      self.pageSize = pageSize
    }
  }

  public static let shortByteCount = 24
  public static let longByteCount = 40
  public static let pageByteCount = 8192

  public init(
    magic: UInt16,
    flags: Flags = [],
    postgresTimeline: UInt32 = WALSegmentName.neonTimeline,
    pageAddress: Lsn,
    remainingLength: UInt32 = 0,
    segment: Segment? = nil
  ) {
    self.magic = magic
    self.flags = flags
    self.postgresTimeline = postgresTimeline
    self.pageAddress = pageAddress
    self.remainingLength = remainingLength
    self.segment = segment
  }

  /// Reads the header that `page` begins with; nil if the page is too short to hold it.
  public init?(page: RawSpan) {
    guard page.byteCount >= WALPageHeader.shortByteCount else { return nil }
    let flags = Flags(rawValue: page.littleEndian16(at: 2))
    self.init(
      magic: page.littleEndian16(at: 0),
      flags: flags,
      postgresTimeline: page.littleEndian32(at: 4),
      pageAddress: Lsn(page.littleEndian64(at: 8)),
      remainingLength: page.littleEndian32(at: 16)
    )
    guard flags.contains(.longHeader) else { return }
    guard page.byteCount >= WALPageHeader.longByteCount else { return nil }
    segment = Segment(
      systemIdentifier: page.littleEndian64(at: 24),
      segmentSize: page.littleEndian32(at: 32),
      pageSize: page.littleEndian32(at: 36)
    )
  }

  public var byteCount: Int { segment == nil ? WALPageHeader.shortByteCount : WALPageHeader.longByteCount }

  public func encode(into bytes: inout [UInt8]) {
    bytes.appendLittleEndian(magic)
    bytes.appendLittleEndian(flags.rawValue)
    bytes.appendLittleEndian(postgresTimeline)
    bytes.appendLittleEndian(pageAddress.value)
    bytes.appendLittleEndian(remainingLength)
    bytes.appendLittleEndian(UInt32(0))
    guard let segment else { return }
    bytes.appendLittleEndian(segment.systemIdentifier)
    bytes.appendLittleEndian(segment.segmentSize)
    bytes.appendLittleEndian(segment.pageSize)
  }
}
