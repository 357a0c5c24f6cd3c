/// A calendar time in UTC that does not say so, as `index_part.json`, manifests and heatmaps hold it.
///
/// Written: `YYYY-MM-DDTHH:MM:SS` and a fraction of 0, 3, 6 or 9 digits, the fewest that lose nothing.
///
/// Read as page servers do: fields without leading zeros, white space in front of any field and behind the
/// last, any number of fraction digits of which nine count, second 60 in any minute. Not read: a `Z` or
/// offset, anything but an upper-case `T` in the middle, a time without seconds. Years are 0 to 9999 here;
/// signs, with which the original reads further ones, are refused.
public struct NaiveDateTime: Hashable, Sendable {
  public let year: Int
  public let month: Int
  public let day: Int
  public let hour: Int
  public let minute: Int
  /// 60 in a leap second.
  public let second: Int
  public let nanosecond: Int

  /// Nil if there is no such time.
  public init?(
    year: Int,
    month: Int,
    day: Int,
    hour: Int = 0,
    minute: Int = 0,
    second: Int = 0,
    nanosecond: Int = 0
  ) {
    guard 0...9999 ~= year, 1...12 ~= month, 1...NaiveDateTime.dayCount(year, month) ~= day, 0...23 ~= hour,
      0...59 ~= minute, 0...60 ~= second, 0...999_999_999 ~= nanosecond
    else { return nil }
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
    self.nanosecond = nanosecond
  }

  /// Nil outside of the years 0 to 9999.
  public init?(secondsSinceEpoch: Int64, nanosecond: Int = 0) {
    guard NaiveDateTime.supportedSeconds ~= secondsSinceEpoch else { return nil }
    let seconds = Int(secondsSinceEpoch)
    let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    let inDay = seconds - days * 86_400
    let (year, month, day) = NaiveDateTime.civil(daysSinceEpoch: days)
    self.init(
      year: year,
      month: month,
      day: day,
      hour: inDay / 3600,
      minute: inDay / 60 % 60,
      second: inDay % 60,
      nanosecond: nanosecond
    )
  }

  /// Seconds from 1970-01-01 on. A leap second counts as the second before it.
  public var secondsSinceEpoch: Int64 {
    let days = NaiveDateTime.daysSinceEpoch(year: year, month: month, day: day)
    return Int64(days * 86_400 + hour * 3600 + minute * 60 + Swift.min(second, 59))
  }

  private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  private static func dayCount(_ year: Int, _ month: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// 0000-01-01T00:00:00 to 9999-12-31T23:59:59.
  private static let supportedSeconds: ClosedRange<Int64> = -62_167_219_200...253_402_300_799

  /// Days in four centuries.
  private static let daysPerCycle = 146_097
  /// Days from 0000-03-01 to 1970-01-01.
  private static let daysBeforeEpoch = 719_468

  /// Counts years from March on, so that the leap day is a year's last.
  private static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
    // Four centuries on, so that January and February of year 0 have a year before them.
    let marchYear = (month <= 2 ? year - 1 : year) + 400
    let marchMonth = (month + 9) % 12
    let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
    return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear
      - daysPerCycle - daysBeforeEpoch
  }

  private static func civil(daysSinceEpoch: Int) -> (year: Int, month: Int, day: Int) {
    let days = daysSinceEpoch + daysBeforeEpoch + daysPerCycle
    let cycle = days / daysPerCycle
    let dayOfCycle = days % daysPerCycle
    let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
    let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return (cycle * 400 + yearOfCycle - 400 + (month <= 2 ? 1 : 0), month, day)
  }
}

extension NaiveDateTime: Comparable {
  public static func < (left: NaiveDateTime, right: NaiveDateTime) -> Bool {
    let leftDate = (left.year, left.month, left.day)
    let rightDate = (right.year, right.month, right.day)
    guard leftDate == rightDate else { return leftDate < rightDate }
    return (left.hour, left.minute, left.second, left.nanosecond)
      < (right.hour, right.minute, right.second, right.nanosecond)
  }
}
