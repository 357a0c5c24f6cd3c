/// How much a read does at a time.
public struct ReadOptions: Sendable {
  /// Layers that are read side by side.
  public var layerConcurrency = 4
  /// Ranged reads of one layer's values that run at a time.
  public var readConcurrency = 2
  /// About as many bytes of values are held at a time; of one key there may be more.
  public var byteBudget = 16 << 20
  /// Entries taken of one layer at a time; of one key there may be more.
  public var entryLimit = 1 << 16
  /// Layers that a read begins with. Keys behind those of so many are read later.
  public var layerLimit = 64
  /// Whether each key is also read the naive way. What differs is an error.
  public var validates = false

  public init() {}
}
