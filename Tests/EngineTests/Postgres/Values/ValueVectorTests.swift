import Engine
import IndexFormat
import Testing

/// Values byte by byte, as page servers write them.
struct ValueVectorTests {
  private func encoded(_ encode: (inout [UInt8]) -> Void) -> String {
    var bytes: [UInt8] = []
    encode(&bytes)
    return bytes.hex
  }

  @Test func emptyDirectoryIsEightZeros() throws {
    let bytes = [UInt8](repeating: 0, count: 8)
    #expect(try DatabaseDirectory(parsing: bytes.span.bytes) == DatabaseDirectory())
    #expect(try RelationDirectory(parsing: bytes.span.bytes) == RelationDirectory())
    #expect(try SLRUSegmentDirectory(parsing: bytes.span.bytes) == SLRUSegmentDirectory())
    #expect(try AuxFilesDirectory(parsing: bytes.span.bytes) == AuxFilesDirectory())
    #expect(try TwoPhaseDirectory(parsing: bytes.span.bytes, pgVersion: 15).transactions == [])
    #expect(try TwoPhaseDirectory(parsing: bytes.span.bytes, pgVersion: 17).transactions == [])
    #expect(encoded(DatabaseDirectory().encode) == "0000000000000000")
  }

  @Test func databaseDirectory() throws {
    let bytes = [UInt8](hex: "0000000000000002 0000068000000000 01 0000067f00000005 00")
    let directory = try DatabaseDirectory(parsing: bytes.span.bytes)
    let database = DatabaseTag(tablespace: 1663, database: 5)
    #expect(directory.entries.map(\.database) == [database, .global])
    #expect(directory.entry(of: database)?.hasRelationMap == false)
    #expect(directory.entry(of: .global)?.hasRelationMap == true)
    #expect(directory.entry(of: DatabaseTag(tablespace: 1663, database: 6)) == nil)
    let one = DatabaseDirectory([DatabaseDirectory.Entry(database, hasRelationMap: true)])
    #expect(encoded(one.encode) == "00000000000000010000067f0000000501")
    let global = DatabaseDirectory([DatabaseDirectory.Entry(.global, hasRelationMap: true)])
    #expect(encoded(global.encode) == "0000000000000001000006800000000001")
  }

  @Test func lastOfRepeatedDatabasesCounts() throws {
    let entry = "0000067f00000005"
    let bytes = [UInt8](hex: "0000000000000003 \(entry) 01 000006800000000001 \(entry) 00")
    let directory = try DatabaseDirectory(parsing: bytes.span.bytes)
    #expect(directory.repeatedEntryCount == 1 && directory.entries.count == 2)
    #expect(directory.entries[0].hasRelationMap == false)
    let reversed = try DatabaseDirectory(
      parsing: [UInt8](hex: "0000000000000002 \(entry) 00 \(entry) 01").span.bytes
    )
    #expect(reversed.entries.map(\.hasRelationMap) == [true] && reversed.repeatedEntryCount == 1)
  }

  @Test func relationDirectory() throws {
    let one = RelationDirectory([RelationDirectory.Entry(relation: 16384, fork: .initial)])
    #expect(encoded(one.encode) == "00000000000000010000400003")
    let bytes = [UInt8](hex: "0000000000000003 0000400003 0000400000 0000400003")
    let directory = try RelationDirectory(parsing: bytes.span.bytes)
    #expect(directory.entries.map(\.fork) == [.main, .initial] && directory.repeatedEntryCount == 1)
    #expect(directory.contains(relation: 16384, fork: .initial))
    #expect(!directory.contains(relation: 16384, fork: .freeSpaceMap))
    #expect(!directory.contains(relation: 16385, fork: .main))
    let zero = [UInt8](hex: "0000000000000001 0000000000")
    let error = formatError { () throws(FormatError) in try RelationDirectory(parsing: zero.span.bytes) }
    #expect(error?.kind == .badValue && error?.offset == 8)
  }

  @Test func relationMarker() throws {
    #expect(try RelationMarker(parsing: [UInt8(ascii: "r")].span.bytes) == .exists)
    #expect(try RelationMarker(parsing: [UInt8]().span.bytes) == .removed)
    for bytes in [[0x71], [0x72, 0], [0]] as [[UInt8]] {
      #expect(
        formatError { () throws(FormatError) in try RelationMarker(parsing: bytes.span.bytes) }?.kind
          == .badValue
      )
    }
    #expect(encoded(RelationMarker.exists.encode) == "72" && encoded(RelationMarker.removed.encode) == "")
  }

  @Test func slruSegmentDirectory() throws {
    #expect(encoded(SLRUSegmentDirectory([0]).encode) == "000000000000000100000000")
    let bytes = [UInt8](hex: "0000000000000003 00000010 00000002 00000010")
    let directory = try SLRUSegmentDirectory(parsing: bytes.span.bytes)
    #expect(directory.segments == [2, 16] && directory.repeatedEntryCount == 1)
  }

  @Test func twoPhaseDirectoryOfBothWidths() throws {
    #expect(encoded(TwoPhaseDirectory([0x2e5], width: .short).encode) == "0000000000000001000002e5")
    let full = TwoPhaseDirectory([0xa_0000_02e4], width: .full)
    #expect(encoded(full.encode) == "00000000000000010000000a000002e4")
    let short = [UInt8](hex: "0000000000000002 000002e6 000002e5")
    let long = [UInt8](hex: "0000000000000001 0000000a000002e4")
    #expect(try TwoPhaseDirectory(parsing: short.span.bytes).transactions == [0x2e5, 0x2e6])
    #expect(try TwoPhaseDirectory(parsing: short.span.bytes, pgVersion: 16).width == .short)
    #expect(try TwoPhaseDirectory(parsing: long.span.bytes) == full)
    #expect(try TwoPhaseDirectory(parsing: long.span.bytes, pgVersion: 17) == full)
    let wrong = formatError { () throws(FormatError) in
      try TwoPhaseDirectory(parsing: long.span.bytes, pgVersion: 15)
    }
    #expect(wrong?.kind == .trailingBytes)
    let cut = formatError { () throws(FormatError) in
      try TwoPhaseDirectory(parsing: short.span.bytes, pgVersion: 17)
    }
    #expect(cut?.kind == .truncated)
  }

  @Test func auxFilesDirectory() throws {
    let text = "00000000000000010000000000000008666f6f2f626172310000000000000008636f6e74656e7431"
    let directory = try AuxFilesDirectory(parsing: [UInt8](hex: text).span.bytes)
    #expect(directory.file(at: AuxFilePath("foo/bar1"))?.content == Array("content1".utf8))
    #expect(encoded(directory.encode) == text)
  }

  @Test func auxFileRecordsChangeTheDirectory() throws {
    var directory = AuxFilesDirectory()
    // As a delta layer has them: tag 1, a record, then which one.
    let stored = [
      "00000001 00000006 0000000000000008 666f6f2f62617231 01 0000000000000008 636f6e74656e7431",
      "00000001 00000006 0000000000000008 666f6f2f62617231 00",
    ]
    for (text, count) in zip(stored, [1, 0]) {
      guard case .record(let record) = try LayerValue(parsing: [UInt8](hex: text).span.bytes) else {
        Issue.record("no record")
        return
      }
      try directory.apply(record)
      #expect(directory.files.count == count)
    }
    directory.put(AuxFilePath("b"), content: [1])
    directory.put(AuxFilePath("a"), content: [2])
    directory.put(AuxFilePath("b"), content: [3])
    directory.put(AuxFilePath("c"), content: nil)
    #expect(directory.files.map(\.content) == [[2], [3]])
    #expect(throws: FormatError.self) { try directory.apply(.clogSetAborted(transactions: [1])) }
  }

  @Test func pathsThatOnlyLookAlikeAreTwoFiles() throws {
    let composed = AuxFilePath("caf\u{e9}")
    let decomposed = AuxFilePath("cafe\u{301}")
    #expect(composed.description == decomposed.description)
    #expect(composed != decomposed)
    #expect(
      AuxFilesDirectory([AuxFile(composed, content: [1]), AuxFile(decomposed, content: [2])]).files.count == 2
    )
  }

  @Test func auxFileList() throws {
    let one = "0100000008666f6f2f6261723100000008636f6e74656e7431"
    let two =
      "010000001170675f6c6f676963616c2f312e66696c6500000004313131310000001170675f6c6f676963616c2f322e66696c65"
      + "0000000432323232"
    for text in [one, two, ""] {
      #expect(encoded(try AuxFileList(parsing: [UInt8](hex: text).span.bytes).encode) == text)
    }
    var list = try AuxFileList(parsing: [UInt8](hex: two).span.bytes)
    list.update(AuxFilePath("pg_logical/1.file"), content: [5])
    #expect(list.files.map(\.path.description) == ["pg_logical/2.file", "pg_logical/1.file"])
    list.update(AuxFilePath("pg_logical/2.file"), content: [])
    #expect(list.files == [AuxFile(AuxFilePath("pg_logical/1.file"), content: [5])])
    list.update(AuxFilePath("pg_logical/1.file"), content: [])
    #expect(encoded(list.encode) == "")
  }

  @Test(arguments: [
    ("02", FormatError.Kind.badValue), ("0100000001", .truncated), ("010000000161", .truncated),
    ("01000000016100000002", .truncated), ("0100000001ff00000000", .badValue),
    ("01 0000000161 0000000131 0000000161 0000000132", .duplicateField), ("01ffffffff", .truncated),
  ])
  func damagedAuxFileListIsRefused(text: String, kind: FormatError.Kind) {
    let bytes = [UInt8](hex: text)
    #expect(
      formatError { () throws(FormatError) in try AuxFileList(parsing: bytes.span.bytes) }?.kind == kind
    )
  }

  @Test func replicationOrigin() throws {
    let value = try ReplicationOriginValue(parsing: [UInt8](hex: "00000000016b5a50").span.bytes)
    #expect(value.remoteLsn == Lsn("0/16B5A50") && value.isPresent)
    #expect(encoded(value.encode) == "00000000016b5a50")
    let dropped = try ReplicationOriginValue(parsing: [UInt8](hex: "0000000000000000").span.bytes)
    #expect(dropped.remoteLsn == .invalid && !dropped.isPresent)
    let none = try ReplicationOriginValue(parsing: [UInt8]().span.bytes)
    #expect(none.remoteLsn == nil && !none.isPresent && encoded(none.encode) == "")
    for count in [1, 7, 9] {
      let bytes = [UInt8](repeating: 0, count: count)
      #expect(throws: FormatError.self) { try ReplicationOriginValue(parsing: bytes.span.bytes) }
    }
  }

  @Test func blockCountIsLittleEndian() throws {
    let value = try BlockCountValue(parsing: [UInt8](hex: "0a010000").span.bytes)
    #expect(value.blockCount == 266 && value.trailingByteCount == 0 && encoded(value.encode) == "0a010000")
    #expect(try BlockCountValue(parsing: [UInt8](hex: "0a01000009").span.bytes).trailingByteCount == 1)
    #expect(throws: FormatError.self) { try BlockCountValue(parsing: [UInt8](hex: "0a0100").span.bytes) }
  }

  @Test func relationMapOfBothLengths() throws {
    for (version, length) in [(14, 512), (15, 512), (16, 524), (17, 524)] as [(UInt32, Int)] {
      let mapping = RelationMap.Mapping(relation: 1259, fileNumber: 16400)
      let map = try #require(RelationMap([mapping], layout: RelationMap.Layout(pgVersion: version)))
      var bytes: [UInt8] = []
      map.encode(into: &bytes)
      #expect(bytes.count == length)
      #expect(try RelationMap(parsing: bytes.span.bytes, pgVersion: version) == map)
      #expect(try RelationMap(parsing: bytes.span.bytes) == map)
      let other: UInt32 = version < 16 ? 16 : 15
      #expect(throws: FormatError.self) { try RelationMap(parsing: bytes.span.bytes, pgVersion: other) }
      for offset in 0..<(length == 512 ? 508 : 524) {
        var damaged = bytes
        damaged[offset] ^= 0x10
        #expect(throws: FormatError.self) { try RelationMap(parsing: damaged.span.bytes) }
      }
    }
    let many = [RelationMap.Mapping](repeating: .init(relation: 1, fileNumber: 1), count: 63)
    #expect(RelationMap(many, layout: .upTo15) == nil && RelationMap(many, layout: .since16) != nil)
  }
}
