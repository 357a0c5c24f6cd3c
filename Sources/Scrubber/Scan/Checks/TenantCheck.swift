import IndexFormat

/// Checks one tenant: a pure function from what was listed and read to a verdict.
///
/// Order of work: which shards serve the tenant (`ShardPlan`); each serving timeline's index and the layers
/// it names; then, with all references known, the objects that nobody names. Everything that was listed is
/// accounted for in the verdict's coverage at the place where it is judged.
struct TenantCheck {
  let inventory: TenantInventory
  let contents: TenantContents
  let depth: ScanDepth
  /// The key prefix below which tenants lie.
  let tenantsPrefix: String
  let plan: ShardPlan
  /// The same as `plan` says, to be asked quickly.
  let currentShards: Set<ShardIndex>
  let ancestorShards: Set<ShardIndex>
  let facts: [ShardIndex: ShardFacts]
  var verdict = TenantVerdict()
  var references: LayerReferences

  /// - Parameter selected: the shards whose layers are looked into; none for all.
  static func check(
    _ inventory: TenantInventory,
    _ contents: TenantContents,
    depth: ScanDepth,
    selected: Set<ShardIndex> = [],
    tenantsPrefix: String
  ) -> TenantVerdict {
    var check = TenantCheck(inventory, contents, depth: depth, tenantsPrefix: tenantsPrefix)
    check.run()
    check.noteBodies(of: selected)
    return check.verdict
  }

  private init(
    _ inventory: TenantInventory,
    _ contents: TenantContents,
    depth: ScanDepth,
    tenantsPrefix: String
  ) {
    self.inventory = inventory
    self.contents = contents
    self.depth = depth
    self.tenantsPrefix = tenantsPrefix
    let facts = ShardFacts.all(inventory, contents)
    self.facts = facts
    plan = ShardPlan(inventory, contents, facts)
    currentShards = Set(plan.current)
    ancestorShards = Set(plan.ancestors)
    references = LayerReferences(inventory)
  }

  private mutating func run() {
    verdict.coverage.objectsListed = inventory.objectCount
    verdict.coverage.bytesListed = inventory.byteCount
    verdict.hasTimelines = inventory.shardTimelineCount > 0
    verdict.timelineShardCount = inventory.shardTimelineCount
    checkShards()
    for shard in inventory.shards {
      checkNames(shard)
      checkManifests(shard)
      checkHeatmap(shard)
      for timeline in shard.timelines { checkIndexObjects(timeline, shard.index) }
    }
    noteReferences()
    for shard in plan.current.compactMap(inventory.shard) { checkTimelines(shard) }
    checkInitdb()
    checkUnreferencedLayers()
    countTimelines()
    if !inventory.unlisted.isEmpty { withdrawAccusations() }
  }

  /// Drops what rests on an object not being there where part of the listing is missing: it may well be.
  ///
  /// A hole inside a timeline's folder says nothing against what concerns another timeline alone.
  private mutating func withdrawAccusations() {
    var timelines = Set<TimelineID>()
    for prefix in inventory.unlisted {
      guard let timeline = timeline(ofFolder: prefix) else {
        verdict.findings.removeAll { $0.code.restsOnAbsence }
        verdict.missingLayers = []
        verdict.withOrphans = []
        return
      }
      timelines.insert(timeline)
    }
    let findings = verdict.findings
    verdict.removeFindings { position in
      let finding = findings[position]
      guard finding.code.restsOnAbsence else { return false }
      guard finding.code.concernsOneTimeline, let timeline = finding.timeline else { return true }
      return timelines.contains(timeline)
    }
    verdict.withOrphans.removeAll { timelines.contains($0.timeline) }
  }

  /// The timeline in whose folder a prefix lies.
  private func timeline(ofFolder prefix: String) -> TimelineID? {
    guard prefix.hasPrefix(tenantsPrefix) else { return nil }
    let parts = prefix.dropFirst(tenantsPrefix.count).split(separator: "/")
    return parts.count >= 3 && parts[1] == "timelines" ? TimelineID(String(parts[2])) : nil
  }

  // MARK: Reporting

  /// Adds a finding about this tenant.
  mutating func report(
    _ code: FindingCode,
    _ shard: ShardIndex? = nil,
    _ timeline: TimelineID? = nil,
    object: String? = nil,
    lsn: Lsn? = nil,
    key: Key? = nil,
    offset: Int? = nil,
    message: String,
    seen: String? = nil,
    expected: String? = nil,
    bytes: UInt64? = nil
  ) {
    verdict.findings.append(
      Finding(
        code,
        tenant: inventory.tenant,
        shard: shard,
        timeline: timeline,
        objectKey: object,
        offset: offset,
        key: key,
        lsn: lsn,
        message: message,
        seen: seen,
        expected: expected,
        bytes: bytes
      )
    )
  }

  /// Notes that the store gave no answer about an object.
  mutating func couldNotLook(_ key: String, _ error: StoreError) {
    verdict.lookErrors.append(LookError(objectKey: key, tenant: inventory.tenant, reason: error.description))
  }

  func layerKey(_ shard: ShardIndex, _ timeline: TimelineID, _ name: LayerName, _ generation: Generation)
    -> String
  {
    tenantsPrefix
      + PageserverObjectKey.layerKey(inventory.tenant, layerShard: shard, timeline, name, generation)
  }

  // MARK: Counting

  /// Tenants and timelines as the existing scrubber counts them: distinct timelines of serving shards,
  /// deleted ones not.
  private mutating func countTimelines() {
    var timelines = Set<TimelineID>()
    for shard in plan.current {
      for timeline in inventory.shard(shard)?.timelines ?? [] {
        let index = contents.timeline(shard, timeline.id)?.index.value
        if index?.deletedAt == nil { timelines.insert(timeline.id) }
      }
    }
    verdict.timelineCount = timelines.count
    for shard in contents.shards.values {
      for timeline in shard.timelines.values {
        if let version = timeline.index.value?.version { verdict.indicesByVersion[version, default: 0] += 1 }
      }
    }
  }
}
