/// Where in a store the tenants lie.
struct BucketRoot: Sendable, Equatable {
  /// What all keys of the bucket begin with: `pageserver/v1/`, or nothing.
  var prefix: String
  /// What the keys of tenants begin with: `pageserver/v1/tenants/`, or nothing in a snapshot.
  var tenantsPrefix: String
}
