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
  /// For stores whose listings take time to come: lets long ones be listed by several requests.
  var slots: ListingSlots?
  /// Shared by all tasks that look into layers; made when a run begins.
  private(set) var desk: BodyDesk?
  var reader: TenantReader { TenantReader(store: store) }

  /// Ranges that may be worked on or done ahead of the first unfinished one, for each job: what they found
  /// waits in memory.
  private static let rangesAhead = 4
  /// How often a tenant that changes all the time is looked at again.
  static let maxRounds = 3
  /// Objects that are asked for by name at the same time.
  private static let parallelHeads = 8

  /// Scans, and tells it from the first event to the summary.
  ///
  /// - Parameter moment: what the scan speaks of.
  func run(at moment: Timestamp, emit: @escaping @Sendable (ScanEvent) -> Void) async {
    emit(
      .begin(
        ScanBegin(
          command: "scan-metadata",
          location: store.location,
          prefix: root.prefix,
          depth: depth,
          moment: moment
        )
      )
    )
    let collector = ScanCollector(moment: moment, emit: emit)
    await run(collector)
    _ = await collector.end()
  }

  /// Runs to the end, or until the task is cancelled. Everything there is to say goes to `collector`.
  func run(_ collector: ScanCollector) async {
    var scan = self
    if depth.opensLayers { scan.desk = BodyDesk(jobs: jobs) }
    await scan.runRanges(collector)
  }

  private func runRanges(_ collector: ScanCollector) async {
    let ranges = await ranges(collector)
    await collector.begin(rangeCount: ranges.count, opensLayers: depth.opensLayers)
    await withTaskGroup(of: Void.self) { group in
      var next = 0
      var running = 0
      repeat {
        // The first unfinished range is never among those that wait, so there is always one that runs.
        let limit = min(ranges.count, await collector.finishedRanges + max(1, jobs) * Self.rangesAhead)
        while running < max(1, jobs), next < limit {
          let number = next
          group.addTask { await scan(ranges[number], number, collector) }
          next += 1
          running += 1
        }
        running -= 1
      } while await group.next() != nil
    }
    if Task.isCancelled {
      await collector.interrupt()
    } else {
      await collector.checkSelection(selection)
    }
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
    let listing = TenantListing(store: store, root: root, slots: slots)
    await listing.forEach(range, listed: { await collector.listed($0) }) { step in
      switch step {
      case .tenant(let inventory): await collector.add(await verdict(inventory, collector), range: number)
      case .couldNotList(let error): await collector.add(error, range: number)
      case .outside(let outside): await collector.add(OutsideCheck.check(outside, root: root), range: number)
      case .interrupted(let verdict): await collector.add(verdict, range: number)
      }
    }
    await collector.finish(range: number)
  }

  // MARK: One tenant

  /// What was listed of a tenant, and what is to be said of it.
  struct TenantLook: Sendable {
    var inventory: TenantInventory
    var verdict: TenantVerdict
  }

  private func verdict(_ first: TenantInventory, _ collector: ScanCollector) async -> TenantVerdict {
    guard let look = await confirmed(first) else { return TenantVerdict(vanished: first) }
    if Task.isCancelled { return TenantVerdict(interrupted: first) }
    guard let last = await lookIntoBodies(look, collector) else { return TenantVerdict(vanished: first) }
    await collector.relisted(first, as: last.inventory)
    return last.verdict.selected(selection, of: last.inventory)
  }

  /// Looks at a tenant, and again where something seems wrong: it may have changed between being listed and
  /// read. What is said of it holds for one state of the tenant, or at least for two in a row. Nil if nothing is left
  /// of it.
  func confirmed(_ first: TenantInventory) async -> TenantLook? {
    var inventory = first
    var verdict = await check(inventory)
    var previous: Set<TenantVerdict.Accusation> = []
    var rounds = 0
    confirm: while verdict.needsConfirmation, !Task.isCancelled {
      switch await secondListing(of: inventory.tenant) {
      case .nothing:
        // Deleted as a whole since it was listed.
        return nil
      case .noAnswer(let errors):
        verdict.dropAccusations()
        verdict.lookErrors += errors
        break confirm
      case .found(let again, let errors):
        if again.isSame(as: inventory) { break confirm }
        guard rounds < Self.maxRounds else {
          dropUnconfirmed(&verdict, previous, inventory.tenant)
          break confirm
        }
        rounds += 1
        previous = verdict.accusations
        inventory = again
        verdict = await check(again)
        verdict.lookErrors += errors
      }
    }
    await askForMissingLayers(&verdict, isListingComplete: inventory.unlisted.isEmpty)
    return TenantLook(inventory: inventory, verdict: verdict)
  }

  /// Drops what was not seen twice of a tenant that is another one at each look, and says so.
  private func dropUnconfirmed(
    _ verdict: inout TenantVerdict,
    _ previous: Set<TenantVerdict.Accusation>,
    _ tenant: TenantID
  ) {
    let count = verdict.dropAccusations(except: previous)
    guard count > 0 else { return }
    verdict.lookErrors.append(
      LookError(
        objectKey: "\(root.tenantsPrefix)\(tenant)",
        tenant: tenant,
        reason: "the tenant changed at each look: \(Count(count, "suspicion")) could not be confirmed"
      )
    )
  }

  private func check(_ inventory: TenantInventory) async -> TenantVerdict {
    let contents = depth.readsIndices ? await reader.read(inventory) : TenantContents()
    return TenantCheck.check(
      inventory,
      contents,
      depth: depth,
      selected: Set(selection.shards(of: inventory.tenant)),
      tenantsPrefix: root.tenantsPrefix
    )
  }

  enum SecondListing {
    case found(TenantInventory, [LookError])
    case nothing
    case noAnswer([LookError])
  }

  /// Lists one tenant anew.
  func secondListing(of tenant: TenantID) async -> SecondListing {
    var found: TenantInventory?
    var errors: [LookError] = []
    let request = ListRequest(prefix: "\(root.tenantsPrefix)\(tenant)")
    let listing = TenantListing(store: store, root: root, slots: slots)
    await listing.forEach(request, listed: { _ in }) { step in
      switch step {
      case .tenant(let inventory) where inventory.tenant == tenant: found = inventory
      case .couldNotList(let error): errors.append(error)
      case .tenant, .outside, .interrupted: break
      }
    }
    if let found { return .found(found, errors) }
    return errors.isEmpty && !Task.isCancelled ? .nothing : .noAnswer(errors)
  }

  /// Asks for layers by name that the listing lacks. What is there after all is another finding; what cannot
  /// be asked for is none.
  private func askForMissingLayers(_ verdict: inout TenantVerdict, isListingComplete: Bool) async {
    var withdrawn = Set<Int>()
    var errors: [LookError] = []
    let missing = verdict.missingLayers
    let answers = await store.heads(of: missing.map(\.key), atOnce: Self.parallelHeads)
    for (layer, answer) in zip(missing, answers) {
      switch answer {
      case nil, .success(nil): break
      case .success(let metadata?) where isListingComplete:
        verdict.findings[layer.finding].code = .layerUnconfirmed
        verdict.findings[layer.finding].message =
          "the listing lacks the layer, but asked for by name it is there"
        verdict.findings[layer.finding].seen = "\(metadata.size) bytes"
      // In the part of the listing that is known to be missing.
      case .success: withdrawn.insert(layer.finding)
      case .failure(let error):
        withdrawn.insert(layer.finding)
        errors.append(
          LookError(
            objectKey: layer.key,
            tenant: verdict.findings[layer.finding].tenant,
            reason: error.description
          )
        )
      }
    }
    verdict.lookErrors += errors.sorted { $0.objectKey < $1.objectKey }
    verdict.removeFindings { withdrawn.contains($0) }
  }
}

extension TenantVerdict {
  /// The same verdict without what concerns shards that were not asked for. A tenant is always checked as a
  /// whole.
  fileprivate func selected(_ selection: [TenantSelector], of inventory: TenantInventory) -> TenantVerdict {
    let asked = selection.filter { $0.tenant == inventory.tenant }
    let shards = selection.shards(of: inventory.tenant)
    var result = self
    result.matched = asked.filter { selector in
      if case .shard(let shard) = selector { inventory.shard(shard.shard) != nil } else { true }
    }
    guard !shards.isEmpty else { return result }
    result.findings.removeAll { finding in finding.shard.map { !shards.contains($0) } ?? false }
    result.withOrphans.removeAll { !shards.contains($0.tenantShard.shard) }
    return result
  }
}

extension [TenantSelector] {
  /// The shards of a tenant that were asked for; none if the whole tenant was, or nothing of it.
  fileprivate func shards(of tenant: TenantID) -> [ShardIndex] {
    guard !contains(.tenant(tenant)) else { return [] }
    return compactMap { selector in
      if case .shard(let shard) = selector, shard.tenant == tenant { shard.shard } else { nil }
    }
  }
}
