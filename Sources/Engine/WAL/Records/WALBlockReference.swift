import IndexFormat

/// A page that a record of the WAL changes, and what the record holds for it.
///
/// | size | field | there if |
/// |---|---|---|
/// | 1 | id: 0 to 32, rising, gaps allowed | |
/// | 1 | fork (low 4 bits), flags (high 4 bits) | |
/// | 2 | length of the data | |
/// | 2 | length of the image | has image |
/// | 2 | offset of the hole | has image |
/// | 1 | `bimg_info`: see `WALPageImage` | has image |
/// | 2 | length of the hole | has image, which has a hole and is compressed |
/// | 4, 4, 4 | tablespace, database, relation | not the same relation as in the reference before |
/// | 4 | block number | |
///
/// Little-endian, nothing aligned. Find a block by its id and fork, never by its place in the list: minor releases
/// differ in which pages a record names. Source: PostgreSQL, `access/xlogrecord.h`.
public struct WALBlockReference: Equatable, Sendable {
  public let id: UInt8
  public let flags: Flags
  /// With the fork. Forks above 3 have no meaning but are not refused, as PostgreSQL does not refuse them.
  public let relation: RelationTag
  public let block: BlockNumber
  public internal(set) var image: WALPageImage?
  /// Where the data stand in the record; empty if there are none.
  public internal(set) var data: Range<Int>

  public struct Flags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let hasImage = Flags(rawValue: 0x10)
    public static let hasData = Flags(rawValue: 0x20)
    /// Replay makes the page from nothing.
    public static let willInit = Flags(rawValue: 0x40)
    public static let sameRelation = Flags(rawValue: 0x80)
  }

  /// The highest id.
  public static let maximumID: UInt8 = 32

  public var fork: RelationFork { relation.fork }

  /// Whether replay needs no page from before: it makes a new one, or restores an image.
  public var startsFromNothing: Bool { flags.contains(.willInit) || image?.isApplied == true }
}

/// A copy of a page within a record.
///
/// | bit of `bimg_info` | 14 | 15 to 17 |
/// |---|---|---|
/// | 0x01 | has hole | has hole |
/// | 0x02 | pglz | applied |
/// | 0x04 | applied | pglz |
/// | 0x08 | | LZ4: one block, no frame |
/// | 0x10 | | zstd: one frame |
///
/// What is compressed is the page without its hole. Source: PostgreSQL, `access/xlogrecord.h` of both versions.
public struct WALPageImage: Equatable, Sendable {
  public enum Compression: UInt8, Sendable {
    case none
    case pglz
    case lz4
    case zstd
  }

  /// Where the image stands in the record.
  public internal(set) var stored: Range<Int>
  /// The bytes of the page that the image leaves out, because they are zeros. Within the page; empty if none.
  public let hole: Range<Int>
  public let compression: Compression
  /// Whether replay restores the page from it. Else it is there to check replay, and must not be used for it.
  public let isApplied: Bool

  public static let pageByteCount = 8192

  /// The bits of `bimg_info`.
  static let hasHole: UInt8 = 0x01

  static func compression(_ info: UInt8, _ version: PostgresVersion) -> Compression {
    if version == .v14 { return info & 0x02 != 0 ? .pglz : .none }
    // In the order in which PostgreSQL asks.
    if info & 0x04 != 0 { return .pglz }
    if info & 0x08 != 0 { return .lz4 }
    return info & 0x10 != 0 ? .zstd : .none
  }

  static func isApplied(_ info: UInt8, _ version: PostgresVersion) -> Bool {
    info & (version == .v14 ? 0x04 : 0x02) != 0
  }
}
