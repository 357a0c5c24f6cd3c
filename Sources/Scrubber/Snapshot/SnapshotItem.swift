import IndexFormat

/// One object that a snapshot is to hold, as a look at the bucket saw it.
struct SnapshotItem: Sendable, Equatable {
  /// The key below the tenants root, which is the path in the snapshot.
  var path: String
  var kind: SnapshotFile.Kind
  var size: UInt64
  var lastModified: Timestamp
  var mark = ContentMark.none
  /// The version to read; nil for whatever is there.
  var version: String?
  /// The hash of what was read of it, for objects that decide what else is taken.
  var digest: SHA256Digest?
  /// Whether it had been deleted at the moment of the snapshot.
  var isRecovered = false
}

/// A layer that an index names and the listing lacks.
struct UnlistedLayer: Sendable, Equatable {
  var path: String
  /// What the index says.
  var size: UInt64
  var shard: ShardIndex
  var timeline: TimelineID
  /// Whether its timeline is being deleted: then it may be gone.
  var isDeleting: Bool
}

/// What a snapshot is asked to hold.
struct SnapshotSelection: Sendable, Equatable {
  var tenant: TenantID
  /// Empty for all.
  var timelines: Set<TimelineID> = []
  /// Everything below the tenant's folders.
  var isAll = false
}
