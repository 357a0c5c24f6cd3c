/// Something that a check saw in the data. Not an error: an error means that we could not look.
public struct Finding: Sendable, Equatable {
  public var code: FindingCode
  public var tenant: TenantID?
  /// Nil when the finding concerns the tenant as a whole, or no tenant.
  public var shard: ShardIndex?
  public var timeline: TimelineID?
  /// The object it is about, as the store names it.
  public var objectKey: String?
  /// Byte offset in that object.
  public var offset: Int?
  public var key: Key?
  public var lsn: Lsn?
  /// What is wrong, in one line, beginning with a lower-case letter and without a full stop.
  public var message: String
  public var seen: String?
  public var expected: String?
  /// Bytes that the finding speaks of: of garbage, what it costs.
  public var bytes: UInt64?

  public init(
    _ code: FindingCode,
    tenant: TenantID? = nil,
    shard: ShardIndex? = nil,
    timeline: TimelineID? = nil,
    objectKey: String? = nil,
    offset: Int? = nil,
    key: Key? = nil,
    lsn: Lsn? = nil,
    message: String,
    seen: String? = nil,
    expected: String? = nil,
    bytes: UInt64? = nil
  ) {
    self.code = code
    self.tenant = tenant
    self.shard = shard
    self.timeline = timeline
    self.objectKey = objectKey
    self.offset = offset
    self.key = key
    self.lsn = lsn
    self.message = message
    self.seen = seen
    self.expected = expected
    self.bytes = bytes
  }

  public var severity: Severity { code.entry.severity }
  /// What to do about it.
  public var nextStep: String { code.entry.nextStep }

  public var tenantShard: TenantShardID? {
    guard let tenant, let shard else { return nil }
    return TenantShardID(tenant: tenant, shard: shard)
  }
}
