@testable import Engine
import Testing

/// Which rows of catalogs a reader sees, by hint bits and by pg_xact.
struct RowHeaderTests {
  private typealias Mask = HeapTuple.Mask

  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var remover: UInt32 = 0
    var hints: UInt16
    var visibility: RowHeader.Visibility
    /// Whose ends must be known.
    var open: [UInt32] = []
  }

  private static let (committed, aborted, running): (UInt32, UInt32, UInt32) = (1000, 1001, 1002)

  private static func visibility(_ row: Case, creator: UInt32) throws -> RowHeader.Visibility {
    let header = try header(row, creator: creator)
    return header.visibility { [committed: .committed, aborted: .aborted, running: .inProgress][$0] }
  }

  private static func header(_ row: Case, creator: UInt32) throws -> RowHeader {
    var bytes = [UInt8](repeating: 0, count: 24)
    bytes.replaceSubrange(0..<4, with: withUnsafeBytes(of: creator.littleEndian) { [UInt8]($0) })
    bytes.replaceSubrange(4..<8, with: withUnsafeBytes(of: row.remover.littleEndian) { [UInt8]($0) })
    bytes.replaceSubrange(20..<22, with: withUnsafeBytes(of: row.hints.littleEndian) { [UInt8]($0) })
    bytes[22] = 24
    let header = RowHeader(bytes.span.bytes)
    return try #require(header)
  }

  private static let removals = [
    Case(testDescription: "nobody removed it", hints: Mask.xmaxInvalid, visibility: .visible),
    Case(
      testDescription: "removed",
      remover: committed,
      hints: Mask.xmaxCommitted,
      visibility: .invisible
    ),
    Case(
      testDescription: "removed, by pg_xact",
      remover: committed,
      hints: 0,
      visibility: .invisible,
      open: [committed]
    ),
    Case(
      testDescription: "not removed, by pg_xact",
      remover: aborted,
      hints: 0,
      visibility: .visible,
      open: [aborted]
    ),
    Case(
      testDescription: "being removed",
      remover: running,
      hints: 0,
      visibility: .uncertain,
      open: [running]
    ),
    Case(testDescription: "pg_xact does not reach", remover: 7, hints: 0, visibility: .uncertain, open: [7]),
    Case(
      testDescription: "locked by one that was committed",
      remover: committed,
      hints: Mask.lockOnly | Mask.keyShareLock,
      visibility: .visible
    ),
    Case(
      testDescription: "locked, as before 9.3",
      remover: committed,
      hints: Mask.exclusiveLock,
      visibility: .visible
    ),
    Case(
      testDescription: "locked by several",
      remover: 3,
      hints: Mask.isMulti | Mask.lockOnly | Mask.exclusiveLock,
      visibility: .visible
    ),
    // The strongest lock of an update is exclusive, and it is no lock alone.
    Case(
      testDescription: "several, one of which updated it",
      remover: 3,
      hints: Mask.isMulti | Mask.exclusiveLock,
      visibility: .uncertain
    ),
  ]

  @Test(arguments: removals)
  func whetherARowIsStillThere(_ row: Case) throws {
    var row = row
    row.hints |= Mask.xminCommitted
    #expect(try Self.visibility(row, creator: 700) == row.visibility)
    #expect(try Self.header(row, creator: 700).openTransactions == row.open)
  }

  private static let creations: [(UInt32, UInt16, RowHeader.Visibility)] = [
    (committed, 0, .visible), (aborted, 0, .invisible), (running, 0, .uncertain), (7, 0, .uncertain),
    (running, Mask.xminCommitted, .visible), (committed, Mask.xminInvalid, .invisible),
    (running, Mask.xminFrozen, .visible), (1, 0, .visible), (2, 0, .visible),
  ]

  @Test(arguments: creations)
  func whetherARowIsThereYet(_ creator: UInt32, _ hints: UInt16, _ expected: RowHeader.Visibility) throws {
    let row = Case(testDescription: "", hints: hints | Mask.xmaxInvalid, visibility: expected)
    #expect(try Self.visibility(row, creator: creator) == expected)
  }

  @Test func rowWithoutAWholeHeaderIsNone() {
    let bytes = [UInt8](repeating: 0, count: 22)
    let header = RowHeader(bytes.span.bytes)
    #expect(header == nil)
  }
}
