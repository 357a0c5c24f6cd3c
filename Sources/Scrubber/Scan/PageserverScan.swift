import IndexFormat

/// Checks all tenants of a bucket, or some of them.
///
/// The key space is cut into ranges (`ObjectStore.split`), which `jobs` tasks list and check side by side;
/// tenants come out in key order all the same (`ScanCollector`). A tenant lives in memory while its range's
/// task works on it and no longer. Whatever fails concerns the object or the range it happened to: the rest
/// goes on.
struct PageserverScan: Sendable {
  let store: any ObjectStore
  let root: BucketRoot
  var depth = ScanDepth.index
  /// Tasks that list and check at the same time.
  var jobs = 2
  /// Tenants and shards to look at; all when empty.
  var selection: [TenantSelector] = []
  var reader: TenantReader { TenantReader(store: store) }

  /// Runs to the end, or until the task is cancelled. Everything there is to say goes to `collector`.
  func run(_ collector: ScanCollector) async {
    let ranges = await ranges(collector)
    await collector.begin(rangeCount: ranges.count)
    await withTaskGroup(of: Void.self) { group in
      var waiting = ranges.enumerated().makeIterator()
      for _ in 0..<max(1, jobs) {
        guard let (number, range) = waiting.next() else { break }
        group.addTask { await scan(range, number, collector) }
      }
      while await group.next() != nil {
        if let (number, range) = waiting.next() { group.addTask { await scan(range, number, collector) } }
      }
    }
    if Task.isCancelled { await collector.interrupt() }
  }

  /// What to list: the selected tenants one by one, or everything in about eight ranges a job.
  private func ranges(_ collector: ScanCollector) async -> [ListRequest] {
    guard selection.isEmpty else {
      return Set(selection.map(\.tenant)).sorted().map { ListRequest(prefix: "\(root.tenantsPrefix)\($0)") }
    }
    let everything = ListRequest(prefix: root.prefix)
    do throws(StoreError) {
      return try await store.split(everything, at: root.tenantsPrefix, into: jobs * 8)
    } catch {
      await collector.couldNotLook(LookError(objectKey: root.prefix, reason: error.description))
      return []
    }
  }

  private func scan(_ range: ListRequest, _ number: Int, _ collector: ScanCollector) async {
    let listing = TenantListing(store: store, root: root)
    await listing.forEach(range, listed: { await collector.listed($0) }) { step in
      switch step {
      case .tenant(let inventory): await collector.add(await verdict(inventory), range: number)
      case .couldNotList(let error): await collector.add(error, range: number)
      case .outside(let outside): await collector.add(OutsideCheck.check(outside, root: root), range: number)
      case .interrupted(let coverage):
        var verdict = TenantVerdict()
        verdict.coverage = coverage
        await collector.add(verdict, range: number)
      }
    }
    await collector.finish(range: number)
  }

  // MARK: One tenant

  /// Looks at a tenant, and again where something seems wrong: it may have changed between being listed and
  /// read.
  private func verdict(_ inventory: TenantInventory) async -> TenantVerdict {
    var inventory = inventory
    var verdict = await check(inventory)
    var rounds = 0
    while verdict.needsConfirmation, rounds < 3, !Task.isCancelled {
      rounds += 1
      guard let again = await list(inventory.tenant) else { break }
      if again.isSame(as: inventory) { break }
      inventory = again
      verdict = await check(again)
    }
    await askForMissingLayers(&verdict)
    return verdict.selected(selection, of: inventory.tenant)
  }

  private func check(_ inventory: TenantInventory) async -> TenantVerdict {
    let contents = depth == .index ? await reader.read(inventory) : TenantContents()
    return TenantCheck.check(inventory, contents, depth: depth, tenantsPrefix: root.tenantsPrefix)
  }

  /// Lists one tenant anew; nil when that fails or there is nothing any more.
  private func list(_ tenant: TenantID) async -> TenantInventory? {
    var found: TenantInventory?
    let request = ListRequest(prefix: "\(root.tenantsPrefix)\(tenant)")
    await TenantListing(store: store, root: root).forEach(request, listed: { _ in }) { step in
      if case .tenant(let inventory) = step, inventory.tenant == tenant { found = inventory }
    }
    return found
  }

  /// Asks for layers by name that the listing lacks. What is there after all is another finding; what cannot
  /// be asked for is none.
  private func askForMissingLayers(_ verdict: inout TenantVerdict) async {
    var withdrawn = Set<Int>()
    for missing in verdict.missingLayers {
      do throws(StoreError) {
        guard let metadata = try await store.head(missing.key) else { continue }
        verdict.findings[missing.finding].code = .layerUnconfirmed
        verdict.findings[missing.finding].message =
          "the listing lacks the layer, but asked for by name it is there"
        verdict.findings[missing.finding].seen = "\(metadata.size) bytes"
      } catch {
        withdrawn.insert(missing.finding)
        verdict.lookErrors.append(
          LookError(
            objectKey: missing.key,
            tenant: verdict.findings[missing.finding].tenant,
            reason: error.description
          )
        )
      }
    }
    guard !withdrawn.isEmpty else { return }
    verdict.findings = verdict.findings.enumerated().filter { !withdrawn.contains($0.offset) }.map(\.element)
    verdict.missingLayers = []
  }
}

extension TenantVerdict {
  /// The same verdict without what concerns shards that were not asked for. A tenant is always checked as a
  /// whole.
  fileprivate func selected(_ selection: [TenantSelector], of tenant: TenantID) -> TenantVerdict {
    let shards = selection.filter { $0.tenant == tenant }.compactMap { selector in
      if case .shard(let shard) = selector { shard } else { nil }
    }
    guard !shards.isEmpty, !selection.contains(.tenant(tenant)) else { return self }
    var result = self
    result.findings.removeAll { finding in finding.tenantShard.map { !shards.contains($0) } ?? false }
    result.withOrphans.removeAll { !shards.contains($0.tenantShard) }
    return result
  }
}
