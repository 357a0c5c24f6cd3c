import IndexFormat

/// WAL that safekeepers put into a bucket: full segments, and of those that were not complete the newest partial one.
extension WALInput {
  /// - Parameters:
  ///   - tenant: nil for the only one.
  ///   - timeline: nil for the only one.
  static func bucket(
    _ address: BucketAddress,
    _ tenant: TenantID?,
    _ timeline: TimelineID?,
    size: WALSegmentSize?,
    _ environment: Environment
  ) async throws(ScanFailure) -> WALInput {
    let scan = SafekeeperScan(address: address, environment: environment)
    let (store, prefix) = try await scan.openBucket()
    let inventory = try await self.inventory(store, prefix, tenant, timeline)
    return try await input(inventory, store, prefix, size)
  }

  /// WAL of one timeline out of a bucket that is open; nil if there is none.
  static func timeline(
    _ timeline: TimelineID,
    of tenant: TenantID,
    in store: any ObjectStore,
    _ prefix: String
  ) async throws(ScanFailure) -> WALInput? {
    do throws(ScanFailure) {
      return try await input(try await inventory(store, prefix, tenant, timeline), store, prefix, nil)
    } catch {
      if error.exitCode == .nothingMatched { return nil }
      throw error
    }
  }

  // MARK: Which timeline

  /// More than so many timelines are not named in a message.
  private static let shownTimelines = 5

  private static func inventory(
    _ store: any ObjectStore,
    _ prefix: String,
    _ tenant: TenantID?,
    _ timeline: TimelineID?
  ) async throws(ScanFailure) -> WALInventory {
    let folder =
      switch (tenant, timeline) {
      case (let tenant?, let timeline?): prefix + SafekeeperObjectKey.timelinePrefix(tenant, timeline)
      case (let tenant?, nil): "\(prefix)\(tenant)/"
      default: prefix
      }
    var found: [WALInventory] = []
    var failure: LookError?
    let listing = WALListing(store: store, prefix: prefix)
    await listing.forEach(ListRequest(prefix: folder), listed: { _ in }) { step in
      switch step {
      case .inventory(let inventory, _):
        guard timeline == nil || inventory.timeline == timeline else { return }
        found.append(inventory)
      case .couldNotList(let error): failure = failure ?? error
      case .outside: break
      }
    }
    if Task.isCancelled { throw .interrupted }
    if let failure { throw ScanFailure(message: "\(store.location): \(failure.reason)") }
    guard let first = found.first else {
      let whose = timeline.map { "timeline \($0)" } ?? tenant.map { "tenant \($0)" } ?? "any timeline"
      throw ScanFailure(
        message:
          "\(store.location): there is no WAL of \(whose) below \(prefix.isEmpty ? "its root" : prefix)",
        hint:
          "Safekeepers keep it below PREFIX/TENANT/TIMELINE/; the prefix is wal unless --bucket says another one.",
        exitCode: .nothingMatched
      )
    }
    guard found.count == 1 else {
      let names = found.prefix(shownTimelines).map { "\($0.tenant)/\($0.timeline)" }.joined(separator: ", ")
      let more = found.count > shownTimelines ? " and others" : ""
      throw ScanFailure(
        message: "\(store.location): there is WAL of more than one timeline",
        hint: "Choose one with --tenant-id and --timeline-id: \(names)\(more).",
        exitCode: .usage
      )
    }
    return first
  }

  // MARK: Its segments

  private static func input(
    _ inventory: WALInventory,
    _ store: any ObjectStore,
    _ prefix: String,
    _ stated: WALSegmentSize?
  ) async throws(ScanFailure) -> WALInput {
    let folder = prefix + SafekeeperObjectKey.timelinePrefix(inventory.tenant, inventory.timeline)
    var notes: [String] = []
    let neon = WALSegmentName.neonTimeline
    let full = inventory.segments.filter { $0.name.postgresTimeline == neon }
    let size = stated ?? full.lazy.compactMap { WALSegmentSize(byteCount: $0.size) }.first ?? .standard
    var segments: [Segment] = []
    for segment in full {
      guard let number = segment.name.segment(size: size) else { continue }
      let key = "\(folder)\(segment.name)"
      segments.append(Segment(store: store, key: key, name: key, number: number, byteCount: segment.size))
    }
    let newest = inventory.partials.max {
      ($0.name.segment, $0.name.term, $0.name.flushLsn) < ($1.name.segment, $1.name.term, $1.name.flushLsn)
    }
    if let newest, newest.name.segment.postgresTimeline == neon,
      let number = newest.name.segment.segment(size: size)
    {
      let key = "\(folder)\(newest.name)"
      if segments.contains(where: { $0.number == number }) {
        notes.append("\(newest.name) is left out: the segment is there as a whole")
      } else {
        segments.append(Segment(store: store, key: key, name: key, number: number, byteCount: newest.size))
      }
      let others = inventory.partials.count - 1
      if others > 0 { notes.append("\(Count(others, "older partial segment")) left out") }
    }
    guard !segments.isEmpty else {
      throw ScanFailure(
        message: "\(store.location): timeline \(inventory.timeline) has no segment of WAL",
        exitCode: .nothingMatched
      )
    }
    return WALInput(
      size: size,
      segments: ordered(segments),
      notes: notes,
      tenant: inventory.tenant,
      timeline: inventory.timeline
    )
  }
}
