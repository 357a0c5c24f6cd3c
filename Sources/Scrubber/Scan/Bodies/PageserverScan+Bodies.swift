import IndexFormat

extension PageserverScan {
  /// Looks into the layers and archives of a tenant, if the depth says so. Where an object is gone or another one, the
  /// tenant is listed and checked again: page servers remove layers all the time. Nil if nothing is left of it.
  func lookIntoBodies(_ first: TenantLook, _ collector: ScanCollector) async -> TenantLook? {
    guard let desk else { return first }
    let bodies = BodyScan(
      store: store,
      tenantsPrefix: root.tenantsPrefix,
      tenant: first.inventory.tenant,
      depth: depth,
      jobs: jobs,
      desk: desk,
      progress: { await collector.lookedInto(desk.progress) }
    )
    var look = first
    let none = [BodyOutcome?](repeating: nil, count: look.verdict.bodies.count)
    var outcomes = await bodies.look(at: look.verdict.bodies, known: none)
    var rounds = 0
    again: while outcomes.contains(where: \.isUnsettled), rounds < Self.maxRounds, !Task.isCancelled {
      rounds += 1
      switch await secondListing(of: look.inventory.tenant) {
      case .nothing: return nil
      case .noAnswer(let errors):
        look.verdict.lookErrors += errors
        break again
      case .found(let inventory, let errors):
        // What is listed as before and cannot be read stays an error.
        if inventory.isSame(as: look.inventory) { break again }
        guard var next = await confirmed(inventory) else { return nil }
        next.verdict.lookErrors += errors
        let known = Self.settled(outcomes, of: look.verdict.bodies, among: next.verdict.bodies, bodies)
        look = next
        outcomes = await bodies.look(at: look.verdict.bodies, known: known)
      }
    }
    look.verdict.add(outcomes, of: look.inventory.tenant, root.tenantsPrefix)
    return look
  }

  /// For each of the new targets what is known of it from before, if it is the same object.
  private static func settled(
    _ outcomes: [BodyOutcome],
    of old: [BodyTarget],
    among new: [BodyTarget],
    _ bodies: BodyScan
  ) -> [BodyOutcome?] {
    struct Identity: Hashable {
      var key: String
      var size: UInt64
      var lastModified: Timestamp
      var mark: ContentMark
    }
    func identity(_ target: BodyTarget) -> Identity {
      Identity(
        key: target.key(of: bodies.tenant, bodies.tenantsPrefix),
        size: target.size,
        lastModified: target.lastModified,
        mark: target.mark
      )
    }
    var known: [Identity: BodyOutcome] = [:]
    for (target, outcome) in zip(old, outcomes) {
      if case .checked = outcome { known[identity(target)] = outcome }
    }
    return new.map { known[identity($0)] }
  }
}
