import IndexFormat

/// A timeline of one shard as its index describes it: what each key was worth at each LSN, read from layers.
///
/// Never changed, so any number of tasks may read at a time. Layers may lie in folders of shards that this one was
/// split from, and hold keys of other shards then, which are not answered.
public final class Timeline: Sendable {
  /// The timeline that this one branched off, and the last LSN that they share.
  public struct Ancestor: Sendable {
    public var timeline: Timeline
    public var lsn: Lsn

    public init(_ timeline: Timeline, at lsn: Lsn) {
      self.timeline = timeline
      self.lsn = lsn
    }
  }

  public let tenant: TenantID
  public let shard: ShardIdentity
  public let id: TimelineID
  public let map: LayerMap
  public let ancestor: Ancestor?
  /// Up to here all data is in layers. Reads above see what layers happen to have.
  public let diskConsistentLsn: Lsn
  public let rules: ReadRules
  /// How records are replayed. Without it, values that need replay are `ReadError.unreplayed`.
  public let redo: RedoRules?
  public let store: LayerStore
  private let objectKey: @Sendable (IndexLayer) -> String

  /// - Parameters:
  ///   - layers: those of the index.
  ///   - ancestor: whose reads go on where a key is not found here. Its rules should be the same.
  ///   - objectKey: the key under which the store's source knows a layer.
  public init(
    tenant: TenantID,
    shard: ShardIdentity,
    id: TimelineID,
    layers: some Sequence<IndexLayer>,
    ancestor: Ancestor?,
    diskConsistentLsn: Lsn,
    rules: ReadRules = .march2026,
    redo: RedoRules? = nil,
    store: LayerStore,
    objectKey: @escaping @Sendable (IndexLayer) -> String
  ) {
    self.tenant = tenant
    self.shard = shard
    self.id = id
    map = LayerMap(layers)
    self.ancestor = ancestor
    self.diskConsistentLsn = diskConsistentLsn
    self.rules = rules
    self.redo = redo
    self.store = store
    self.objectKey = objectKey
  }

  /// - Parameter prefix: what stands before the tenant in keys of the source, with its slash; mostly nothing.
  public convenience init(
    tenant: TenantID,
    shard: ShardIdentity,
    id: TimelineID,
    index: IndexPart,
    ancestor: Ancestor?,
    rules: ReadRules = .march2026,
    store: LayerStore,
    prefix: String = ""
  ) {
    self.init(
      tenant: tenant,
      shard: shard,
      id: id,
      layers: index.layers,
      ancestor: ancestor,
      diskConsistentLsn: index.diskConsistentLsn,
      rules: rules,
      redo: PostgresVersion(major: index.metadata.pgVersion).map {
        RedoRules(version: $0, stampsClearedVisibilityMap: rules.stampsClearedVisibilityMap)
      },
      store: store
    ) { layer in
      prefix
        + PageserverObjectKey.layerKey(tenant, layerShard: layer.shard, id, layer.name, layer.generation)
    }
  }

  /// The same timeline as if its image layers of one LSN were not there: reads at that LSN tell what they were made of.
  func withoutImages(at lsn: Lsn) -> Timeline {
    Timeline(
      tenant: tenant,
      shard: shard,
      id: id,
      layers: map.layers.filter { $0.name.isDelta || $0.name.startLsn != lsn },
      ancestor: ancestor,
      diskConsistentLsn: diskConsistentLsn,
      rules: rules,
      redo: redo,
      store: store,
      objectKey: objectKey
    )
  }

  /// The same layers as another shard reads them: one that this one was split from, and whose layers these are.
  public func read(as shard: ShardIdentity) -> Timeline {
    Timeline(
      tenant: tenant,
      shard: shard,
      id: id,
      layers: map.layers,
      ancestor: ancestor.map { Ancestor($0.timeline.read(as: shard), at: $0.lsn) },
      diskConsistentLsn: diskConsistentLsn,
      rules: rules,
      redo: redo,
      store: store,
      objectKey: objectKey
    )
  }

  /// A layer of the map as an object.
  public func object(_ position: LayerMap.Position) -> LayerObject {
    let layer = map.layers[Int(position)]
    return LayerObject(
      key: objectKey(layer),
      name: layer.name,
      tenant: tenant,
      shard: layer.shard,
      timeline: id
    )
  }

  func open(_ position: LayerMap.Position, _ meter: ReadMeter?) async throws(LayerReadError) -> LayerReader {
    try await store.open(object(position), byteCount: map.layers[Int(position)].fileSize, meter: meter)
  }
}

extension Timeline: ValueSource {
  /// What the layers hold of keys at an LSN, as far as it fits into the options' budget: the beginning of them in the
  /// order of the keys, at least one; the others are the batch's `rest`. All read errors but `cancelled` are within
  /// the batch, so that one damaged layer takes no value away that does not need it.
  public func read(
    _ keys: KeySpace,
    at lsn: Lsn,
    _ options: ReadOptions = ReadOptions()
  ) async throws(ReadError) -> ReadBatch {
    let batch = try await VectoredRead(self, keys, lsn, options).run()
    if options.validates { try await NaiveRead(self, lsn).validate(batch, of: keys) }
    return batch
  }

  /// Reads keys in parts, in their order, however many there are, and gives each part to `visit`.
  public func forEachBatch(
    of keys: KeySpace,
    at lsn: Lsn,
    _ options: ReadOptions = ReadOptions(),
    _ visit: (ReadBatch) throws(ReadError) -> Void
  ) async throws(ReadError) {
    var rest = keys
    while !rest.isEmpty {
      let batch = try await read(rest, at: lsn, options)
      try visit(batch)
      rest = batch.rest
    }
  }

  public func values(of keys: KeySpace, at lsn: Lsn) async throws(ReadError) -> [KeyedValue] {
    var values: [KeyedValue] = []
    try await forEachBatch(of: keys, at: lsn) { (batch) throws(ReadError) in
      if let failure = batch.failures.first { throw failure.error }
      values += try self.values(of: batch, at: lsn)
    }
    return values
  }

  /// The values of a batch, with records replayed; without tombstones. What failed to be read is left out.
  public func values(of batch: ReadBatch, at lsn: Lsn) throws(ReadError) -> [KeyedValue] {
    var values: [KeyedValue] = []
    values.reserveCapacity(batch.values.count)
    try forEachValue(of: batch, at: lsn) { (key, bytes) throws(ReadError) in
      values.append(KeyedValue(key: key, bytes: bytes))
    }
    return values
  }

  /// Gives the values of a batch to `visit`, one after the other.
  public func forEachValue(
    of batch: ReadBatch,
    at lsn: Lsn,
    _ visit: (Key, [UInt8]) throws(ReadError) -> Void
  ) throws(ReadError) {
    guard let redo, batch.values.contains(where: { !$0.records.isEmpty }) else {
      for read in batch.values where !read.isTombstone { try visit(read.key, try read.value(at: lsn, rules)) }
      return
    }
    var replay = PageRedo(redo)
    for read in batch.values where !read.isTombstone {
      try visit(read.key, try replay.value(of: read, at: lsn, rules))
    }
  }

  public func value(of key: Key, at lsn: Lsn) async throws(ReadError) -> [UInt8] {
    guard let next = key.successor else { throw .missingKey(missing(key, lsn, nil)) }
    let batch = try await read(KeySpace(KeyRange(start: key, end: next)), at: lsn)
    if let failure = batch.failures.first { throw failure.error }
    guard let read = batch.values.first, !read.isTombstone else {
      throw .missingKey(missing(key, lsn, batch))
    }
    return try value(of: read, at: lsn)
  }

  /// The value that a read of a key leads to, with records replayed.
  public func value(of read: KeyRead, at lsn: Lsn) throws(ReadError) -> [UInt8] {
    guard let redo, !read.records.isEmpty else { return try read.value(at: lsn, rules) }
    var replay = PageRedo(redo)
    return try replay.value(of: read, at: lsn, rules)
  }

  private func missing(_ key: Key, _ lsn: Lsn, _ batch: ReadBatch?) -> MissingKey {
    MissingKey(
      key: key,
      shard: shard.index,
      timeline: id,
      lsn: lsn,
      ancestor: batch?.lastAncestor,
      ancestorLsn: batch?.lastAncestorLsn,
      layersVisited: batch?.visits(for: key).map(\.object) ?? []
    )
  }
}
