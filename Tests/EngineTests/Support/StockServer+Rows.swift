import Foundation
import Testing

/// What the tables of a server hold.
///
/// | of | what is taken |
/// |---|---|
/// | tables of users, materialized views | number of rows, and the sum of the hashes of their texts |
/// | catalogs | number of rows, but of those that an autovacuum fills |
/// | sequences | the whole row |
struct TableRows: Equatable {
  /// By database and name.
  private(set) var tables: [String: String] = [:]
  private(set) var tableCount = 0
  private(set) var rowCount = 0

  /// How many rows each table of users has.
  private(set) var userRowCounts: [String: Int] = [:]

  fileprivate mutating func add(_ line: String, isSequence: Bool) throws {
    let fields = line.split(separator: "|", maxSplits: 1).map(String.init)
    try #require(fields.count == 2 && tables[fields[0]] == nil, "\(line)")
    tables[fields[0]] = fields[1]
    guard !isSequence else { return }
    tableCount += 1
    let parts = fields[1].split(separator: "|")
    let count = try #require(parts.first.flatMap { Int($0) }, "\(line)")
    rowCount += count
    // Of these there is a hash, too.
    if parts.count > 1 { userRowCounts[fields[0]] = count }
  }

  /// The tables that differ, with what both sides say.
  func differences(from other: TableRows) -> [String] {
    Set(tables.keys).union(other.tables.keys).sorted().compactMap { name in
      tables[name] == other.tables[name]
        ? nil : "\(name): \(tables[name] ?? "none"), not \(other.tables[name] ?? "none")"
    }
  }
}

extension StockServer {
  func rows(user: String) throws -> TableRows {
    var rows = TableRows()
    for database in try query("select datname from pg_database where datallowconn order by 1", user: user) {
      for isSequence in [false, true] {
        let lines = try query(Self.questions(isSequence), database: database, user: user)
        guard !lines.isEmpty else { continue }
        for line in try query(lines.joined(separator: "\n"), database: database, user: user) {
          try rows.add(line, isSequence: isSequence)
        }
      }
    }
    return rows
  }

  /// Asks for statements that give a line each.
  private static func questions(_ areSequences: Bool) -> String {
    let name = "format('%s.%s.%s', current_database(), nspname, relname)"
    let from = """
      from pg_class c join pg_namespace n on n.oid = relnamespace
      where relpersistence <> 't' and relname not in ('pg_statistic', 'pg_statistic_ext_data') and relkind in
      """
    if areSequences {
      return
        "select format('select %L, last_value, is_called from %s;', \(name), c.oid::regclass) \(from) ('S')"
    }
    let hash = """
      case when nspname ~ '^pg_|^information_schema$' then ''
      else ', coalesce(sum(hashtextextended(t::text, 0)), 0)' end
      """
    return """
      select format('select %L, count(t.*::text)%s from %s t;', \(name), \(hash), c.oid::regclass)
      \(from) ('r', 'm')
      """
  }
}

extension StockServer {
  /// What `pg_amcheck` finds in all databases: nothing, if all is well. The build of 16 that tests have lacks the
  /// extension; then nothing is looked at.
  func amcheck(user: String) throws -> String {
    let extensions = try query("select name from pg_available_extensions where name = 'amcheck'", user: user)
    guard !extensions.isEmpty else {
      try #require(programs.version == .v16, "no amcheck in \(programs)")
      return ""
    }
    return try run(
      "'\(programs.folder)/pg_amcheck' -h '\(folder.path)' -U \(user) --all --install-missing --heapallindexed 2>&1"
    )
  }
}
