/// PostgreSQL's name of a WAL segment.
///
/// | offset | size | content, upper-case hex |
/// |---|---|---|
/// | 0 | 8 | PostgreSQL's timeline, always 1 in Neon |
/// | 8 | 8 | segment number divided by segments in 4 GiB |
/// | 16 | 8 | the remainder |
///
/// Source: `libs/postgres_ffi/src/xlog_utils.rs`.
public struct WALSegmentName: Hashable, Sendable {
  public let postgresTimeline: UInt32
  public let high: UInt32
  public let low: UInt32

  public static let textLength = 24
  /// PostgreSQL's timeline of all of Neon's WAL.
  public static let neonTimeline: UInt32 = 1

  public init(postgresTimeline: UInt32 = neonTimeline, high: UInt32, low: UInt32) {
    self.postgresTimeline = postgresTimeline
    self.high = high
    self.low = low
  }

  /// Nil for a number whose segment lies behind the last LSN.
  public init?(_ segment: WALSegmentNumber, size: WALSegmentSize, postgresTimeline: UInt32 = neonTimeline) {
    guard let high = UInt32(exactly: segment.value / size.segmentsPerHigh) else { return nil }
    let low = UInt32(truncatingIfNeeded: segment.value % size.segmentsPerHigh)
    self.init(postgresTimeline: postgresTimeline, high: high, low: low)
  }

  /// Reads all of `bytes`.
  public init?(text bytes: RawSpan) {
    guard bytes.byteCount == WALSegmentName.textLength, !bytes.hasLowerCase(upTo: 24),
      let timeline = HexDigits.decode8(bytes, at: 0), let high = HexDigits.decode8(bytes, at: 8),
      let low = HexDigits.decode8(bytes, at: 16)
    else { return nil }
    self.init(postgresTimeline: timeline, high: high, low: low)
  }

  /// Nil if the name cannot be that of a segment of this size.
  public func segment(size: WALSegmentSize) -> WALSegmentNumber? {
    guard UInt64(low) < size.segmentsPerHigh else { return nil }
    return WALSegmentNumber(UInt64(high) * size.segmentsPerHigh + UInt64(low))
  }
}

extension WALSegmentName: Comparable {
  /// By timeline and place, like the text.
  public static func < (left: WALSegmentName, right: WALSegmentName) -> Bool {
    (left.postgresTimeline, left.high, left.low) < (right.postgresTimeline, right.high, right.low)
  }
}

extension WALSegmentName: LosslessStringConvertible {
  public init?(_ text: String) { self.init(text: text.utf8Span.span.bytes) }

  public var description: String {
    [postgresTimeline, high, low].map { HexDigits.string(UInt64($0), count: 8, uppercase: true) }.joined()
  }
}
