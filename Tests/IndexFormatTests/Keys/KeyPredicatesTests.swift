import Testing

@testable import IndexFormat

/// The predicates as page servers have them: what they overlook is as much a part of them as what they see.
struct KeyPredicatesTests {
  @Test func relationBlock() {
    #expect(Key(0, 0, 0, 1, 0xff, 0).isRelationBlock)
    #expect(!Key(0, 1663, 5, 0, 0, 7).isRelationBlock)
    #expect(!Key(0, 1663, 5, 16384, 0, 0xffff_ffff).isRelationBlock)
    #expect(!Key(1, 0, 1, 16384, 0, 0).isRelationBlock)
    #expect(
      Key(0, 1663, 5, 16384, 1, 0).isFreeSpaceMapBlock && !Key(0, 1663, 5, 16384, 2, 0).isFreeSpaceMapBlock
    )
    #expect(
      Key(0, 1663, 5, 16384, 2, 0).isVisibilityMapBlock && !Key(0, 1663, 5, 0, 2, 0).isVisibilityMapBlock
    )
    #expect(Key(0, 1663, 5, 16384, 3, 0).isInitForkBlock && !Key(0, 1663, 5, 16384, 3, .max).isInitForkBlock)
  }

  @Test func relationSizeOverlooksTheRelation() {
    #expect(Key(0, 1663, 5, 0, 0, 0xffff_ffff).isRelationSize)
    #expect(KeyClass(Key(0, 1663, 5, 0, 0, 0xffff_ffff)) == .unknown)
    #expect(!Key(1, 0, 1, 0, 0, 0xffff_ffff).isRelationSize)
  }

  @Test func relationDirectoryOverlooksTheGlobalDatabase() {
    #expect(Key.relationDirectoryV1(DatabaseTag(tablespace: 1663, database: 5)).isRelationDirectoryV1)
    #expect(!Key.relationDirectoryV1(.global).isRelationDirectoryV1)
    #expect(!Key(0, 0, 5, 0, 0, 1).isRelationDirectoryV1)
    #expect(!Key(0, 1663, 5, 0, 0, 0).isRelationDirectoryV1)
  }

  @Test func slru() {
    #expect(Key(1, 77, 1, 0, 9, 99).isSLRUBlock)
    #expect(!Key(1, 0, 1, 0, 0, 0xffff_ffff).isSLRUBlock && !Key(1, 0, 0, 0, 0, 0).isSLRUBlock)
    #expect(Key(1, 2, 1, 5, 0, 0xffff_ffff).isSLRUSegmentSize)
    #expect(
      !Key(1, 3, 1, 5, 0, 0xffff_ffff).isSLRUSegmentSize && !Key(1, 2, 1, 5, 1, 0xffff_ffff).isSLRUSegmentSize
    )
    #expect(Key(1, 99, 0, 0, 0, 0).isSLRUDirectory && !Key(1, 0, 0, 0, 0, 1).isSLRUDirectory)
  }

  @Test func sparse() {
    #expect(!Key(0x5f, 0, 0, 0, 0, 0).isSparse && Key(0x60, 0, 0, 0, 0, 0).isSparse)
    #expect(Key(0x7e, 0, 0, 0, 0, 0).isSparse && !Key(0x7f, 0, 0, 0, 0, 0).isSparse)
    #expect(!Key(0x80, 0, 0, 0, 0, 0).isSparse)
    #expect(KeyRange.sparse.contains(Key(0x7e, .max, .max, .max, .max, .max)))
  }

  @Test func records() {
    #expect(Key(0, 1663, 5, 16384, 0, 0).mayHoldRecords && Key(1, 0, 1, 0, 0, 0).mayHoldRecords)
    #expect(!Key.databaseDirectory.mayHoldRecords && !Key.auxFilesV1.mayHoldRecords)
  }

  @Test func readingBlocks() throws {
    let (tag, block) = try Key(0, 1663, 5, 16384, 1, 7).relationBlock()
    #expect(tag == RelationTag(tablespace: 1663, database: 5, relation: 16384, fork: .freeSpaceMap))
    #expect(block == BlockNumber(7))
    let (segment, page) = try Key(1, 1, 9, 0x10, 0, 77).slruBlock()
    #expect(segment == SLRUSegment(.multixactMembers, number: 0x10))
    #expect(page == BlockNumber(77))
    #expect(
      #expect(throws: FormatError.self) { try Key.controlFile.relationBlock() }?.description
        == "key family: found 0x03, expected 0x00, relations (byte 0, line 1)"
    )
    #expect(throws: FormatError.self) { try Key.controlFile.slruBlock() }
    #expect(#expect(throws: FormatError.self) { try Key(1, 3, 1, 0, 0, 0).slruBlock() }?.field == "SLRU kind")
  }
}
