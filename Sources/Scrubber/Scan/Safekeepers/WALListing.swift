import IndexFormat

/// Lists a range of keys and hands out the WAL it finds, timeline by timeline.
struct WALListing: Sendable {
  let store: any ObjectStore
  let prefix: String

  enum Step: Sendable {
    /// And the prefixes below which objects may be missing, as far as is known by then.
    case inventory(WALInventory, holes: [String])
    /// A part of the range could not be listed.
    case couldNotList(LookError)
    /// What is to be said of objects of no timeline.
    case outside(TenantVerdict)
  }

  /// - Returns: The prefixes below which objects may be missing from the listing; the range's own if it was left.
  @discardableResult
  func forEach(
    _ request: ListRequest,
    listed: (ListingPage) async -> Void,
    _ body: (Step) async -> Void
  ) async -> [String] {
    var builder = WALInventoryBuilder(prefix: prefix)
    var holes: [String] = []
    let isWhole = await ListingWalk.run(store.list(request)) { page in
      await listed(page)
      var finished: [WALInventory] = []
      builder.add(page) { finished.append($0) }
      for inventory in finished { await body(.inventory(mark(inventory, holes), holes: holes)) }
      if let outside = builder.takeOutside(atEnd: false) { await body(.outside(outside)) }
    } fail: { error, leavesAHole in
      if leavesAHole { holes.append(error.key) }
      await body(.couldNotList(LookError(objectKey: error.key, reason: error.description)))
    }
    // Everything that has not come may be there all the same.
    if !isWhole { holes.append(prefix) }
    if let last = builder.finish() { await body(.inventory(mark(last, holes), holes: holes)) }
    if let outside = builder.takeOutside(atEnd: true) { await body(.outside(outside)) }
    return holes
  }

  private func mark(_ inventory: WALInventory, _ holes: [String]) -> WALInventory {
    guard !holes.isEmpty else { return inventory }
    var result = inventory
    result.hasHoles = Self.isHole(prefix, inventory.tenant, inventory.timeline, holes)
    return result
  }

  /// Whether objects of a timeline may be missing from a listing with these holes.
  static func isHole(_ prefix: String, _ tenant: TenantID, _ timeline: TimelineID, _ holes: [String]) -> Bool
  {
    guard !holes.isEmpty else { return false }
    let folder = prefix + SafekeeperObjectKey.timelinePrefix(tenant, timeline)
    return holes.contains { folder.hasPrefix($0) || $0.hasPrefix(folder) }
  }
}
