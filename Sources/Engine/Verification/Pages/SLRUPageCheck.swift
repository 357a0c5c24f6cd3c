import IndexFormat

/// Pages of SLRUs, which have no header.
///
/// | SLRU | rule |
/// |---|---|
/// | all | 8192 bytes; pg_xact also 8200, with the time of the last commit |
/// | pg_xact | a time that PostgreSQL can have. Any two bits are a status |
/// | multixact offsets | rise from one multixact to the next, those of 0 left out: they are not there yet |
/// | multixact members | a normal transaction in one of six states, or none and no state; zeros behind the last |
///
/// Offsets are counted in a circle. Source: PostgreSQL `access/transam/multixact.c`, `datatype/timestamp.h`.
enum SLRUPageCheck {
  private static let firstTransaction: UInt32 = 3
  private static let lastState: UInt8 = 5
  private static let groupByteCount = 20
  private static let groupEnd = 8180
  /// Microseconds since 2000-01-01: 4714-11-24 BC up to the end of 294276.
  private static let times: Range<Int64> = -211_813_488_000_000_000..<9_223_371_331_200_000_000

  static func problem(of page: RawSpan, _ kind: SLRUKind) -> FormatError? {
    let count = page.byteCount
    let mayHaveTime = kind == .transactionStatus
    guard
      count == PageHeader.pageByteCount || mayHaveTime && count == TransactionStatusPage.byteCountWithTime
    else {
      return error("page", 0, "\(count) bytes", mayHaveTime ? "8192 or 8200 bytes" : "8192 bytes")
    }
    switch kind {
    case .transactionStatus: return problem(ofTime: page)
    case .multixactOffsets: return problem(ofOffsets: page)
    case .multixactMembers: return problem(ofMembers: page)
    }
  }

  private static func problem(ofTime page: RawSpan) -> FormatError? {
    guard let time = TransactionStatusPage.commitTime(of: page), !times.contains(time.microseconds) else {
      return nil
    }
    return error("commit time", PageHeader.pageByteCount, "\(time)", "a time of PostgreSQL")
  }

  private static func problem(ofOffsets page: RawSpan) -> FormatError? {
    var last: UInt32 = 0
    var place = 0
    while place < page.byteCount {
      let offset = page.littleEndian32(place)
      if offset != 0 {
        if last != 0, Int32(bitPattern: offset &- last) <= 0 {
          return error("offset of a multixact", place, "\(offset)", "more than \(last)")
        }
        last = offset
      }
      place &+= 4
    }
    return nil
  }

  private static func problem(ofMembers page: RawSpan) -> FormatError? {
    var group = 0
    while group < groupEnd {
      for member in 0..<4 {
        let state = page.byte(group &+ member)
        let place = group &+ 4 &+ 4 &* member
        let transaction = page.littleEndian32(place)
        if state > lastState || transaction == 0 && state != 0 {
          return error("state of a member", group &+ member, "\(state)", "0 to 5; 0 if there is no member")
        }
        if transaction != 0, transaction < firstTransaction {
          return error("member of a multixact", place, "\(transaction)", "0, or 3 and more")
        }
      }
      group &+= groupByteCount
    }
    guard let place = page.firstNonZero(in: groupEnd..<page.byteCount) else { return nil }
    return error("end of the page", place, "\(page.byte(place))", "0")
  }

  @inline(never)
  private static func error(_ field: String, _ place: Int, _ found: String, _ expected: String) -> FormatError
  {
    FormatError(.badValue, offset: place, field: field, found: found, expected: expected)
  }
}
