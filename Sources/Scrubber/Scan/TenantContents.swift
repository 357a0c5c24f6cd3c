import IndexFormat

/// What was read of a tenant's objects: indices, manifests, heatmaps.
struct TenantContents: Sendable {
  var shards: [ShardIndex: ShardContents] = [:]

  func timeline(_ shard: ShardIndex, _ id: TimelineID) -> TimelineContents? { shards[shard]?.timelines[id] }
}

struct ShardContents: Sendable {
  var timelines: [TimelineID: TimelineContents] = [:]
  /// The manifest that a page server would choose.
  var manifest: Look<TenantManifest> = .absent
  /// Older manifests, by key, that could not be read.
  var supersededManifests: [String: LookProblem] = [:]
  var heatmap: Look<Heatmap> = .absent
}

struct TimelineContents: Sendable {
  /// The index that a page server would choose, and where it was found.
  var index: Look<IndexPart> = .absent
  var chosen: GenerationalObject?
  /// Older indices, by key, that could not be read. Those that could are dropped once they have been parsed.
  var supersededIndices: [String: LookProblem] = [:]
}

/// What came of looking at an object. Absence, damage and not having been able to look are three different
/// things.
enum Look<Value: Sendable>: Sendable {
  case present(Value)
  case absent
  case problem(LookProblem)

  var value: Value? {
    if case .present(let value) = self { value } else { nil }
  }

  /// Whether the object could not be looked at, so that nothing may be concluded from it.
  var isUnknown: Bool {
    if case .problem(.unknown) = self { true } else { false }
  }
}

enum LookProblem: Sendable {
  /// It is there and cannot be read as what it is.
  case damaged(FormatError)
  /// The store gave no answer.
  case unknown(StoreError)
}
