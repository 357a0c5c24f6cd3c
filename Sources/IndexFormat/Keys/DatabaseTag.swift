/// One database in one tablespace.
public struct DatabaseTag: Hashable, Sendable {
  public let tablespace: UInt32
  /// 0 for what all databases share.
  public let database: UInt32

  public static let defaultTablespace: UInt32 = 1663
  public static let globalTablespace: UInt32 = 1664
  /// Where the relations live that all databases share.
  public static let global = DatabaseTag(tablespace: globalTablespace, database: 0)

  public init(tablespace: UInt32, database: UInt32) {
    self.tablespace = tablespace
    self.database = database
  }
}

extension DatabaseTag: Comparable, CustomStringConvertible {
  public var description: String { "\(tablespace)/\(database)" }

  public static func < (left: DatabaseTag, right: DatabaseTag) -> Bool {
    left.tablespace == right.tablespace
      ? left.database < right.database : left.tablespace < right.tablespace
  }
}
