/// A simple least-recently-used file set of PostgreSQL: the raw value is field2 of its keys.
public enum SLRUKind: UInt32, Hashable, Sendable, CaseIterable {
  case transactionStatus = 0
  case multixactMembers = 1
  case multixactOffsets = 2

  public static let pagesPerSegment: UInt32 = 32

  /// The folder in a data directory.
  public var folder: String {
    switch self {
    case .transactionStatus: "pg_xact"
    case .multixactMembers: "pg_multixact/members"
    case .multixactOffsets: "pg_multixact/offsets"
    }
  }
}
