import IndexFormat

/// Where page servers of different times read the same layers differently.
public struct ReadRules: Equatable, Sendable {
  /// Whether a branch takes sparse keys from its ancestor, but for aux files and replication origins. Since 2025-01-13.
  public var inheritsSparseKeys: Bool
  /// Whether records of aux files (first layout) are applied to the image below. Page servers did until 2024-10-17.
  ///
  /// Off, such a value is the image alone, as page servers of 2026 answer: what was put or deleted since is lost.
  public var appliesAuxFileRecords: Bool
  /// Whether shards above 0 answer keys that are shard 0's alone: until 2024-12-03 all shards had them.
  public var answersKeysOfShardZero: Bool
  /// Whether clearing bits of the visibility map sets the LSN of the map's page: since June 2024.
  public var stampsClearedVisibilityMap: Bool

  public static let march2026 = ReadRules(
    inheritsSparseKeys: true,
    appliesAuxFileRecords: true,
    answersKeysOfShardZero: false,
    stampsClearedVisibilityMap: true
  )
  public static let june2024 = ReadRules(
    inheritsSparseKeys: false,
    appliesAuxFileRecords: true,
    answersKeysOfShardZero: true,
    stampsClearedVisibilityMap: false
  )

  public init(
    inheritsSparseKeys: Bool,
    appliesAuxFileRecords: Bool,
    answersKeysOfShardZero: Bool,
    stampsClearedVisibilityMap: Bool
  ) {
    self.inheritsSparseKeys = inheritsSparseKeys
    self.appliesAuxFileRecords = appliesAuxFileRecords
    self.answersKeysOfShardZero = answersKeysOfShardZero
    self.stampsClearedVisibilityMap = stampsClearedVisibilityMap
  }

  /// Keys that are not looked for in an ancestor.
  var notInherited: KeySpace {
    KeySpace([.nonInheritedDense, inheritsSparseKeys ? .nonInheritedSparse : .sparse])
  }

  /// Whether a shard gives a value of the key, which its layers may hold although it belongs to another one.
  func answers(_ key: Key, _ shard: ShardIdentity) -> Bool {
    !shard.isDisposable(key) || (answersKeysOfShardZero && ShardIdentity.isOnShardZero(key))
  }
}
