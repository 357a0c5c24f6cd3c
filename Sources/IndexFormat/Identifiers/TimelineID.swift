/// A timeline: one branch of a tenant's history. Not PostgreSQL's timeline, which is always 1 in Neon.
public struct TimelineID: HexIdentifier {
  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
}
