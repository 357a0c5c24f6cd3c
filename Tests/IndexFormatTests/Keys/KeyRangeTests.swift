import Testing

@testable import IndexFormat

struct KeyRangeTests {
  static let database = DatabaseTag(tablespace: 1663, database: 5)

  @Test(
    arguments: [
      (
        KeyRange.database(database),
        "000000067F00000005000000000000000000-000000067F00000005FFFFFFFFFFFFFFFFFF"
      ),
      (
        .relation(RelationTag(database, relation: 16384)),
        "000000067F00000005000040000000000000-000000067F00000005000040000100000000"
      ),
      (
        .relation(RelationTag(database, relation: 16384, fork: RelationFork(255))),
        "000000067F0000000500004000FF00000000-000000067F00000005000040010000000000"
      ),
      (
        .slru(SLRUSegment(.multixactMembers, number: 0x10)),
        "010000000100000001000000100000000000-010000000100000001000000100100000000"
      ),
      (.sparse, "600000000000000000000000000000000000-7F0000000000000000000000000000000000"),
      (.auxFiles, "620000000000000000000000000000000000-630000000000000000000000000000000000"),
      (.replicationOrigins, "630000000000000000000000000000000000-630000000000000000000000000000010000"),
      (.relationDirectoriesV2, "650000000000000000000000000000000000-660000000000000000000000000000000000"),
      (
        .relationDirectoriesV2(database),
        "650000067F00000005000000000000000000-650000067F00000005FFFFFFFFFFFFFFFFFF"
      ),
      (.nonInheritedDense, "030000000000000000000000000000000002-030000000000000000000000000000000003"),
      (.nonInheritedSparse, "620000000000000000000000000000000000-640000000000000000000000000000000000"),
      (
        .twoPhaseFile(transaction: 5),
        "020000000000000000000000000000000005-020000000000000000000000000000000006"
      ),
      (
        .twoPhaseFile(transaction: .max),
        "02000000000000000000FFFFFFFFFFFFFFFF-020000000000000001000000000000000000"
      ),
    ] as [(KeyRange, String)]
  )
  func ranges(range: KeyRange, text: String) { #expect(range.description == text) }

  @Test func relationRangeHoldsSizeAndNothingOfTheNextFork() {
    let tag = RelationTag(Self.database, relation: 16384)
    #expect(KeyRange.relation(tag).contains(.relationSize(tag)))
    let next = RelationTag(Self.database, relation: 16384, fork: .freeSpaceMap)
    #expect(!KeyRange.relation(tag).contains(.relationBlock(next, BlockNumber(0))))
    #expect(!KeyRange.database(Self.database).contains(Key(0, 1663, 5, .max, .max, .max)))
  }
}
