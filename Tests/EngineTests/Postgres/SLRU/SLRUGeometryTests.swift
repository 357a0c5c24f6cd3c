import Engine
import IndexFormat
import Testing

/// Places in SLRUs, and what pages of pg_xact hold.
struct SLRUGeometryTests {
  @Test func membersLieInGroupsOfFour() {
    let first = SLRUGeometry.member(at: 123_456_789)
    #expect(first.page.number == 75462 && first.page.segment == 2358)
    #expect(first.flagsByte == 4780 && first.flagsShift == 8 && first.memberByte == 4788)
    let last = SLRUGeometry.member(at: .max)
    #expect(last.page.number == 2_625_285 && last.page.segment == 82040)
    #expect(last.flagsByte == 5160 && last.flagsShift == 24 && last.memberByte == 5176)
  }

  @Test func statusesAreTwoBits() {
    let place = SLRUGeometry.status(of: 1_000_000)
    #expect(place.page.segment == 0 && place.page.block == BlockNumber(30))
    #expect(place.byte == 4240 && place.shift == 0)
    let last = SLRUGeometry.status(of: .max)
    #expect(last.page.segment == 4095 && last.page.block == BlockNumber(31))
    #expect(last.byte == 8191 && last.shift == 6)
    #expect(place.page.key(.transactionStatus).description == "01000000000000000100000000000000001E")
  }

  @Test func offsetsAreNumbers() {
    let place = SLRUGeometry.offset(of: 123_456)
    #expect(place.page.segment == 1 && place.page.block == BlockNumber(28) && place.byte == 2304)
  }

  @Test func commitTimeStandsBehindThePage() throws {
    let page = [UInt8](repeating: 0, count: 8192) + [UInt8](hex: "0002bcbdfad90614")
    var read = try TransactionStatusPage(parsing: page.span.bytes)
    #expect(read.commitTime?.microseconds == 770_474_096_789_012)
    #expect(read.commitTime?.description == "2024-05-31T12:34:56.789012Z")
    #expect(TransactionStatusPage.commitTime(of: page.span.bytes) == read.commitTime)
    let time = try #require(NaiveDateTime("2024-05-31T12:34:56.789012"))
    #expect(PostgresTimestamp(time) == read.commitTime)
    read[32768 + 5] = .committed
    #expect(read[5] == .committed && read[4] == .inProgress && read.statuses[1] == 0b0100)
    read[5] = .aborted
    #expect(read[5] == .aborted)
    var bytes: [UInt8] = []
    read.encode(into: &bytes)
    #expect(try TransactionStatusPage(parsing: bytes.span.bytes) == read)
  }

  @Test func pagesOfOtherLengthsHaveNoTime() throws {
    for count in [0, 8, 8191, 8192, 8199, 8201] {
      let page = [UInt8](repeating: 1, count: count)
      #expect(TransactionStatusPage.commitTime(of: page.span.bytes) == nil)
      if count != 8192 {
        #expect(throws: FormatError.self) { try TransactionStatusPage(parsing: page.span.bytes) }
      } else {
        #expect(try TransactionStatusPage(parsing: page.span.bytes).commitTime == nil)
      }
    }
  }

  @Test func timesOutsideOfTheCalendarAreNumbers() {
    #expect(PostgresTimestamp(microseconds: -1).description == "1999-12-31T23:59:59.999999Z")
    #expect(PostgresTimestamp(microseconds: .max).description.hasPrefix("9223372036854775807"))
    #expect(PostgresTimestamp(microseconds: .min).dateTime == nil)
  }
}
