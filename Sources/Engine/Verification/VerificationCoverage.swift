/// How much of something there is, and what was done with it. Adds up: what is present was checked, or skipped for a
/// reason that is named.
public struct VerificationTally: Sendable, Equatable {
  /// Counted by itself where something is found, not told from the others: that it adds up says that nothing was
  /// overlooked.
  public var present: UInt64 = 0
  public var checked: UInt64 = 0
  public var skipped: [SkipReason: UInt64] = [:]

  public init() {}

  /// Why something was not checked.
  public enum SkipReason: String, Sendable, CaseIterable, Comparable {
    /// Only a sample was asked for.
    case notSampled = "not-sampled"
    /// A layer on the way, or a record, is damaged: a finding says so.
    case damaged
    /// A store gave no answer.
    case unreachable
    /// Replay of a record's kind is not supported.
    case unsupported
    /// What it would be compared with is no longer there.
    case noHistory = "no-history"
    /// A page changed together with its image: what the change was is not in the layer.
    case changedWithImage = "changed-with-image"
    /// The WAL that leads to it is not there, or cannot be ingested: a finding says why.
    case noWAL = "no-wal"
    /// The base of a replay is a base backup, which does not tell it.
    case notInBackup = "not-in-backup"

    public static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
  }

  public var skippedSum: UInt64 { skipped.values.reduce(0, &+) }

  public var addsUp: Bool { present == checked &+ skippedSum }

  public mutating func skip(_ reason: SkipReason, _ count: UInt64 = 1) {
    skipped[reason, default: 0] &+= count
  }

  public static func += (sum: inout Self, part: Self) {
    sum.present &+= part.present
    sum.checked &+= part.checked
    sum.skipped.merge(part.skipped, uniquingKeysWith: &+)
  }
}

/// What a verification looked at.
public struct VerificationCoverage: Sendable, Equatable {
  /// Keys that must or may have a value, once for each LSN.
  public var keys = VerificationTally()
  /// Values in layers that were compared with what they should be: images.
  public var values = VerificationTally()
  /// Records of WAL: replayed, or ingested.
  public var records = VerificationTally()
  /// Bytes of values.
  public var bytes = VerificationTally()

  public init() {}

  public var addsUp: Bool { keys.addsUp && values.addsUp && records.addsUp && bytes.addsUp }

  public static func += (sum: inout Self, part: Self) {
    sum.keys += part.keys
    sum.values += part.values
    sum.records += part.records
    sum.bytes += part.bytes
  }
}
