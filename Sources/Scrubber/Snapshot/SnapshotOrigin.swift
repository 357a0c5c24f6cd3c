import IndexFormat
import Synchronization

/// Where a snapshot is taken from: a bucket, the place of the tenants in it, and how to look at one moment of it.
struct SnapshotOrigin: Sendable {
  let store: any ObjectStore
  let root: BucketRoot
  /// The moment that is read through the store's versions; nil where there are none: then the bucket must look the same
  /// before and after.
  var moment: Timestamp?
  /// Requests at the same time.
  var jobs = SnapshotOptions.defaultJobs

  /// Of a missing layer, how many are asked for by name at the same time.
  private static let parallelHeads = 8

  var location: String { store.location }

  /// Lists the tenant, reads its indices, manifests and heatmaps, and says what a snapshot must hold.
  func look(_ selection: SnapshotSelection) async throws(ScanFailure) -> SnapshotPlan {
    let past = moment.map { RememberingMomentStore(store, at: $0) }
    let view: any ObjectStore = past ?? store
    let (inventory, objects) = try await list(selection, view)
    guard inventory.objectCount > 0 else { throw noSuchTenant(selection.tenant) }
    let witness = WitnessStore(view)
    var reader = TenantReader(store: witness)
    reader.parallelReads = max(1, jobs)
    reader.readsSuperseded = false
    let contents = await reader.read(inventory)
    if Task.isCancelled { throw .interrupted }
    try checkThatAllIsKnown(contents)
    var plan = SnapshotPlanner.plan(
      inventory,
      contents,
      selection,
      tenantsPrefix: root.tenantsPrefix,
      others: objects,
      digest: { witness.digest(of: $0) }
    )
    try await findUnlisted(&plan, selection.tenant, view)
    plan.items.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    if let past {
      for position in plan.items.indices where plan.items[position].version == nil {
        plan.items[position].version =
          past.version(of: root.tenantsPrefix + plan.items[position].path)?.version
      }
    }
    return plan
  }

  private func noSuchTenant(_ tenant: TenantID) -> ScanFailure {
    let time = moment.map { " as of \($0.rfc3339)" } ?? ""
    return ScanFailure(
      message: "\(location): there are no objects of tenant \(tenant) at \(root.tenantsPrefix)\(time)",
      hint: "Check --bucket, what is behind the bucket's name, and --tenant-id.",
      exitCode: .nothingMatched
    )
  }

  // MARK: Listing

  /// What there is of the tenant; with `isAll` also every object by name.
  private func list(
    _ selection: SnapshotSelection,
    _ view: any ObjectStore
  ) async throws(ScanFailure) -> (TenantInventory, [ListedObject]) {
    var objects: [ListedObject] = []
    let inventory = try await TenantListing(store: view, root: root).inventory(of: selection.tenant) { page in
      guard selection.isAll else { return }
      objects += page.entries.compactMap { self.object($0, in: page, of: selection.tenant) }
    }
    return (inventory, objects)
  }

  /// An object of a page, if it lies in a folder of the tenant.
  private func object(_ entry: ListingPage.Entry, in page: ListingPage, of tenant: TenantID) -> ListedObject?
  {
    let key = page.key(of: entry)
    let folder = key.dropFirst(root.tenantsPrefix.count).prefix { $0 != "/" }
    guard let shard = TenantShardID(String(folder)), shard.tenant == tenant, shard.description == folder
    else {
      return nil
    }
    return ListedObject(key: key, size: entry.size, lastModified: entry.lastModified, mark: entry.mark)
  }

  /// Without the indices and manifests nobody knows what to take.
  private func checkThatAllIsKnown(_ contents: TenantContents) throws(ScanFailure) {
    for shard in contents.shards.values {
      var problems: [LookProblem?] = [shard.manifest.problem, shard.heatmap.problem]
      problems += shard.timelines.values.map(\.index.problem)
      for case .unknown(let error)? in problems {
        throw ScanFailure(message: "\(location): \(error)", hint: SnapshotRun.resumeHint)
      }
    }
  }

  // MARK: Layers that were not listed

  /// Asks by name for layers that the listing lacks. What is there is taken; what was deleted may be there in an older
  /// version; the rest is missing.
  private func findUnlisted(
    _ plan: inout SnapshotPlan,
    _ tenant: TenantID,
    _ view: any ObjectStore
  ) async throws(ScanFailure) {
    let layers = plan.unlisted
    let answers = Mutex<[(Int, Result<SnapshotItem?, StoreError>)]>([])
    await Workers.run(count: layers.count, jobs: Self.parallelHeads) { number in
      do throws(StoreError) {
        let item = try await find(layers[number], view)
        answers.withLock { $0.append((number, .success(item))) }
        return true
      } catch {
        answers.withLock { $0.append((number, .failure(error))) }
        return false
      }
    }
    if Task.isCancelled { throw .interrupted }
    for (number, answer) in answers.withLock({ $0 }).sorted(by: { $0.0 < $1.0 }) {
      do throws(StoreError) {
        try add(try answer.get(), layers[number], tenant, to: &plan)
      } catch {
        throw ScanFailure(message: "\(location): \(error)", hint: SnapshotRun.resumeHint)
      }
    }
  }

  private func find(_ layer: UnlistedLayer, _ view: any ObjectStore) async throws(StoreError) -> SnapshotItem?
  {
    let key = root.tenantsPrefix + layer.path
    if let metadata = try await view.head(key) {
      return SnapshotItem(layer, metadata, isVersioned: moment != nil)
    }
    guard let moment, !layer.isDeleting else { return nil }
    let pages = try store.listVersions(ListRequest(prefix: key, endBefore: key + "\0"))
    while let page = try await pages.next() {
      guard let version = page.first(where: { !$0.isDeleteMarker && $0.lastModified <= moment }) else {
        continue
      }
      var item = SnapshotItem(layer, ObjectMetadata(version), isVersioned: true)
      item.isRecovered = true
      return item
    }
    return nil
  }

  private func add(
    _ item: SnapshotItem?,
    _ layer: UnlistedLayer,
    _ tenant: TenantID,
    to plan: inout SnapshotPlan
  ) throws(StoreError) {
    var finding = Finding(
      .layerMissing,
      tenant: tenant,
      shard: layer.shard,
      timeline: layer.timeline,
      objectKey: root.tenantsPrefix + layer.path,
      message: "layer that the index names is gone" + (moment == nil ? "" : ": no version of it is left"),
      seen: "no object",
      expected: "\(layer.size) bytes",
      bytes: layer.size
    )
    guard let item else {
      let reason: SnapshotOmission.Reason = layer.isDeleting ? .deleting : .gone
      plan.missing.append(SnapshotOmission(path: layer.path, size: layer.size, reason: reason))
      if !layer.isDeleting { plan.findings.append(finding) }
      return
    }
    plan.items.append(item)
    guard item.isRecovered || item.size != layer.size else { return }
    finding.code = item.size == layer.size ? .layerRecovered : .layerSizeMismatch
    finding.message =
      item.size == layer.size
      ? "layer that the index names was deleted; version \(item.version ?? "") of it is taken"
      : "size of the object is not what the index says; it is taken as it is"
    finding.seen = "\(item.size) bytes"
    plan.findings.append(finding)
  }
}

extension SnapshotItem {
  /// With the mark that a listing would show.
  fileprivate init(_ layer: UnlistedLayer, _ metadata: ObjectMetadata, isVersioned: Bool) {
    let version = isVersioned ? metadata.version : nil
    self.init(
      path: layer.path,
      kind: .layer,
      size: metadata.size,
      lastModified: metadata.lastModified,
      mark: ContentMark(etag: metadata.etag, version: version),
      version: version
    )
  }
}

extension Look {
  fileprivate var problem: LookProblem? {
    if case .problem(let problem) = self { problem } else { nil }
  }
}

extension ScanFailure {
  static let interrupted = ScanFailure(message: "interrupted", exitCode: .interrupted)
}
