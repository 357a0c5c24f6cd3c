/// One shard of a tenant: the name of a folder below `tenants/`.
///
/// | form | bytes | content |
/// |---|---|---|
/// | text | 32 | tenant, when the shard count is 0 |
/// | text | 37 | tenant, `-`, shard index (`NNCC`) |
/// | binary | 18 | tenant, number, count |
///
/// Source: `libs/pageserver_api/src/shard.rs`. The original does not look at the character between tenant and
/// shard index; this reader wants a `-`, as no writer has ever put anything else there.
public struct TenantShardID: Hashable, Comparable, Sendable {
  public let tenant: TenantID
  public let shard: ShardIndex

  public init(tenant: TenantID, shard: ShardIndex = .unsharded) {
    self.tenant = tenant
    self.shard = shard
  }

  /// Reads the text form from all of `bytes`.
  public init?(text bytes: RawSpan) {
    switch bytes.byteCount {
    case 32:
      guard let tenant = TenantID(hex: bytes) else { return nil }
      self.init(tenant: tenant)
    case 37:
      guard let tenant = TenantID(hex: bytes.extracting(0..<32)),
        bytes.unsafeLoad(fromByteOffset: 32, as: UInt8.self) == UInt8(ascii: "-"),
        let shard = ShardIndex(text: bytes.extracting(33..<37))
      else { return nil }
      self.init(tenant: tenant, shard: shard)
    default: return nil
    }
  }

  /// By tenant, then by shard count, then by shard number.
  public static func < (left: TenantShardID, right: TenantShardID) -> Bool {
    left.tenant == right.tenant ? left.shard < right.shard : left.tenant < right.tenant
  }
}

extension TenantShardID: LosslessStringConvertible {
  public init?(_ text: String) { self.init(text: text.utf8Span.span.bytes) }

  public var description: String { "\(tenant)\(shard.keySuffix)" }
}
