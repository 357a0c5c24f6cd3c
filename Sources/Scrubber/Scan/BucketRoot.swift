/// Where in a store the tenants lie.
struct BucketRoot: Sendable, Equatable {
  /// What all keys of the bucket begin with: `pageserver/v1/`, or nothing.
  var prefix: String
  /// What the keys of tenants begin with: `pageserver/v1/tenants/`, or nothing in a snapshot.
  var tenantsPrefix: String

  init(prefix: String, tenantsPrefix: String) {
    self.prefix = prefix
    self.tenantsPrefix = tenantsPrefix
  }

  /// The bucket whose tenants lie at a prefix that ends in `tenants/` (or is empty): what is before that is
  /// its prefix.
  init(tenantsPrefix: String) {
    self.tenantsPrefix = tenantsPrefix
    let end = "tenants/"
    prefix = tenantsPrefix.hasSuffix(end) ? String(tenantsPrefix.dropLast(end.count)) : tenantsPrefix
  }
}
