/// The form of times in options and reports: RFC 3339 in UTC, `2026-11-23T02:11:47Z`, with a fraction when
/// there is one.
///
/// Days are counted by the proleptic Gregorian calendar, four hundred years (146,097 days) at a time.
extension Timestamp {
  private static let nanosecondsPerSecond: Int64 = 1_000_000_000
  private static let daysPerEra: Int64 = 146_097

  var rfc3339: String {
    let seconds = Self.floorDivide(nanoseconds, Self.nanosecondsPerSecond)
    let day = Self.floorDivide(seconds.quotient, 86_400)
    let date = Self.date(ofDay: day.quotient)
    let second = day.remainder
    let digits = DecimalText.padded
    return "\(digits(date.year, 4))-\(digits(date.month, 2))-\(digits(date.day, 2))T"
      + "\(digits(second / 3600, 2)):\(digits(second / 60 % 60, 2)):\(digits(second % 60, 2))"
      + Self.fraction(seconds.remainder) + "Z"
  }

  /// Reads exactly that form, years 1970 to 2261; nil for anything else, also for days that do not exist.
  init?(rfc3339 text: String) {
    self.init(rfc3339Bytes: text.utf8.span)
  }

  /// The same of bytes. Allocates nothing: listings hold a time for every object.
  init?(rfc3339Bytes bytes: Span<UInt8>) {
    let pattern: StaticString = "dddd-dd-ddTdd:dd:dd"
    let length = pattern.utf8CodeUnitCount
    guard bytes.count > length, bytes[bytes.count - 1] == UInt8(ascii: "Z") else { return nil }
    for index in 0..<length {
      let expected = pattern.utf8Start[index]
      guard expected == UInt8(ascii: "d") ? Self.digit(bytes[index]) != nil : bytes[index] == expected else {
        return nil
      }
    }
    let (year, month, day) = (bytes.number(0..<4), bytes.number(5..<7), bytes.number(8..<10))
    let (hour, minute, second) = (bytes.number(11..<13), bytes.number(14..<16), bytes.number(17..<19))
    guard (1970...2261).contains(year), (1...12).contains(month), hour < 24, minute < 60, second < 60,
      (1...Self.days(inMonth: month, of: year)).contains(day),
      let fraction = Self.nanoseconds(ofFraction: bytes.extracting(length..<bytes.count - 1))
    else { return nil }
    let seconds = Self.dayNumber(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
    self.init(seconds: seconds, nanoseconds: fraction)
  }

  // MARK: Parts

  /// `.` and the digits of a part of a second without zeros at the end; nothing for 0.
  private static func fraction(_ nanoseconds: Int64) -> String {
    guard nanoseconds > 0 else { return "" }
    var digits = DecimalText.padded(nanoseconds, 9)
    while digits.hasSuffix("0") { digits.removeLast() }
    return "." + digits
  }

  /// The reverse: nil unless empty, or `.` and 1 to 9 digits.
  private static func nanoseconds(ofFraction bytes: Span<UInt8>) -> Int64? {
    guard !bytes.isEmpty else { return 0 }
    guard bytes[0] == UInt8(ascii: "."), (2...10).contains(bytes.count) else { return nil }
    var value: Int64 = 0
    for index in 1..<bytes.count {
      guard let digit = digit(bytes[index]) else { return nil }
      value = value * 10 + digit
    }
    for _ in bytes.count..<10 { value *= 10 }
    return value
  }

  private static func digit(_ byte: UInt8) -> Int64? {
    (0x30...0x39).contains(byte) ? Int64(byte - 0x30) : nil
  }

  private static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }

  private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days since 1970-01-01. Years are counted from March, so that a leap day comes last.
  private static func dayNumber(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = floorDivide(shifted, 400)
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = era.remainder * 365 + era.remainder / 4 - era.remainder / 100 + dayOfYear
    return era.quotient * daysPerEra + dayOfEra - 719_468
  }

  private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let era = floorDivide(day + 719_468, daysPerEra)
    let ofEra = era.remainder
    let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let dayOfYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era.quotient * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }
}

extension Span<UInt8> {
  /// The number of a few decimal digits, which have been checked.
  fileprivate func number(_ range: Range<Int>) -> Int64 {
    var value: Int64 = 0
    for index in range { value = value * 10 + Int64(self[index] & 15) }
    return value
  }
}
