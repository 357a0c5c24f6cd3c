import IndexFormat

/// A layer as its path names it: what the file is compared with, and what findings about it say.
public struct LayerObject: Sendable, Equatable {
  /// The object's key, or the file's path.
  public var key: String
  public var name: LayerName
  public var tenant: TenantID
  public var shard: ShardIndex?
  public var timeline: TimelineID

  public init(
    key: String,
    name: LayerName,
    tenant: TenantID,
    shard: ShardIndex? = nil,
    timeline: TimelineID
  ) {
    self.key = key
    self.name = name
    self.tenant = tenant
    self.shard = shard
    self.timeline = timeline
  }
}
