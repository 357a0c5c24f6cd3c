/// A tenant: one PostgreSQL cluster with all its branches.
public struct TenantID: HexIdentifier {
  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
}
