import IndexFormat

/// What a check of one tenant came to.
struct TenantVerdict: Sendable {
  var findings: [Finding] = []
  var lookErrors: [LookError] = []
  var withOrphans: [ShardTimeline] = []
  var hasTimelines = false
  var timelineCount = 0
  var timelineShardCount = 0
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

  /// Whether the tenant is worth a second look: it may have changed during the first.
  var needsConfirmation: Bool { findings.contains { $0.code.mayComeOfARace } }
}

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
