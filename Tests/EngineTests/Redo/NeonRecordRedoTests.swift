@testable import Engine
import IndexFormat
import Testing

struct NeonRecordRedoTests {
  private static func replay(
    _ key: Key,
    _ base: [UInt8],
    _ records: [NeonRecord],
    stamps: Bool = true
  ) throws(RedoError) -> [UInt8] {
    var redo = PageRedo(RedoRules(version: .v17, stampsClearedVisibilityMap: stamps))
    return try redo.value(
      of: key,
      base,
      records.map { KeyRead.Record(lsn: Lsn(0x1_0000_0002), record: $0, visit: 0) }
    )
  }

  private static let zeros = [UInt8](repeating: 0, count: 8192)

  private static func slru(_ kind: SLRUKind, _ page: UInt32) -> Key {
    SLRUGeometry.Page(number: page).key(kind)
  }

  @Test func commitsSetStatusesAndTheTime() throws {
    let key = Self.slru(.transactionStatus, 2)
    let page = try Self.replay(
      key,
      Self.zeros,
      [
        .clogSetCommitted(transactions: [65536, 65537, 98303], timestamp: 5),
        .clogSetAborted(transactions: [65537]),
        .clogSetCommitted(transactions: [65538], timestamp: 6),
      ]
    )
    var expected = Self.zeros
    expected[0] = 0b01_10_01
    expected[8191] = 0b01_00_00_00
    #expect(page == expected + [0, 0, 0, 0, 0, 0, 0, 6])
    #expect(throws: RedoError.self) {
      try Self.replay(key, Self.zeros, [.clogSetAborted(transactions: [98304])])
    }
    #expect(throws: RedoError.self) {
      try Self.replay(key, [1], [.clogSetAborted(transactions: [65536])])
    }
  }

  @Test func multixactsStandWhereThePlacesSay() throws {
    let offsets = try Self.replay(
      Self.slru(.multixactOffsets, 1),
      Self.zeros,
      [.multixactOffsetCreate(multixact: 2049, offset: 0x0102_0304)]
    )
    #expect(Array(offsets[4..<8]) == [4, 3, 2, 1])
    let members = try Self.replay(
      Self.slru(.multixactMembers, 75462),
      Self.zeros,
      [.multixactMembersCreate(offset: 123_456_789, members: [.init(transaction: 0x0a0b_0c0d, status: 5)])]
    )
    #expect(members[4781] == 5)
    #expect(Array(members[4788..<4792]) == [0x0d, 0x0c, 0x0b, 0x0a])
    #expect(throws: RedoError.self) {
      try Self.replay(
        Self.slru(.multixactOffsets, 1),
        Self.zeros,
        [.multixactOffsetCreate(multixact: 1, offset: 1)]
      )
    }
  }

  @Test func visibilityBitsAreCleared() throws {
    let key = RedoRecord.key(1, fork: .visibilityMap)
    var base = [UInt8](repeating: 0xff, count: 8192)
    base.replaceSubrange(0..<8, with: [UInt8](repeating: 0, count: 8))
    let record = NeonRecord.clearVisibilityMapFlags(newHeapBlock: 32673, oldHeapBlock: 32676, flags: 2)
    let page = try Self.replay(key, base, [record])
    #expect(page[24] == 0b11_11_01_11 && page[25] == 0b11_11_11_01 && page[26] == 0xff)
    #expect(Array(page[0..<8]) == [1, 0, 0, 0, 2, 0, 0, 0])
    #expect(try Self.replay(key, base, [record], stamps: false)[0..<8].allSatisfy { $0 == 0 })
    #expect(throws: RedoError.self) {
      try Self.replay(key, base, [.clearVisibilityMapFlags(newHeapBlock: 0, oldHeapBlock: nil, flags: 3)])
    }
    #expect(throws: RedoError.self) { try Self.replay(RedoRecord.key(1), base, [record]) }
  }

  @Test func visibilityMapsAreCut() throws {
    let key = RedoRecord.key(0, fork: .visibilityMap)
    let base = [UInt8](repeating: 0xff, count: 8192)
    let page = try Self.replay(key, base, [.truncateVisibilityMap(byte: 10, bitOffset: 4)])
    #expect(page == Array(base[0..<34]) + [0x0f] + Array(Self.zeros[35...]))
    let last = try Self.replay(key, base, [.truncateVisibilityMap(byte: 8167, bitOffset: 0)])
    #expect(last == Array(base[0..<8191]) + [0])
    for record in [
      NeonRecord.truncateVisibilityMap(byte: 8168, bitOffset: 0),
      .truncateVisibilityMap(byte: 0, bitOffset: 8),
    ] {
      #expect(throws: RedoError.self) { try Self.replay(key, base, [record]) }
    }
  }
}
