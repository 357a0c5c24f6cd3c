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
  /// Nil for a scan of page servers' objects.
  var safekeepers: SafekeeperOptions?

  static let defaultJobs = 32
  static let allowedJobs = 1...256
}

/// What a scan of safekeepers' objects needs besides.
struct SafekeeperOptions: Sendable, Equatable {
  /// Where the timelines come from.
  enum Source: Sendable, Equatable {
    /// JSON, or `@` and a file of it.
    case list(String)
    /// Files with debug dumps.
    case dumps([String])
    case database(connection: Secret, table: String)
  }

  var source: Source
  /// Of timelines of which nobody says it.
  var segmentSize: WALSegmentSize?
}

/// A text that must not be shown, whatever it is part of.
struct Secret: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  let value: String

  init(_ value: String) { self.value = value }

  var description: String { "***" }
  var customMirror: Mirror { Mirror(self, children: []) }
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
