import IndexFormat

/// A moment as PostgreSQL counts it: microseconds since 2000-01-01 00:00:00 UTC.
public struct PostgresTimestamp: Hashable, Comparable, Sendable {
  public let microseconds: Int64

  /// 2000-01-01 in seconds since 1970.
  private static let epochSeconds: Int64 = 946_684_800
  private static let microsecondsPerSecond: Int64 = 1_000_000

  public init(microseconds: Int64) { self.microseconds = microseconds }

  /// What is finer than a microsecond is cut.
  public init(_ time: NaiveDateTime) {
    // Years 0 to 9999 are far from the ends of the range.
    microseconds =
      (time.secondsSinceEpoch - PostgresTimestamp.epochSeconds) * PostgresTimestamp.microsecondsPerSecond
      + Int64(time.nanosecond / 1000)
  }

  /// The same moment in UTC; nil outside of the years 0 to 9999.
  public var dateTime: NaiveDateTime? {
    var (seconds, rest) = microseconds.quotientAndRemainder(
      dividingBy: PostgresTimestamp.microsecondsPerSecond
    )
    if rest < 0 {
      seconds -= 1
      rest += PostgresTimestamp.microsecondsPerSecond
    }
    return NaiveDateTime(
      secondsSinceEpoch: seconds + PostgresTimestamp.epochSeconds,
      nanosecond: Int(rest) * 1000
    )
  }

  public static func < (left: PostgresTimestamp, right: PostgresTimestamp) -> Bool {
    left.microseconds < right.microseconds
  }
}

extension PostgresTimestamp: CustomStringConvertible {
  /// As RFC 3339 has it, or the bare number where there is no such date.
  public var description: String {
    dateTime.map { "\($0)Z" } ?? "\(microseconds) microseconds since 2000-01-01"
  }
}
