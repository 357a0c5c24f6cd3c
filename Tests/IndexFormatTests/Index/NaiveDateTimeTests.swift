import Testing

@testable import IndexFormat

struct NaiveDateTimeTests {
  @Test(arguments: [
    (0, "2023-07-31T09:00:00"), (100_000_000, "2023-07-31T09:00:00.100"),
    (123_456_000, "2023-07-31T09:00:00.123456"), (120, "2023-07-31T09:00:00.000000120"),
    (999_999_999, "2023-07-31T09:00:00.999999999"),
  ])
  func fewestDigitsThatLoseNothing(nanosecond: Int, text: String) throws {
    let time = try #require(NaiveDateTime(year: 2023, month: 7, day: 31, hour: 9, nanosecond: nanosecond))
    #expect(time.description == text)
    #expect(NaiveDateTime(text) == time)
  }

  @Test(arguments: [
    ("2023-7-1T9:0:0", "2023-07-01T09:00:00"), ("  2023-07-31T09:00:00", "2023-07-31T09:00:00"),
    ("2023-07-31T 9: 0: 0", "2023-07-31T09:00:00"), ("2023 -07 -31 T09 :00 :00 ", "2023-07-31T09:00:00"),
    ("2023-07-31T09:00:00.1", "2023-07-31T09:00:00.100"),
    ("2023-07-31T09:00:00.1234567891111", "2023-07-31T09:00:00.123456789"),
    ("2023-07-31T09:00:00.0000000009", "2023-07-31T09:00:00"),
    ("2016-12-31T23:59:60.5", "2016-12-31T23:59:60.500"), ("2023-07-31T09:00:60", "2023-07-31T09:00:60"),
    ("1-1-1T1:1:1", "0001-01-01T01:01:01"), ("2024-02-29T00:00:00", "2024-02-29T00:00:00"),
    ("2000-02-29T00:00:00", "2000-02-29T00:00:00"), ("9999-12-31T23:59:59", "9999-12-31T23:59:59"),
  ])
  func reads(text: String, written: String) {
    #expect(NaiveDateTime(text)?.description == written)
  }

  @Test(arguments: [
    "2023-07-31T09:00:00Z", "2023-07-31 09:00:00", "2023-07-31T09:00", "2023-07-31t09:00:00",
    "2023-07-31T09:00:00+00:00", "2023-07-31T09:00:00.", "2023-07-31T09:00:00.x", "2023-07-31T09:00:00x", "",
    "2023-07-31", "2023-13-01T00:00:00", "2023-00-01T00:00:00", "2023-01-00T00:00:00", "2023-02-29T00:00:00",
    "1900-02-29T00:00:00", "2023-04-31T00:00:00", "2023-01-01T24:00:00", "2023-01-01T00:60:00",
    "2023-01-01T00:00:61", "12023-01-01T00:00:00", "+2023-01-01T00:00:00", "-001-01-01T00:00:00",
    "2023-001-01T00:00:00", "2023-01-01T00:00:00.1 2", "2023-01-01T00:00: 0 .1", "T::", "----",
  ])
  func refuses(text: String) {
    #expect(NaiveDateTime(text) == nil)
  }

  @Test(
    arguments: [
      ("1970-01-01T00:00:00", 0), ("1969-12-31T23:59:59", -1), ("2000-01-01T00:00:00", 946_684_800),
      ("2024-02-29T12:34:56", 1_709_210_096), ("2016-12-31T23:59:60", 1_483_228_799),
      ("0000-01-01T00:00:00", -62_167_219_200), ("9999-12-31T23:59:59", 253_402_300_799),
    ] as [(String, Int64)]
  )
  func secondsSinceEpoch(text: String, seconds: Int64) throws {
    #expect(try #require(NaiveDateTime(text)).secondsSinceEpoch == seconds)
  }

  @Test func daysOfTenThousandYearsComeBack() {
    var day: Int64 = -719_528
    var previous: NaiveDateTime?
    var failures = 0
    while let time = NaiveDateTime(secondsSinceEpoch: day * 86_400 + 3723) {
      if time.secondsSinceEpoch != day * 86_400 + 3723 || previous.map({ $0 >= time }) == true {
        failures += 1
      }
      if (time.hour, time.minute, time.second) != (1, 2, 3) { failures += 1 }
      previous = time
      // Each day of the years that matter, and each weekday and day of month elsewhere in its turn.
      day += 1890...2110 ~= time.year ? 1 : 13
    }
    #expect(failures == 0)
    #expect(previous?.year == 9999)
    #expect(NaiveDateTime(secondsSinceEpoch: 253_402_300_800) == nil)
    #expect(NaiveDateTime(secondsSinceEpoch: -62_167_219_201) == nil)
    #expect(NaiveDateTime(secondsSinceEpoch: .min) == nil && NaiveDateTime(secondsSinceEpoch: .max) == nil)
  }

  @Test func ordersByTime() throws {
    let texts = [
      "2022-12-31T23:59:59.999", "2022-12-31T23:59:60", "2023-01-01T00:00:00",
      "2023-01-01T00:00:00.000000001",
      "2023-01-02T00:00:00", "2023-02-01T00:00:00",
    ]
    let times = try texts.map { try #require(NaiveDateTime($0)) }
    #expect(times == times.shuffled().sorted())
  }

  @Test func noTruncationIsReadAsAnotherTimeThanItsDigitsSay() {
    let text = "2023-07-31T09:10:11.123456789"
    for length in 0..<text.utf8.count {
      let prefix = String(text.prefix(length))
      // Complete from the first digit of the seconds on, but for the bare dot.
      #expect((NaiveDateTime(prefix) != nil) == (length >= 18 && length != 20), "\(prefix)")
    }
  }
}
