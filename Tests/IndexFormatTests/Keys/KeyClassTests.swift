import Testing

@testable import IndexFormat

struct KeyClassTests {
  static let fsm = RelationTag(tablespace: 1663, database: 208_101, relation: 2620, fork: .freeSpaceMap)
  static let members = SLRUSegment(.multixactMembers, number: 0x10)
  static let database = DatabaseTag(tablespace: 1663, database: 5)

  @Test(arguments: [
    (KeyClass.relationBlock(fsm, BlockNumber(2)), "000000067F00032CE500000A3C0100000002"),
    (.relationMap(database), "000000067F00000005000000000000000000"),
    (.relationDirectoryV1(database), "000000067F00000005000000000000000001"),
    (.relationMap(.global), "000000068000000000000000000000000000"),
    (.relationDirectoryV1(.global), "000000068000000000000000000000000001"),
    (.slruBlock(members, BlockNumber(3)), "010000000100000001000000100000000003"),
    (.slruSegmentSize(SLRUSegment(.multixactOffsets, number: 0)), "0100000002000000010000000000FFFFFFFF"),
    (.twoPhaseFile(0x2e5), "0200000000000000000000000000000002E5"),
    (.twoPhaseFile(0xa_0000_02e4), "020000000000000000000000000A000002E4"),
    (.twoPhaseFile(0x1234_5678_9abc_def0), "02000000000000000000123456789ABCDEF0"),
    (.replicationOrigin(1), "630000000000000000000000000000000001"),
    (.replicationOrigin(0xffff), "63000000000000000000000000000000FFFF"),
    (
      .relationDirectoryV2(RelationTag(database, relation: 16384, fork: .initial)),
      "650000067F00000005000040000300000001"
    ),
    (.databaseDirectory, "000000000000000000000000000000000000"),
    (.controlFile, "030000000000000000000000000000000000"),
    (.checkpoint, "030000000000000000000000000000000001"),
    (.auxFilesV1, "030000000000000000000000000000000002"),
    (.twoPhaseDirectory, "020000000000000000000000000000000000"),
    (.slruDirectory(.transactionStatus), "010000000000000000000000000000000000"),
    (.auxFile(AuxFileKey(path: "pg_replslot/test3")), "62000002017F8D83D94F7081693471ABFB92"),
    (.relationSize(RelationTag(database, relation: 16384)), "000000067F0000000500004000 00FFFFFFFF"),
  ])
  func vectors(keyClass: KeyClass, text: String) throws {
    let key = try #require(Key(text.filter { $0 != " " }))
    #expect(KeyClass(key) == keyClass)
    #expect(keyClass.key == key)
  }

  @Test(arguments: [
    "000000000000000005000000000000000000", "000000067F00000005000000000000000002",
    "000000067F000000050000000000FFFFFFFF", "000000067F00000005000000000100000000",
    "010000000300000001000000100000000003", "010000000100000001000000100000000020",
    "010000000100000001000000100100000003", "010000000100000002000000100000000003",
    "010000000100000000000000010000000000", "020000000100000000000000000000000005",
    "020000000000000000010000000000000005", "030000000000000000000000000000000003",
    "030000000100000000000000000000000000", "040000000000000000000000000000000000",
    "630000000000000000000000000000010000", "630000000100000000000000000000000001",
    "650000067F00000005000040000300000002", "650001067F00000005000040000300000001",
    "620001010100000000000000000000000000", "600000000000000000000000000000000000",
    "7F0000000000000000000000000000000000", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
  ])
  func unknown(text: String) throws {
    let keyClass = KeyClass(try #require(Key(text)))
    #expect(keyClass == .unknown)
    #expect(keyClass.key == nil)
  }

  @Test func reservedPrefixes() {
    #expect(KeyClass(Key(0x61, 0, 0, 0, 0, 0)) == .reserved(prefix: 0x61))
    #expect(KeyClass(Key(0x64, 1, 2, 3, 4, 5)) == .reserved(prefix: 0x64))
  }

  @Test(arguments: [
    ("000000067F00000005000040000100000007", "relation 1663/5/16384_fsm block 7"),
    ("000000067F000000050000400000FFFFFFFF", "relation 1663/5/16384 size"),
    ("010000000000000001000000100000000003", "SLRU pg_xact segment 0010 block 3"),
    ("010000000200000001000123450000000000", "SLRU pg_multixact/offsets segment 12345 block 0"),
    ("000000000000000000000000000000000000", "database directory"),
    ("000000068000000000000000000000000000", "relation map of 1664/0"),
    ("0200000000000000000000000000000002E5", "prepared transaction 741"),
    ("630000000000000000000000000000000001", "replication origin 1"),
    (
      "62000002017F8D83D94F7081693471ABFB92",
      "aux file in pg_replslot, key 62000002017F8D83D94F7081693471ABFB92"
    ),
    (
      "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
      "key of no known family (FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF)"
    ),
    (
      "640000000000000000000000000000000000",
      "reserved key prefix 64 (640000000000000000000000000000000000)"
    ),
  ])
  func summary(text: String, summary: String) throws {
    #expect(try #require(Key(text)).describe() == summary)
  }

  /// A class never forgets anything of its key: small worlds of all fields, exhaustively.
  @Test func everyKnownClassGivesBackItsKey() {
    let words: [UInt32] = [
      0, 1, 2, 3, 0x1f, 0x20, 0x67f, 0xffff, 0x10000, 0xff_ffff, 0x100_0000, 0xffff_ffff,
    ]
    let prefixes: [UInt8] = [0, 1, 2, 3, 4, 0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x7f, 0xff]
    var known = 0
    var wrong = 0
    for field1 in prefixes {
      for field2 in words {
        for field3 in [0, 1, 2, 5] as [UInt32] {
          for field4 in words {
            for field5 in [0, 1, 3, 4, 255] as [UInt8] {
              for field6 in words {
                let key = Key(field1, field2, field3, field4, field5, field6)
                guard let back = KeyClass(key).key else { continue }
                known += 1
                if back != key { wrong += 1 }
              }
            }
          }
        }
      }
    }
    #expect(wrong == 0)
    #expect(known > 10_000)
  }

  @Test(
    .enabled(if: Golden.isPresent, Golden.absence),
    arguments: [
      ("pageserver/oracle/E.tar.zst", "E.main@initdb.pages.tsv"),
      ("pageserver/oracle/B.tar.zst", "B.0004.main@end.pages.tsv"),
    ]
  )
  func everyStoredKeyIsOfAKnownFamily(archive: String, member: String) throws {
    let lines = try Golden.archiveLines(archive, member: member).filter { !$0.hasPrefix("#") }
    #expect(lines.count > 900)
    for line in lines {
      let key = try #require(Key(String(line.prefix(Key.textLength))))
      #expect(KeyClass(key).key == key, "\(key.describe())")
      #expect(key.isCompactLossless)
    }
  }
}
