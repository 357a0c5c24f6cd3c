/// How many neighbouring pages of a relation lie on one shard; never 0.
///
/// It never changes for a tenant once that has several shards, and neither index nor layer names tell it: the
/// storage controller knows, and tenant manifests of version 2 and up repeat it. Never assume a default.
/// Source: `libs/pageserver_api/src/shard.rs`.
public struct StripeSize: Hashable, Sendable {
  /// In pages of 8192 bytes.
  public let pages: UInt32

  /// What new tenants get since 2025-04-09: 16 MiB.
  public static let defaultSince2025 = StripeSize(unchecked: 2048)
  /// What new tenants got before 2025-04-09, and what a tenant manifest means that does not name one: 256
  /// MiB.
  public static let defaultBefore2025 = StripeSize(unchecked: 32768)

  /// Nil for 0.
  public init?(pages: UInt32) {
    guard pages != 0 else { return nil }
    self.pages = pages
  }

  private init(unchecked pages: UInt32) { self.pages = pages }
}

extension StripeSize: CustomStringConvertible {
  public var description: String { "\(pages) pages" }
}
