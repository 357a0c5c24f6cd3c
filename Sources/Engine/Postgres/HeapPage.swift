import IndexFormat

/// How the rows of a table lie in a page of its main fork.
///
/// | part | from | to |
/// |---|---|---|
/// | header | 0 | 24 |
/// | line pointers, 4 bytes each | 24 | `pd_lower` |
/// | rows, from the end on, at multiples of 8 | `pd_upper` | 8192 |
///
/// | bits of a line pointer | field | check |
/// |---|---|---|
/// | 0-14 | where the row begins | a multiple of 8 in the rows' part |
/// | 15-16 | 0 unused, 1 in use, 2 leads to another line pointer, 3 dead | |
/// | 17-31 | length of the row; 0 of those without one | 24 or more, up to the end of the page |
///
/// | offset in a row | size | field | check |
/// |---|---|---|---|
/// | 18 | 2 | bits 0-10: columns | |
/// | 20 | 2 | bit 0: a bitmap of nulls follows, a bit for each column | |
/// | 22 | 1 | where the columns begin | 23 and the bitmap, rounded up to 8 |
///
/// No two rows share a byte. Numbers are little-endian. The same in PostgreSQL 12 to 17 (before, rows could have an
/// identifier).
///
/// Source: PostgreSQL `storage/itemid.h`, `access/htup_details.h`; the checks are among those of `amcheck`.
public enum HeapPage {
  private static let linePointerByteCount = 4
  private static let rowHeaderByteCount = 23
  private static let alignment = 8

  /// The first row that does not fit; nil if all do, or if this is no page of a table.
  ///
  /// - page: one of which `PageHeader.problem(of:)` says nothing, of the main fork or the one of unlogged tables.
  ///   Pages of indexes and sequences end in a special part, those of tables do not. Other kinds of tables may be
  ///   without one, too: where most of what would be line pointers makes no sense, nothing is said.
  public static func problem(of page: RawSpan) -> FormatError? {
    // What has no header has a finding of its own.
    guard page.byteCount == PageHeader.pageByteCount, let header = try? PageHeader(parsing: page),
      Int(header.special) == PageHeader.pageByteCount, Int(header.lower) >= PageHeader.byteCount,
      header.upper >= header.lower, Int(header.upper) <= PageHeader.pageByteCount
    else { return nil }
    let count = (Int(header.lower) - PageHeader.byteCount) / linePointerByteCount
    var room = PageRoom()
    var problem: FormatError?
    var (rows, wrongRows) = (0, 0)
    var index = 0
    while index < count {
      let offset = PageHeader.byteCount &+ index &* linePointerByteCount
      let pointer = page.littleEndian32(offset)
      let length = Int(pointer >> 17)
      if length > 0 {
        rows &+= 1
        if let found = self.problem(page, index, pointer, from: Int(header.upper), &room) {
          wrongRows &+= 1
          problem = problem ?? found
        }
      }
      index &+= 1
    }
    return wrongRows &* 2 <= rows ? problem : nil
  }

  @inline(__always)
  private static func problem(
    _ page: RawSpan,
    _ index: Int,
    _ pointer: UInt32,
    from upper: Int,
    _ room: inout PageRoom
  ) -> FormatError? {
    let start = Int(pointer & 0x7fff)
    let length = Int(pointer >> 17)
    guard start % alignment == 0, start >= upper, start &+ length <= page.byteCount,
      length > rowHeaderByteCount
    else {
      return error(index, "\(length) bytes at \(start)", "a row of \(upper) to \(page.byteCount)")
    }
    guard room.take(start, length) else {
      return error(index, "\(length) bytes at \(start)", "bytes that no other row has")
    }
    let columns = Int(page.littleEndian16(start &+ 18) & 0x7ff)
    let hasNulls = page.littleEndian16(start &+ 20) & 1 == 1
    let expected = (rowHeaderByteCount &+ (hasNulls ? (columns &+ 7) / 8 : 0) &+ 7) / alignment &* alignment
    let found = Int(page.byte(start &+ 22))
    guard found == expected else { return error(index, "columns at \(found)", "columns at \(expected)") }
    return nil
  }

  @inline(never)
  private static func error(_ index: Int, _ found: String, _ expected: String) -> FormatError {
    FormatError(
      .badValue,
      offset: PageHeader.byteCount + index * linePointerByteCount,
      field: "line pointer \(index + 1)",
      found: found,
      expected: expected
    )
  }
}
