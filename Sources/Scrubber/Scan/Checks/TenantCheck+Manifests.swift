import IndexFormat

extension TenantCheck {
  /// How many manifests before the newest are kept on purpose.
  private static let keptManifests = 2

  /// A shard's manifests: readable, known, and in agreement with the indices.
  mutating func checkManifests(_ shard: ShardInventory) {
    let manifests = shard.manifests.newestFirst
    guard depth.readsIndices else {
      for manifest in manifests { verdict.coverage.skip(.depth, manifest.object) }
      return
    }
    let contents = contents.shards[shard.index] ?? ShardContents()
    if let chosen = manifests.first { checkChosenManifest(contents.manifest, chosen.object, shard) }
    for (position, manifest) in manifests.enumerated().dropFirst() {
      checkSupersededManifest(
        manifest,
        contents.supersededManifests[manifest.object.key],
        shard.index,
        chosen: manifests[0],
        isKept: position <= Self.keptManifests
      )
    }
    if manifests.isEmpty { checkMissingManifest(shard) }
  }

  private mutating func checkChosenManifest(
    _ look: Look<TenantManifest>,
    _ object: ListedObject,
    _ shard: ShardInventory
  ) {
    switch look {
    case .absent:
      // Deleted between listing and reading: the second look will tell.
      verdict.coverage.visit(object)
      report(
        .manifestUnreadable,
        shard.index,
        object: object.key,
        message: "listed, but gone when it was read"
      )
    case .problem(.unknown(let error)):
      verdict.coverage.skip(.unreadable, object)
      couldNotLook(object.key, error)
    case .problem(.damaged(let error)):
      verdict.coverage.visit(object)
      let code: FindingCode = isServing(shard.index) ? .manifestUnreadable : .manifestSupersededUnreadable
      report(code, shard.index, object: object.key, error)
    case .present(let manifest):
      verdict.coverage.visit(object)
      if !TenantManifest.knownVersions.contains(manifest.version) {
        report(
          .manifestUnknownVersion,
          shard.index,
          object: object.key,
          message: "version \(manifest.version) is not known",
          seen: "\(manifest.version)",
          expected: "1 or 2"
        )
      }
      for name in manifest.allUnknownFieldNames {
        report(
          .manifestUnknownField,
          shard.index,
          object: object.key,
          message: "field '\(name)' is not known",
          seen: name
        )
      }
      for entry in manifest.offloadedTimelines { checkOffloaded(entry, object, shard) }
    }
  }

  /// An offloaded timeline must be there, be archived, and say of itself what the manifest says of it.
  private mutating func checkOffloaded(
    _ entry: OffloadedTimeline,
    _ object: ListedObject,
    _ shard: ShardInventory
  ) {
    let id = entry.timeline
    // Timelines are deleted and unarchived on the children of a split; the parent's manifest stays as it is.
    guard currentShards.contains(shard.index) else { return }
    guard shard.timeline(id) != nil else {
      report(
        .manifestTimelineMissing,
        shard.index,
        id,
        object: object.key,
        message: "manifest lists an offloaded timeline of which there is no object"
      )
      return
    }
    guard let index = contents.timeline(shard.index, id)?.index.value, index.deletedAt == nil else { return }
    guard let archivedAt = index.archivedAt else {
      report(
        .manifestNotArchived,
        shard.index,
        id,
        object: object.key,
        message: "manifest lists the timeline as offloaded, but its index does not say that it is archived"
      )
      return
    }
    if archivedAt.secondsSinceEpoch != entry.archivedAt.secondsSinceEpoch {
      report(
        .manifestMismatch,
        shard.index,
        id,
        object: object.key,
        message: "manifest and index differ in when it was archived",
        seen: "\(entry.archivedAt) in the manifest",
        expected: "\(archivedAt) as in the index"
      )
    }
    if index.metadata.ancestorTimeline != entry.ancestorTimeline {
      report(
        .manifestMismatch,
        shard.index,
        id,
        object: object.key,
        message: "manifest and index differ in the ancestor",
        seen: "\(entry.ancestorTimeline.map(\.description) ?? "none") in the manifest",
        expected: "\(index.metadata.ancestorTimeline.map(\.description) ?? "none") as in the index"
      )
    }
    if let retained = entry.ancestorRetainLsn, retained != index.metadata.ancestorLsn {
      report(
        .manifestMismatch,
        shard.index,
        id,
        object: object.key,
        lsn: retained,
        message: "manifest and index differ in the LSN that the ancestor keeps for it",
        seen: "\(retained) in the manifest",
        expected: "\(index.metadata.ancestorLsn) as in the index"
      )
    }
  }

  private mutating func checkSupersededManifest(
    _ manifest: GenerationalObject,
    _ problem: LookProblem?,
    _ shard: ShardIndex,
    chosen: GenerationalObject,
    isKept: Bool
  ) {
    let object = manifest.object
    switch problem {
    case .unknown(let error):
      verdict.coverage.skip(.unreadable, object)
      couldNotLook(object.key, error)
      return
    case .damaged(let error):
      report(.manifestSupersededUnreadable, shard, object: object.key, error)
    case nil: break
    }
    verdict.coverage.visit(object)
    report(
      isKept ? .manifestPreviousGeneration : .manifestSuperseded,
      shard,
      object: object.key,
      message: "a manifest of a newer generation takes its place",
      seen: "generation \(manifest.generation)",
      expected: "\(chosen.object.key) is read",
      bytes: object.size
    )
  }

  /// Archived timelines are of a time when page servers wrote manifests for all tenants.
  private mutating func checkMissingManifest(_ shard: ShardInventory) {
    guard currentShards.contains(shard.index) else { return }
    let archived = (contents.shards[shard.index]?.timelines ?? [:])
      .filter { $0.value.index.value?.archivedAt != nil && $0.value.index.value?.deletedAt == nil }
    guard let first = archived.keys.min() else { return }
    report(
      .manifestMissing,
      shard.index,
      first,
      object: tenantsPrefix
        + PageserverObjectKey.manifestPrefix(TenantShardID(tenant: inventory.tenant, shard: shard.index)),
      message:
        "no tenant manifest, but \(Count(archived.count, "archived timeline")): whether offloaded cannot be told"
    )
  }

  /// A finding about an object that cannot be read as what it is.
  mutating func report(
    _ code: FindingCode,
    _ shard: ShardIndex,
    _ timeline: TimelineID? = nil,
    object: String,
    _ error: FormatError
  ) {
    report(
      code,
      shard,
      timeline,
      object: object,
      offset: error.offset,
      message: error.description,
      seen: error.found,
      expected: error.expected
    )
  }
}
