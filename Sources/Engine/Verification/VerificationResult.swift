import IndexFormat

/// What came of one unit, or of several together.
public struct VerificationResult: Sendable, Equatable {
  /// In the order of keys.
  public var findings: [Finding] = []
  /// Findings beyond a limit, which were only counted.
  public var omittedFindingCount = 0
  public var coverage = VerificationCoverage()
  /// How many keys were read through how many layers: `depths[3]` keys through 3.
  public var depths: [UInt64] = []
  /// Bytes that were read of layers for it.
  public var readByteCount: UInt64 = 0

  public init() {}

  public mutating func countDepth(_ layerCount: Int) {
    let place = min(max(layerCount, 0), Self.deepest)
    while depths.count <= place { depths.append(0) }
    depths[place] &+= 1
  }

  /// Keys that are read through more layers count as this.
  public static let deepest = 255

  /// Adds what came of the next unit.
  public static func += (sum: inout Self, part: Self) {
    sum.findings += part.findings
    sum.omittedFindingCount += part.omittedFindingCount
    sum.coverage += part.coverage
    while sum.depths.count < part.depths.count { sum.depths.append(0) }
    for (place, count) in part.depths.enumerated() { sum.depths[place] &+= count }
    sum.readByteCount &+= part.readByteCount
  }
}
