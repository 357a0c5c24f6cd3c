/// A major version of PostgreSQL whose WAL and pages are known.
///
/// | version | `xlp_magic` of its WAL |
/// |---|---|
/// | 14 | 0xD10D |
/// | 15 | 0xD110 |
/// | 16 | 0xD113 |
/// | 17 | 0xD116 |
///
/// Source: PostgreSQL, `access/xlog_internal.h` of each version.
public enum PostgresVersion: UInt8, Hashable, Comparable, Sendable, CaseIterable {
  case v14 = 14
  case v15
  case v16
  case v17

  /// By the number that the metadata of a timeline has (`pg_version`).
  public init?(major number: UInt32) {
    guard let byte = UInt8(exactly: number) else { return nil }
    self.init(rawValue: byte)
  }

  /// By what pages of its WAL begin with.
  public init?(pageMagic: UInt16) {
    guard let version = Self.allCases.first(where: { $0.pageMagic == pageMagic }) else { return nil }
    self = version
  }

  public var major: Int { Int(rawValue) }

  public var pageMagic: UInt16 {
    switch self {
    case .v14: 0xd10d
    case .v15: 0xd110
    case .v16: 0xd113
    case .v17: 0xd116
    }
  }

  public static func < (left: PostgresVersion, right: PostgresVersion) -> Bool {
    left.rawValue < right.rawValue
  }
}
