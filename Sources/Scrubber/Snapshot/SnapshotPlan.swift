import IndexFormat

/// Which objects of a tenant make up a snapshot: a pure function of what was listed and read.
///
/// | object | taken |
/// |---|---|
/// | index | of each serving shard and timeline the one that a page server would choose |
/// | layer | what those indices name, in whatever shard's folder it lies |
/// | manifest | of each serving shard the latest |
/// | heatmap | of each serving shard |
/// | initdb archives | of the timelines that are taken |
///
/// Serving shards are those of `ShardPlan`. With timelines selected, those and their ancestors are taken, each with all
/// layers that its index names, so that what is taken is whole. With `isAll`, everything else that lies in the tenant's
/// folders comes in addition.
struct SnapshotPlan: Sendable {
  /// By path.
  var items: [SnapshotItem] = []
  /// What indices name and the listing lacks, by path.
  var unlisted: [UnlistedLayer] = []
  /// By path.
  var leftOut: [SnapshotOmission] = []
  /// What is known to be missing, by path.
  var missing: [SnapshotOmission] = []
  var shards: [ShardIndex] = []
  var timelines: [TimelineID] = []
  var findings: [Finding] = []
  /// Timelines that were asked for and have no index.
  var notFound: [TimelineID] = []
  /// Objects that were listed and could not be read as they were: they have changed since.
  var changed: [String] = []

  /// Whether another look shows the same: then both hold for the time between them.
  func agrees(with other: SnapshotPlan) -> Bool {
    changed.isEmpty && other.changed.isEmpty && items == other.items && missing == other.missing
      && shards == other.shards && timelines == other.timelines
  }

  /// What differs in another look, some of it.
  func differences(from other: SnapshotPlan, limit: Int = 3) -> [String] {
    let before = Dictionary(other.items.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
    let after = Dictionary(items.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
    let new: [String] = items.filter { before[$0.path] != $0 }.map(\.path)
    let gone: [String] = other.items.map(\.path).filter { after[$0] == nil }
    return Array((new + gone + changed).prefix(limit))
  }
}

/// Makes a plan.
struct SnapshotPlanner {
  let inventory: TenantInventory
  let contents: TenantContents
  let selection: SnapshotSelection
  /// The key prefix below which tenants lie.
  let tenantsPrefix: String
  /// The hash of what was read under a key.
  let digest: (String) -> SHA256Digest?
  private let shards: ShardPlan
  private let references: LayerReferences
  private var plan = SnapshotPlan()
  private var taken = Set<String>()
  private var unlistedPaths = Set<String>()

  /// - Parameter others: every object in the tenant's folders, where all are taken.
  static func plan(
    _ inventory: TenantInventory,
    _ contents: TenantContents,
    _ selection: SnapshotSelection,
    tenantsPrefix: String,
    others: [ListedObject] = [],
    digest: @escaping (String) -> SHA256Digest?
  ) -> SnapshotPlan {
    var planner = SnapshotPlanner(inventory, contents, selection, tenantsPrefix, digest)
    planner.run(others)
    return planner.plan
  }

  private init(
    _ inventory: TenantInventory,
    _ contents: TenantContents,
    _ selection: SnapshotSelection,
    _ tenantsPrefix: String,
    _ digest: @escaping (String) -> SHA256Digest?
  ) {
    self.inventory = inventory
    self.contents = contents
    self.selection = selection
    self.tenantsPrefix = tenantsPrefix
    self.digest = digest
    shards = ShardPlan(inventory, contents, ShardFacts.all(inventory, contents))
    references = LayerReferences(inventory)
  }

  private mutating func run(_ others: [ListedObject]) {
    plan.shards = shards.current
    let timelines = timelinesToTake()
    plan.timelines = timelines.sorted()
    checkShards()
    for shard in shards.current.compactMap(inventory.shard) {
      takeDocuments(shard)
      for timeline in shard.timelines where timelines.contains(timeline.id) {
        take(timeline, of: shard.index)
      }
      checkAncestors(shard.index, timelines)
    }
    takeArchives(timelines)
    if selection.isAll { take(others) } else { leaveOutTheRest(timelines) }
    plan.items.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    plan.unlisted.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    plan.leftOut.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  // MARK: Timelines

  /// All timelines with an index on a serving shard, or the selected ones and their ancestors.
  private mutating func timelinesToTake() -> Set<TimelineID> {
    var present = Set<TimelineID>()
    var ancestors: [TimelineID: Set<TimelineID>] = [:]
    for shard in shards.current {
      for (id, timeline) in contents.shards[shard]?.timelines ?? [:] where timeline.chosen != nil {
        present.insert(id)
        if let ancestor = timeline.index.value?.metadata.ancestorTimeline {
          ancestors[id, default: []].insert(ancestor)
        }
      }
    }
    guard !selection.timelines.isEmpty else { return present }
    plan.notFound = selection.timelines.subtracting(present).sorted()
    var wanted = Set<TimelineID>()
    var waiting = selection.timelines.intersection(present)
    while let next = waiting.popFirst() {
      wanted.insert(next)
      waiting.formUnion((ancestors[next] ?? []).intersection(present).subtracting(wanted))
    }
    return wanted
  }

  private mutating func take(_ timeline: TimelineInventory, of shard: ShardIndex) {
    guard let read = contents.timeline(shard, timeline.id), let chosen = read.chosen else { return }
    takeDocument(chosen.object, .index)
    switch read.index {
    case .absent: plan.changed.append(chosen.object.key)
    // Whoever reads has met this already, as it says nothing about the data.
    case .problem(.unknown): break
    case .problem(.damaged(let error)):
      report(
        .indexUnreadable,
        shard,
        timeline.id,
        object: chosen.object.key,
        message: "\(error.description): all layers in its folder are taken"
      )
      // Nobody knows which of them count.
      for layer in timeline.layers { take(layer, in: shard, timeline.id) }
    case .present(let index):
      for layer in index.layers { take(layer, index, timeline.id, shard) }
    }
  }

  // MARK: Layers

  private mutating func take(
    _ layer: IndexLayer,
    _ index: IndexPart,
    _ timeline: TimelineID,
    _ shard: ShardIndex
  ) {
    guard let object = references.object(layer, of: timeline) else {
      let path = self.path(layer.shard, timeline, layer.name, layer.generation)
      // Several shards name what lies in the folder of their parent.
      guard unlistedPaths.insert(path).inserted else { return }
      plan.unlisted.append(
        UnlistedLayer(
          path: path,
          size: layer.fileSize,
          shard: shard,
          timeline: timeline,
          isDeleting: index.deletedAt != nil
        )
      )
      return
    }
    let path = take(object, in: layer.shard, timeline)
    guard object.size != layer.fileSize else { return }
    report(
      .layerSizeMismatch,
      shard,
      timeline,
      object: tenantsPrefix + path,
      message: "size of the object is not what the index says; it is taken as it is",
      seen: "\(object.size) bytes",
      expected: "\(layer.fileSize) bytes"
    )
  }

  @discardableResult
  private mutating func take(_ layer: LayerObject, in shard: ShardIndex, _ timeline: TimelineID) -> String {
    let path = self.path(shard, timeline, layer.name, layer.generation)
    add(
      SnapshotItem(
        path: path,
        kind: .layer,
        size: layer.size,
        lastModified: layer.lastModified,
        mark: layer.mark
      )
    )
    return path
  }

  private func path(
    _ shard: ShardIndex,
    _ timeline: TimelineID,
    _ name: LayerName,
    _ generation: Generation
  ) -> String {
    PageserverObjectKey.layerKey(inventory.tenant, layerShard: shard, timeline, name, generation)
  }

  // MARK: Documents and archives

  private mutating func takeDocuments(_ shard: ShardInventory) {
    if let manifest = shard.manifests.newestFirst.first { takeDocument(manifest.object, .manifest) }
    if let heatmap = shard.heatmap { takeDocument(heatmap, .heatmap) }
  }

  private mutating func takeArchives(_ timelines: Set<TimelineID>) {
    for timeline in inventory.shards.flatMap(\.timelines) where timelines.contains(timeline.id) {
      if let archive = timeline.initdb { take(archive, .initdb) }
      if let archive = timeline.preservedInitdb { take(archive, .preservedInitdb) }
    }
  }

  /// Takes an object that was read, with what it was then.
  private mutating func takeDocument(_ object: ListedObject, _ kind: SnapshotFile.Kind) {
    let digest = digest(object.key)
    if digest == nil { plan.changed.append(object.key) }
    take(object, kind, digest: digest)
  }

  private mutating func take(_ object: ListedObject, _ kind: SnapshotFile.Kind, digest: SHA256Digest? = nil) {
    add(
      SnapshotItem(
        path: path(of: object),
        kind: kind,
        size: object.size,
        lastModified: object.lastModified,
        mark: object.mark,
        digest: digest
      )
    )
  }

  private func path(of object: ListedObject) -> String { String(object.key.dropFirst(tenantsPrefix.count)) }

  private mutating func add(_ item: SnapshotItem) {
    if taken.insert(item.path).inserted { plan.items.append(item) }
  }

  // MARK: The rest

  /// Takes every object that can be a file.
  private mutating func take(_ objects: [ListedObject]) {
    let paths = Set(objects.map { path(of: $0) })
    for object in objects {
      let path = path(of: object)
      guard SnapshotPath.isPossible(path), !SnapshotPath.parents(of: path).contains(where: paths.contains)
      else {
        plan.leftOut.append(SnapshotOmission(path: path, size: object.size, reason: .noFileName))
        continue
      }
      take(object, SnapshotFile.Kind(PageserverObjectKey(path.utf8Span.span.bytes)))
    }
  }

  /// Notes every object that was listed and is not taken, with the reason.
  private mutating func leaveOutTheRest(_ timelines: Set<TimelineID>) {
    for shard in inventory.shards {
      let place: SnapshotOmission.Reason? =
        if shards.ancestors.contains(shard.index) {
          .ancestorShard
        } else if shards.unborn.contains(shard.index) {
          .unfinishedSplit
        } else {
          nil
        }
      for manifest in shard.manifests { leaveOut(manifest.object, place ?? .otherGeneration) }
      for object in [shard.heatmap, shard.deletedMark].compactMap({ $0 }) {
        leaveOut(object, place ?? .unknownName)
      }
      leaveOut(shard.strays)
      for timeline in shard.timelines { leaveOutTheRest(timeline, of: shard.index, place, timelines) }
    }
  }

  private mutating func leaveOutTheRest(
    _ timeline: TimelineInventory,
    of shard: ShardIndex,
    _ place: SnapshotOmission.Reason?,
    _ timelines: Set<TimelineID>
  ) {
    let hasIndex = shards.current.contains { contents.timeline($0, timeline.id)?.chosen != nil }
    let absence: SnapshotOmission.Reason? =
      timelines.contains(timeline.id) ? nil : hasIndex ? .otherTimeline : .noIndex
    for index in timeline.indices { leaveOut(index.object, absence ?? place ?? .otherGeneration) }
    for archive in [timeline.initdb, timeline.preservedInitdb].compactMap({ $0 }) {
      leaveOut(archive, absence ?? .unreferenced)
    }
    leaveOut(timeline.strays)
    for layer in timeline.layers {
      let path = self.path(shard, timeline.id, layer.name, layer.generation)
      guard !taken.contains(path) else { continue }
      let reason = absence ?? (place == .unfinishedSplit ? .unfinishedSplit : .unreferenced)
      plan.leftOut.append(SnapshotOmission(path: path, size: layer.size, reason: reason))
    }
  }

  private mutating func leaveOut(_ object: ListedObject, _ reason: SnapshotOmission.Reason) {
    let path = path(of: object)
    guard !taken.contains(path) else { return }
    plan.leftOut.append(SnapshotOmission(path: path, size: object.size, reason: reason))
  }

  private mutating func leaveOut(_ strays: [StrayObject]) {
    for stray in strays { leaveOut(stray.object, stray.kind == .temporary ? .temporary : .unknownName) }
  }

  // MARK: What is wrong

  private mutating func checkShards() {
    for shard in shards.missing {
      report(
        .shardMissing,
        shard,
        message:
          "no object of shard \(shard.number) of \(shard.effectiveCount): the snapshot holds the others"
      )
    }
  }

  /// A branch is read through its ancestors' layers on the same shard.
  private mutating func checkAncestors(_ shard: ShardIndex, _ timelines: Set<TimelineID>) {
    for (id, timeline) in (contents.shards[shard]?.timelines ?? [:]).sorted(by: { $0.key < $1.key }) {
      guard timelines.contains(id), let index = timeline.index.value, index.deletedAt == nil,
        let ancestor = index.metadata.ancestorTimeline, contents.timeline(shard, ancestor)?.chosen == nil
      else { continue }
      report(
        .ancestorMissing,
        shard,
        id,
        object: timeline.chosen?.object.key,
        message: "its ancestor \(ancestor) has no index: nothing of it is taken"
      )
    }
  }

  private mutating func report(
    _ code: FindingCode,
    _ shard: ShardIndex,
    _ timeline: TimelineID? = nil,
    object: String? = nil,
    message: String,
    seen: String? = nil,
    expected: String? = nil
  ) {
    plan.findings.append(
      Finding(
        code,
        tenant: inventory.tenant,
        shard: shard,
        timeline: timeline,
        objectKey: object,
        message: message,
        seen: seen,
        expected: expected
      )
    )
  }
}

extension SnapshotFile.Kind {
  init(_ key: PageserverObjectKey) {
    self =
      switch key {
      case .layer: .layer
      case .index: .index
      case .initdb: .initdb
      case .preservedInitdb: .preservedInitdb
      case .manifest: .manifest
      case .heatmap: .heatmap
      default: .other
      }
  }
}
