import IndexFormat

extension JSONWriter {
  /// What a finding says, absent members left out.
  mutating func members(of finding: Finding) {
    member("code", finding.code.rawValue)
    member("severity", finding.severity.rawValue)
    member("tenant_id", ifPresent: finding.tenant?.description)
    member("shard", ifPresent: finding.shard?.description)
    member("tenant_shard_id", ifPresent: finding.tenantShard?.description)
    member("timeline_id", ifPresent: finding.timeline?.description)
    member("object_key", ifPresent: finding.objectKey)
    member("offset", ifPresent: finding.offset)
    member("key", ifPresent: finding.key?.description)
    member("lsn", ifPresent: finding.lsn?.description)
    member("message", finding.message)
    member("seen", ifPresent: finding.seen)
    member("expected", ifPresent: finding.expected)
    member("bytes", ifPresent: finding.bytes)
    member("next_step", finding.nextStep)
  }
}
