/// Which ranges to read for a set of wanted ones: those near each other together, none too long.
///
/// A request costs about as much as some 100 KiB of transfer, so bytes between two wanted ranges are read and thrown
/// away rather than asking twice.
public struct ReadPlan: Equatable, Sendable {
  public struct Read: Equatable, Sendable {
    public var range: Range<UInt64>
    /// Which of the wanted ranges lie in it.
    public var items: Range<Int>
  }

  public struct Limits: Equatable, Sendable {
    /// Gaps up to this are read along.
    public var gapByteCount: UInt64
    /// A read is not made longer than this by joining; one wanted range may be.
    public var readByteCount: UInt64

    public init(gapByteCount: UInt64 = 64 << 10, readByteCount: UInt64 = 1 << 20) {
      self.gapByteCount = gapByteCount
      self.readByteCount = readByteCount
    }
  }

  public private(set) var reads: [Read] = []

  /// - Parameter wanted: in ascending order of their starts.
  public init(_ wanted: [Range<UInt64>], limits: Limits = Limits()) {
    for (index, range) in wanted.enumerated() {
      if let last = reads.last, range.lowerBound >= last.range.lowerBound {
        let end = max(last.range.upperBound, range.upperBound)
        let isNear =
          range.lowerBound <= last.range.upperBound
          || range.lowerBound - last.range.upperBound <= limits.gapByteCount
        if isNear, end - last.range.lowerBound <= limits.readByteCount {
          reads[reads.count - 1].range = last.range.lowerBound..<end
          reads[reads.count - 1].items = last.items.lowerBound..<index + 1
          continue
        }
      }
      reads.append(Read(range: range, items: index..<index + 1))
    }
  }
}
