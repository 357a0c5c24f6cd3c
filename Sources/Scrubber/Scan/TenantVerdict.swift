import IndexFormat

/// What a check of one tenant came to.
struct TenantVerdict: Sendable {
  var findings: [Finding] = []
  var lookErrors: [LookError] = []
  var withOrphans: [ShardTimeline] = []
  var hasTimelines = false
  var timelineCount = 0
  var timelineShardCount = 0
  /// Timelines whose WAL is not complete and that the control plane says are deleted.
  var deletedCount = 0
  var indicesByVersion: [UInt64: Int] = [:]
  var coverage = Coverage()
  /// Layers that an index names and the listing lacks, with the position of their finding: to be asked for by
  /// name.
  var missingLayers: [MissingLayer] = []

  struct MissingLayer: Sendable {
    var key: String
    /// Position in `findings`.
    var finding: Int
  }

  /// What is to be looked into, if the depth says so; empty again when `bodyCounts` tells what came of it.
  var bodies: [BodyTarget] = []
  /// Nil at depths that open no layers.
  var bodyCounts: BodyCounts?

  /// What was asked for by `--tenant-id` and is there.
  var matched: [TenantSelector] = []

  init() {}

  /// Of a tenant that was being looked at when the scan was interrupted: what was listed, and nothing more.
  init(interrupted inventory: TenantInventory) {
    coverage.objectsListed = inventory.objectCount
    coverage.bytesListed = inventory.byteCount
    coverage.skip(.interrupted, inventory.objectCount, bytes: inventory.byteCount)
  }

  /// Of a tenant of which nothing was left at the second look: nothing is wrong with it any more.
  init(vanished inventory: TenantInventory) {
    coverage.objectsListed = inventory.objectCount
    coverage.bytesListed = inventory.byteCount
    coverage.visit(inventory.objectCount, bytes: inventory.byteCount)
  }
}

// MARK: - Second looks

extension TenantVerdict {
  /// What a finding says, apart from how.
  struct Accusation: Hashable {
    var code: FindingCode
    var shard: ShardIndex?
    var timeline: TimelineID?
    var objectKey: String?

    fileprivate init(_ finding: Finding) {
      code = finding.code
      shard = finding.shard
      timeline = finding.timeline
      objectKey = finding.objectKey
    }
  }

  /// Whether the tenant is worth a second look: it may have changed during the first.
  var needsConfirmation: Bool { findings.contains { $0.code.mayComeOfARace } }

  /// What may come of the tenant having changed.
  var accusations: Set<Accusation> {
    Set(findings.lazy.filter(\.code.mayComeOfARace).map { Accusation($0) })
  }

  /// Drops what may come of the tenant having changed, and returns how much that was. Missing layers stay:
  /// they are asked for by name.
  @discardableResult
  mutating func dropAccusations(except confirmed: Set<Accusation> = []) -> Int {
    let before = findings.count
    let findings = findings
    removeFindings { position in
      let finding = findings[position]
      return finding.code.mayComeOfARace && !confirmed.contains(Accusation(finding))
    }
    return before - self.findings.count
  }

  /// Removes findings by position, and what is to be asked for because of them.
  mutating func removeFindings(where isRemoved: (Int) -> Bool) {
    var kept: [Finding] = []
    var positions: [Int: Int] = [:]
    for position in findings.indices where !isRemoved(position) {
      positions[position] = kept.count
      kept.append(findings[position])
    }
    guard kept.count < findings.count else { return }
    findings = kept
    missingLayers = missingLayers.compactMap { missing in
      positions[missing.finding].map { MissingLayer(key: missing.key, finding: $0) }
    }
  }
}

/// Bytes are added modulo 2^64: what was visited and skipped is compared with what was listed all the same.
extension Coverage {
  mutating func visit(_ object: ListedObject) { visit(1, bytes: object.size) }

  mutating func visit(_ count: Int, bytes: UInt64) {
    objectsVisited += count
    bytesVisited &+= bytes
  }

  mutating func skip(_ reason: SkipReason, _ object: ListedObject) { skip(reason, 1, bytes: object.size) }

  mutating func skip(_ reason: SkipReason, _ count: Int, bytes: UInt64) {
    guard count > 0 else { return }
    objectsSkipped[reason, default: 0] += count
    bytesSkipped &+= bytes
  }

  static func += (left: inout Coverage, right: Coverage) {
    left.objectsListed += right.objectsListed
    left.bytesListed &+= right.bytesListed
    left.objectsVisited += right.objectsVisited
    left.bytesVisited &+= right.bytesVisited
    left.objectsSkipped.merge(right.objectsSkipped, uniquingKeysWith: +)
    left.bytesSkipped &+= right.bytesSkipped
  }
}
