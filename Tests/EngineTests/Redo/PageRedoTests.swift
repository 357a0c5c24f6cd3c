@testable import Engine
import Foundation
import IndexFormat
import Testing

struct PageRedoTests {
  /// A row of PostgreSQL 15, inserted into a page that is made anew. The page is the one that the server wrote.
  @Test func anInsertMakesThePage() throws {
    let record = [UInt8](
      hex: """
        40000000ec830000488b3d0200000000800a0000846fe09700600f007f060000050000002c40000000000000ff0302
        00020818002a0000000b6e656f6e010008
        """
    )
    let tag = RelationTag(tablespace: 1663, database: 5, relation: 16428, fork: .main)
    var redo = PageRedo(RedoRules(version: .v15, hasNeonHeapRecords: false))
    let page = try redo.value(
      of: .relationBlock(tag, BlockNumber(0)),
      nil,
      [KeyRead.Record(lsn: Lsn(0x23d_abb8), record: .postgres(willInit: true, record: record), visit: 0)]
    )
    var expected = [UInt8](repeating: 0, count: 8192)
    let header = "00000000b8ab3d02000000001c00d81f0020042000000000d89f4200"
    let row = "ec8300000000000000000000000000000100020002081800" + "2a0000000b6e656f6e"
    expected.replaceSubrange(0..<28, with: [UInt8](hex: header))
    expected.replaceSubrange(8152..<8152 + row.count / 2, with: [UInt8](hex: row))
    #expect(page == expected)
  }

  @Test func aCommandIdOfNeonIsKept() throws {
    let record = [UInt8](
      hex: """
        4300000004040000f8cc4c0100000000800a0000739d5719006012007f06000005000000
        0d40000000000000ff03030001080400000018030100000000000000010008
        """
    )
    let tag = RelationTag(tablespace: 1663, database: 5, relation: 16397, fork: .main)
    var redo = PageRedo(RedoRules(version: .v15))
    let page = try redo.value(
      of: .relationBlock(tag, BlockNumber(0)),
      nil,
      [KeyRead.Record(lsn: Lsn(0x14c_cd78), record: .postgres(willInit: true, record: record), visit: 0)]
    )
    let start = try #require((24..<8192).first { page[$0] == 0x04 && page[$0 + 1] == 0x04 })
    #expect(Array(page[start + 8..<start + 12]) == [4, 0, 0, 0])
  }

  struct Request: Decodable {
    struct RecordText: Decodable {
      var lsn: String
      var willInit: Bool
      var record: String

      enum CodingKeys: String, CodingKey {
        case lsn
        case willInit = "will_init"
        case record = "rec_hex"
      }
    }
    struct KeyText: Decodable {
      var field1: UInt8
      var field2: UInt32
      var field3: UInt32
      var field4: UInt32
      var field5: UInt8
      var field6: UInt32
    }
    var version: UInt32
    var key: KeyText
    var records: [RecordText]

    enum CodingKeys: String, CodingKey {
      case version = "pg_version"
      case key
      case records
    }

    func replay() throws -> [UInt8] {
      var redo = PageRedo(RedoRules(version: try #require(PostgresVersion(major: version))))
      let tag = RelationTag(
        tablespace: key.field2,
        database: key.field3,
        relation: key.field4,
        fork: RelationFork(key.field5)
      )
      return try redo.value(
        of: .relationBlock(tag, BlockNumber(key.field6)),
        nil,
        try records.map {
          let record = NeonRecord.postgres(willInit: $0.willInit, record: [UInt8](hex: $0.record))
          return KeyRead.Record(lsn: try #require(Lsn($0.lsn)), record: record, visit: 0)
        }
      )
    }
  }

  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func theShortRequestGivesThePageOfPostgres14() throws {
    let folder = Golden.folder.appending(path: "neon-testdata")
    let data = try Data(contentsOf: folder.appending(path: "walredo_v14_short.json"))
    let expected = [UInt8](try Data(contentsOf: folder.appending(path: "short_v14_redo.page")))
    #expect(try JSONDecoder().decode(Request.self, from: data).replay() == expected)
  }

  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func theMediumRequestGivesAWholePage() throws {
    let folder = Golden.folder.appending(path: "neon-testdata")
    let data = try Data(contentsOf: folder.appending(path: "walredo_v14_medium.json"))
    let request = try JSONDecoder().decode(Request.self, from: data)
    let page = try request.replay()
    #expect(PageHeader.problem(of: page.span.bytes) == nil)
    #expect(HeapPage.problem(of: page.span.bytes) == nil)
    // Each record but the last inserts a row; that one tells that all are visible.
    #expect(try PageHeader(parsing: page.span.bytes).lower == 24 + 4 * UInt16(request.records.count - 1))
    #expect(page[10] & 4 == 4)
  }

  @Test func aRecordBelowThePageIsSkipped() throws {
    var redo = PageRedo(RedoRules(version: .v17))
    var base = [UInt8](repeating: 0, count: 8192)
    base.replaceSubrange(4..<8, with: [0xff, 0, 0, 0])
    let record = RedoRecord(manager: .heap, info: 0x10, blocks: [.init(number: 0)], main: [1])
    #expect(try redo.page(RedoRecord.key(0), base, [record.bytes]) == base)
  }

  @Test func errorsNameTheRecord() throws {
    var redo = PageRedo(RedoRules(version: .v17))
    let record = RedoRecord(manager: .heap, info: 0x10, blocks: [.init(number: 0)], main: [1])
    let key = RedoRecord.key(0)
    let error = #expect(throws: RedoError.self) { () throws -> Void in
      _ = try redo.page(key, [UInt8](repeating: 0, count: 8192), [record.bytes])
    }
    #expect(error?.fault == .dataTooShort(found: 1, expected: 4))
    #expect(error?.lsn == Lsn(8) && error?.resourceManager == 10 && error?.info == 0x10)
    let missing = #expect(throws: RedoError.self) { () throws -> Void in
      _ = try redo.page(key, nil, [record.bytes])
    }
    #expect(missing?.fault == .noBase)
    let foreign = #expect(throws: RedoError.self) { () throws -> Void in
      _ = try redo.page(RedoRecord.key(1), [UInt8](repeating: 0, count: 8192), [record.bytes])
    }
    #expect(foreign?.fault == .blockNotNamed)
  }
}
