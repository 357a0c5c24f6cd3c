import IndexFormat

/// What a verification looks at, and how much of it at a time.
public struct VerificationOptions: Sendable, Equatable {
  /// How many of 10,000 pages are looked at; 10,000 is all. Pages stand for it in stretches of `Sample.stretch`.
  /// Directories, sizes and other values that are no pages are looked at in any case.
  public var sampleShare = VerificationOptions.everything
  /// Another seed takes other pages.
  public var sampleSeed: UInt64 = 0
  /// About as many bytes of values are held at a time by one unit.
  public var byteBudget = 8 << 20
  /// Findings of a unit that are told; others are counted. Keys that follow each other and are missing for one
  /// reason are one finding.
  public var findingLimit = 100

  public static let everything = 10_000

  public init() {}

  var readOptions: ReadOptions {
    var options = ReadOptions()
    options.byteBudget = byteBudget
    return options
  }

  var isComplete: Bool { sampleShare >= Self.everything }

  /// Whether the page of a key is among those that are looked at.
  ///
  /// All pages of a stretch are, or none of them: neighbours are read together.
  func takes(_ key: Key) -> Bool {
    guard !isComplete, key.isRelationBlock else { return true }
    var hash = sampleSeed ^ 0x9e37_79b9_7f4a_7c15
    for part in [key.high, key.middle & ~0xffff, UInt64(key.field6 / Self.stretch)] {
      hash = Self.mixed(hash ^ part)
    }
    return Int(hash % UInt64(Self.everything)) < sampleShare
  }

  static let stretch: UInt32 = 64

  /// SplitMix64's mix. Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014.
  private static func mixed(_ value: UInt64) -> UInt64 {
    var value = value &+ 0x9e37_79b9_7f4a_7c15
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }
}
