import IndexFormat

/// The start of a page of a relation, in every fork.
///
/// | offset | size | field | check |
/// |---|---|---|---|
/// | 0 | 4 | LSN, high half | |
/// | 4 | 4 | LSN, low half | |
/// | 8 | 2 | checksum; 0 where the cluster has none | `PageChecksum` |
/// | 10 | 2 | flags: 1 free line pointers, 2 full, 4 all visible | no other bit |
/// | 12 | 2 | lower: end of the line pointers | ≤ upper |
/// | 14 | 2 | upper: start of what is stored; 0 in a new page | ≤ special |
/// | 16 | 2 | special: start of the access method's part | ≤ 8192, a multiple of 8 |
/// | 18 | 2 | size of the page and layout version: 8192 + 4 | shown, not part of `problem(of:)` |
/// | 20 | 4 | oldest transaction that may be pruned | |
///
/// Numbers are little-endian. A page of zeros is new and whole. What is checked is what PostgreSQL checks of a page
/// that it reads (`PageIsVerified`); it leaves the size and version to access methods.
///
/// Source: PostgreSQL `src/include/storage/bufpage.h`, `src/backend/storage/page/bufpage.c`.
public struct PageHeader: Equatable, Sendable {
  public var lsn: Lsn
  public var checksum: UInt16
  public var flags: UInt16
  public var lower: UInt16
  public var upper: UInt16
  public var special: UInt16
  public var sizeAndVersion: UInt16
  public var pruneTransaction: UInt32

  public static let byteCount = 24
  /// Bytes of a page.
  public static let pageByteCount = 8192
  public static let knownFlags: UInt16 = 0x0007
  /// A page of 8192 bytes, layout 4: that of all versions since 8.3.
  public static let knownSizeAndVersion: UInt16 = 0x2004
  private static let alignment: UInt16 = 8

  /// Reads the fields; which values they have is not looked at.
  public init(parsing page: RawSpan) throws(FormatError) {
    guard page.byteCount >= PageHeader.byteCount else {
      throw FormatError(
        .truncated,
        field: "page header",
        found: "\(page.byteCount) bytes",
        expected: "\(PageHeader.byteCount) bytes"
      )
    }
    self.init(unchecked: page)
  }

  private init(unchecked page: RawSpan) {
    lsn = Lsn(UInt64(page.littleEndian32(0)) << 32 | UInt64(page.littleEndian32(4)))
    checksum = page.littleEndian16(8)
    flags = page.littleEndian16(10)
    lower = page.littleEndian16(12)
    upper = page.littleEndian16(14)
    special = page.littleEndian16(16)
    sizeAndVersion = page.littleEndian16(18)
    pruneTransaction = page.littleEndian32(20)
  }

  public func encode(into bytes: inout [UInt8]) {
    bytes.appendLittleEndian(UInt32(truncatingIfNeeded: lsn.value >> 32))
    bytes.appendLittleEndian(UInt32(truncatingIfNeeded: lsn.value))
    for number in [checksum, flags, lower, upper, special, sizeAndVersion] {
      bytes.appendLittleEndian(number)
    }
    bytes.appendLittleEndian(pruneTransaction)
  }

  /// Whether nothing was stored in the page yet. PostgreSQL then expects zeros only.
  public var isNew: Bool { upper == 0 }

  /// Bytes of a page, without the version: 8192.
  public var pageSize: UInt16 { sizeAndVersion & 0xff00 }
  public var layoutVersion: UInt8 { UInt8(truncatingIfNeeded: sizeAndVersion) }

  /// Why PostgreSQL would not take the page; nil for a whole one, and for one of zeros.
  ///
  /// - page: all of the page. The checksum is not compared, see `PageChecksum.problem(of:at:)`.
  public static func problem(of page: RawSpan) -> FormatError? {
    guard page.byteCount == pageByteCount else {
      return FormatError(
        page.byteCount < pageByteCount ? .truncated : .trailingBytes,
        offset: min(page.byteCount, pageByteCount),
        field: "page",
        found: "\(page.byteCount) bytes",
        expected: "\(pageByteCount) bytes"
      )
    }
    let header = PageHeader(unchecked: page)
    guard header.isNew else { return header.problem }
    guard let offset = page.firstNonZero(in: 0..<pageByteCount) else { return nil }
    return FormatError(
      .badValue,
      offset: offset,
      field: "page",
      found: "\(page.byte(offset))",
      expected: "0, as pd_upper says that the page is new"
    )
  }

  /// The first field of a page that is not new that cannot be as it is.
  private var problem: FormatError? {
    if flags & ~PageHeader.knownFlags != 0 {
      return PageHeader.problem("pd_flags", 10, "\(flags)", "no bits but 1, 2 and 4")
    }
    if lower > upper { return PageHeader.problem("pd_lower", 12, "\(lower)", "at most pd_upper, \(upper)") }
    if upper > special {
      return PageHeader.problem("pd_upper", 14, "\(upper)", "at most pd_special, \(special)")
    }
    guard special <= UInt16(PageHeader.pageByteCount), special % PageHeader.alignment == 0 else {
      return PageHeader.problem("pd_special", 16, "\(special)", "a multiple of 8 up to 8192")
    }
    return nil
  }

  private static func problem(_ field: String, _ offset: Int, _ found: String, _ expected: String)
    -> FormatError
  {
    FormatError(.badValue, offset: offset, field: field, found: found, expected: expected)
  }
}
