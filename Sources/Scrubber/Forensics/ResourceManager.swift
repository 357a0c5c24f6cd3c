/// Resource managers of PostgreSQL's WAL by their numbers, which are the same in versions 14 to 17.
///
/// Source: PostgreSQL, `access/rmgrlist.h`; 134 is Neon's own.
enum ResourceManager {
  private static let names = [
    "XLOG", "XACT", "SMGR", "CLOG", "DBASE", "TBLSPC", "MULTIXACT", "RELMAP", "STANDBY", "HEAP2", "HEAP",
    "BTREE",
    "HASH", "GIN", "GIST", "SEQ", "SPGIST", "BRIN", "COMMIT_TS", "REPLORIGIN", "GENERIC", "LOGICALMSG",
  ]

  static func name(_ number: UInt8) -> String {
    if number == 134 { return "NEON" }
    return Int(number) < names.count ? names[Int(number)] : "rmgr \(number)"
  }
}
