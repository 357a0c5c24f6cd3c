import IndexFormat

/// What to scan, and how far: all that a scan needs to know of the command line.
struct ScanOptions: Sendable, Equatable {
  var address: BucketAddress
  var depth = ScanDepth.index
  /// Empty for all.
  var tenants: [TenantSelector] = []
  /// Tenants that are worked on at the same time.
  var jobs = ScanOptions.defaultJobs
  /// The moment the scan speaks of; nil for its start.
  var moment: Timestamp?

  static let defaultJobs = 32
  static let allowedJobs = 1...256
}

/// Which tenants to scan.
enum TenantSelector: Sendable, Hashable {
  /// A tenant with all its shards.
  case tenant(TenantID)
  /// One shard; an unsharded tenant cannot be told from all shards and is `tenant`.
  case shard(TenantShardID)

  init?(_ text: String) {
    if let tenant = TenantID(text) {
      self = .tenant(tenant)
    } else if let shard = TenantShardID(text) {
      self = .shard(shard)
    } else {
      return nil
    }
  }

  var tenant: TenantID {
    switch self {
    case .tenant(let tenant): tenant
    case .shard(let shard): shard.tenant
    }
  }
}

extension TenantSelector: CustomStringConvertible {
  var description: String {
    switch self {
    case .tenant(let tenant): tenant.description
    case .shard(let shard): shard.description
    }
  }
}
