import IndexFormat

/// The part of PostgreSQL that a record of the WAL belongs to, by `xl_rmid`.
public enum ResourceManager: UInt8, Hashable, Comparable, Sendable, CaseIterable {
  case xlog = 0
  case transaction
  case storage
  case commitLog
  case database
  case tablespace
  case multixact
  case relationMap
  case standby
  case heap2
  case heap
  case btree
  case hash
  case gin
  case gist
  case sequence
  case spgist
  case brin
  case commitTimestamp
  case replicationOrigin
  case generic
  case logicalMessage
  /// Neon's own, of its computes of 16 and 17.
  case neon = 134

  /// The lowest number of those that extensions bring; they exist since 15.
  static let firstCustom: UInt8 = 128

  /// Whether PostgreSQL takes the number for that of a resource manager.
  @inline(__always)
  static func isValid(_ number: UInt8, _ version: PostgresVersion) -> Bool {
    number <= logicalMessage.rawValue || (number >= firstCustom && version >= .v15)
  }

  public static func < (left: ResourceManager, right: ResourceManager) -> Bool {
    left.rawValue < right.rawValue
  }
}
