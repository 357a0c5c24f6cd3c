import IndexFormat

/// How much a read does at a time.
public struct ReadOptions: Sendable {
  /// Layers that are read side by side.
  public var layerConcurrency = 4
  /// Ranged reads of values that run at a time, of all layers together.
  public var readConcurrency = 8
  /// About as many bytes are held at a time; of one key there may be more.
  ///
  /// | share | for |
  /// |---|---|
  /// | half | values that were found |
  /// | a quarter | ranged reads under way |
  /// | a quarter | entries of the layers' indices |
  public var byteBudget = 16 << 20
  /// Entries taken of one layer at a time, if the budget allows as many; of one key there may be more.
  public var entryLimit = 1 << 16
  /// Layers that a read begins with. Keys behind those of so many are read later.
  public var layerLimit = 64
  /// Whether each key is also read the naive way. What differs is an error.
  public var validates = false

  public init() {}

  var valueByteBudget: Int { byteBudget / 2 }

  var entryCount: Int {
    let share = byteBudget / 4 / max(layerConcurrency, 1) / MemoryLayout<LayerEntry>.stride
    return min(entryLimit, max(share, Self.leastEntryCount))
  }

  var readLimits: ReadPlan.Limits {
    let share = byteBudget / 4 / max(readConcurrency, 1)
    return ReadPlan.Limits(readByteCount: UInt64(min(max(share, Self.leastReadByteCount), 1 << 20)))
  }

  private static let leastEntryCount = 64
  private static let leastReadByteCount = 64 << 10
}
