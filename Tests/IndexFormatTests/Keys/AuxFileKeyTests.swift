import Testing

@testable import IndexFormat

struct AuxFileKeyTests {
  @Test(arguments: [
    ("", "144066263297769815596495629667062367629"), ("test1", "265160408618497461376862998434862070044"),
    ("test/test2", "295486155126299629456360817749600553988"),
  ])
  func hash(text: String, decimal: String) {
    #expect(String(withBytes(text) { FNV1a128.hash($0) }) == decimal)
  }

  @Test(arguments: [
    ("foobar", "62793c64bf6f0d3597ba446f18"), ("", "2e07bb014262b821756295c58d"),
  ])
  func hashBytes(text: String, hex: String) {
    let low = withBytes(text) { FNV1a128.hash($0) } & (UInt128(1) << 104 - 1)
    #expect(String(low, radix: 16) == hex)
  }

  @Test(arguments: [
    ("pg_logical/mappings/test1", "62000001017F8B83D94F7081693471ABF91C"),
    ("pg_logical/snapshots/test2", "62000001027F8E83D94F7081693471ABFCCD"),
    ("pg_logical/replorigin_checkpoint", "62000001032E07BB014262B821756295C58D"),
    ("pg_logical/unsupported", "62000001FF4F38E1C74754E7D03C1A660178"),
    ("pg_replslot/test3", "62000002017F8D83D94F7081693471ABFB92"),
    ("other_file_not_supported", "620000FFFF2B6ECC8AEF93F643DC44F15E03"),
    ("pg_stat/pgstat.stat", "62000003014A14AF1BD3D02542B00AA75B8E"),
    ("pg_replslot/sub1/state", "62000002011CDE14934B1DC19112DDCD798A"),
    ("foo/bar1", "620000FFFFC170659B4A56E88E3E26FECCCC"),
  ])
  func keys(path: String, key: String) throws {
    let auxFile = AuxFileKey(path: path)
    #expect(auxFile.key.description == key)
    #expect(AuxFileKey(auxFile.key) == auxFile)
    #expect(auxFile.key.isSparse && auxFile.key.isAuxFile && auxFile.key.isCompactLossless)
    #expect(KeyRange.auxFiles.contains(auxFile.key))
  }

  @Test func folders() {
    #expect(AuxFileKey(path: "pg_logical/mappings/x").folder == .logicalMappings)
    #expect(AuxFileKey(path: "pg_logical/replorigin_checkpoint").folder == .replicationOriginCheckpoint)
    #expect(AuxFileKey(path: "pg_logical/replorigin_checkpoint2").folder == .otherLogical)
    #expect(AuxFileKey(path: "pg_logical").folder == .other)
    #expect(AuxFileKey(path: "pg_stat/x").folder == .statistics)
    #expect(AuxFileKey(pathBeforeStatisticsFolder: "pg_stat/x").folder == .other)
    #expect(AuxFileKey(Key(0x62, 0x0909, 0, 0, 0, 0))?.folder == nil)
    #expect(AuxFileKey(Key(0x62, 0x10101, 0, 0, 0, 0)) == nil)
    #expect(AuxFileKey(Key(0x63, 0x0101, 0, 0, 0, 0)) == nil)
  }
}
