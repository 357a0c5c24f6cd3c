import IndexFormat

/// Where in an SLRU an entry lies.
///
/// | SLRU | entry | entries a page | place in the page |
/// |---|---|---|---|
/// | pg_xact | 2 bits for a transaction | 32,768 | byte `n / 4`, shift `2 * (n mod 4)` |
/// | multixact offsets | u32 for a multixact | 2,048 | byte `4 * n` |
/// | multixact members | 8 flag bits and u32 for a member | 1,636 | groups of 20 bytes: 4 bytes of flags, 4 members |
///
/// 32 pages are a segment.
///
/// Sources: PostgreSQL `src/backend/access/transam/{clog,multixact}.c`; `libs/postgres_ffi/src/nonrelfile_utils.rs`.
public enum SLRUGeometry {
  /// A page, by its segment.
  public struct Page: Equatable, Sendable {
    /// Counted over all segments.
    public var number: UInt32

    public var segment: UInt32 { number / SLRUKind.pagesPerSegment }
    public var block: BlockNumber { BlockNumber(number % SLRUKind.pagesPerSegment) }

    public init(number: UInt32) { self.number = number }

    public func key(_ kind: SLRUKind) -> Key { .slruBlock(SLRUSegment(kind, number: segment), block) }
  }

  public struct StatusPlace: Equatable, Sendable {
    public var page: Page
    public var byte: Int
    public var shift: UInt8
  }

  public struct OffsetPlace: Equatable, Sendable {
    public var page: Page
    public var byte: Int
  }

  public struct MemberPlace: Equatable, Sendable {
    public var page: Page
    /// Where the group's flags begin, u32 little-endian.
    public var flagsByte: Int
    /// Where in the flags those of the member stand.
    public var flagsShift: UInt8
    /// Where the member's transaction stands, u32 little-endian.
    public var memberByte: Int
  }

  public static let transactionsPerPage: UInt32 = 32_768
  public static let multixactsPerPage: UInt32 = 2048
  public static let membersPerPage: UInt32 = 1636
  private static let membersPerGroup: UInt32 = 4
  private static let groupByteCount: UInt32 = 20
  private static let groupsPerPage: UInt32 = 409

  public static func status(of transaction: UInt32) -> StatusPlace {
    let inPage = transaction % transactionsPerPage
    return StatusPlace(
      page: Page(number: transaction / transactionsPerPage),
      byte: Int(inPage / 4),
      shift: UInt8(inPage % 4) * 2
    )
  }

  public static func offset(of multixact: UInt32) -> OffsetPlace {
    OffsetPlace(
      page: Page(number: multixact / multixactsPerPage),
      byte: Int(multixact % multixactsPerPage) * 4
    )
  }

  /// - offset: the member's number, counted over all multixacts.
  public static func member(at offset: UInt32) -> MemberPlace {
    let flagsByte = offset / membersPerGroup % groupsPerPage * groupByteCount
    let inGroup = offset % membersPerGroup
    return MemberPlace(
      page: Page(number: offset / membersPerPage),
      flagsByte: Int(flagsByte),
      flagsShift: UInt8(inGroup) * 8,
      memberByte: Int(flagsByte + 4 + 4 * inGroup)
    )
  }
}
