import Testing

@testable import IndexFormat

struct RelationTagTests {
  static let base = RelationTag(tablespace: 1663, database: 208_101, relation: 2620)

  @Test(arguments: [
    ("1663/208101/2620", RelationFork.main), ("1663/208101/2620_fsm", .freeSpaceMap),
    ("1663/208101/2620_vm", .visibilityMap), ("1663/208101/2620_init", .initial),
    ("1663/208101/2620.77", RelationFork(77)),
  ])
  func written(text: String, fork: RelationFork) {
    let tag = RelationTag(Self.base.database, relation: 2620, fork: fork)
    #expect(tag.description == text)
    #expect(RelationTag(text) == tag)
  }

  @Test func numbersAndNamesOfForksAreOne() {
    #expect(RelationTag("1663/208101/2620.1") == RelationTag("1663/208101/2620_fsm"))
    #expect(RelationTag("1663/208101/2620_3") == RelationTag("1663/208101/2620.init"))
  }

  @Test(arguments: [
    ("", "tablespace"), ("1663", "tablespace"), ("x/1/2", "tablespace"), ("4294967296/1/2", "tablespace"),
    ("1663/1", "database"), ("1663//2", "database"), ("1663/x/2", "database"), ("1663/1/", "relation"),
    ("1663/1/2/3", "relation"), ("1663/1/-2", "relation"), ("1663/1/2_", "fork"), ("1663/1/2_256", "fork"),
    ("1663/1/2_foo", "fork"), ("1663/1/2.fsm.1", "fork"), ("_fsm", "tablespace"), ("1_1/2/3", "fork"),
    ("///", "tablespace"), ("1663/1_fsm", "database"),
  ])
  func refused(text: String, field: String) {
    #expect(#expect(throws: FormatError.self) { try RelationTag(parsing: text) }?.field == field)
    #expect(RelationTag(text) == nil)
  }

  @Test func forkIsTheLastToOrderBy() throws {
    let texts = ["1/2/3", "1/2/3_fsm", "1/2/4", "1/3/1", "2/1/1", "2/1/1_init"]
    let tags = try texts.map { try #require(RelationTag($0)) }
    #expect(tags.reversed().sorted() == tags)
  }

  @Test func filePaths() {
    #expect(Self.base.filePath(segment: 0) == "base/208101/2620")
    #expect(Self.base.filePath(segment: 3) == "base/208101/2620.3")
    let global = RelationTag(.global, relation: 1262, fork: .visibilityMap)
    #expect(global.filePath(segment: 12) == "global/1262_vm.12")
  }

  @Test(
    arguments: [
      ("1234", 1234, 0, 0), ("1234_init.12", 1234, 3, 12), ("3147483648", 3_147_483_648, 0, 0),
      ("1234_fsm", 1234, 1, 0), ("1234_vm", 1234, 2, 0), ("1234.1", 1234, 0, 1), ("4294967295", .max, 0, 0),
    ] as [(String, UInt32, UInt8, UInt32)]
  )
  func fileNames(text: String, relation: UInt32, fork: UInt8, segment: UInt32) throws {
    let name = try RelationFileName(parsing: text)
    #expect(name == RelationFileName(relation: relation, fork: RelationFork(fork), segment: segment))
    #expect(name.description == text)
  }

  @Test(arguments: [
    "foo", "1.2.3", "1234_", "-1234", "12345678901", "1234_invalid", "", ".", "_", "1234.", "_fsm", ".1",
    "1234_1",
    "1234.99999999999", "1234.1_fsm", "1234_FSM", "4294967296",
  ])
  func noFileNames(text: String) {
    #expect(throws: FormatError.self) { try RelationFileName(parsing: text) }
  }
}
