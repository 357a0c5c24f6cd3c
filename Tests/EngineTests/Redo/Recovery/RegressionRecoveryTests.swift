@testable import Engine
import Foundation
import IndexFormat
import Testing

/// The same as `RecoveryTests` with PostgreSQL's own regression scripts as the work, many sessions at a time and with
/// autovacuum: for the night, as it takes minutes. `tools/nightly/regress` fetches the scripts and runs it.
@Suite(.serialized, .enabled(if: !RegressionScripts.all.isEmpty, RegressionScripts.absence))
struct RegressionRecoveryTests {
  private static let variants = [
    RecoveryTests.Variant(compression: "off", writesFullPages: false, hasChecksums: false),
    RecoveryTests.Variant(compression: "pglz", writesFullPages: true, hasChecksums: true, isLogical: true),
  ]

  @Test(arguments: RegressionScripts.all, variants)
  func everyPageIsThatOfTheServersRecovery(scripts: RegressionScripts, variant: RecoveryTests.Variant) throws
  {
    let server = try #require(PostgresPrograms.installed.first { $0.version == scripts.version })
    let common = ["autovacuum=on", "autovacuum_naptime='1s'", "max_connections=40", "shared_buffers='128MB'"]
    let cluster = try RecoveryCluster(
      server,
      settings: variant.settings(server.version) + common,
      hasChecksums: variant.hasChecksums
    )
    try cluster.work([RegressionScripts.database], crashes: false)
    try cluster.copyBase()
    var expectedCount = 0
    try cluster.run(crashes: true) {
      expectedCount = try cluster.runScripts(scripts)
      try cluster.query(RegressionScripts.end)
    }
    // A schedule that did not run would compare little.
    #expect(expectedCount > 120)
    let (base, wal) = (try RelationFiles(cluster.base), try cluster.wal())
    // Most relations are dropped again: what they were shows in between.
    for point in try scripts.points() + [RecoveryWorkload.end] {
      try cluster.recover(to: point)
      let histories = BlockHistories(wal, from: try cluster.redoStart(), to: point)
      #expect(histories.problems == [])
      let comparison = RecoveryComparison(
        base,
        try RelationFiles(cluster.recovered),
        histories,
        variant.rules(server.version),
        variant.hasChecksums
      )
      let recordCount = histories.operations.values.reduce(0, +)
      print(
        "\(server.version), \(variant), \(point): \(expectedCount) scripts as expected, \(recordCount) records of "
          + "\(histories.operations.count) kinds; \(comparison)"
      )
      #expect(comparison.wrong.isEmpty, "\(comparison.wrong.count): \(comparison.wrong.prefix(40))")
      #expect(comparison.equalCount > 2000)
      guard point == RecoveryWorkload.end else { continue }
      #expect(comparison.equalCount > 8000 && recordCount > 1_000_000 && histories.operations.count > 80)
    }
  }
}

/// The folder `src/test/regress` of a PostgreSQL's source, named by `SCRUBBER_REGRESS` as `15:/folder,17:/folder`.
struct RegressionScripts: CustomTestStringConvertible, Sendable {
  var version: PostgresVersion
  var folder: String

  var testDescription: String { "PostgreSQL \(version.major)" }

  static let all: [RegressionScripts] = {
    let text = ProcessInfo.processInfo.environment["SCRUBBER_REGRESS"] ?? ""
    return text.split(separator: ",").compactMap { item in
      let parts = item.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, let version = UInt32(parts[0]).flatMap(PostgresVersion.init(major:)) else {
        return nil
      }
      return RegressionScripts(version: version, folder: String(parts[1]))
    }
  }()
  static let absence: Comment = "SKIPPED, NOT CHECKED: no regression scripts; run tools/nightly/regress"

  /// As `pg_regress` makes it.
  static let database = """
    create database regression template template0;
    alter database regression set lc_messages to 'C';
    alter database regression set lc_monetary to 'C';
    alter database regression set lc_numeric to 'C';
    alter database regression set lc_time to 'C';
    alter database regression set bytea_output to 'hex';
    alter database regression set timezone_abbreviations to 'Default';
    """
  /// Recovery writes its pages when it ends behind a checkpoint.
  static let end = """
    checkpoint;
    select pg_create_restore_point('\(RecoveryWorkload.end)');
    select pg_switch_wal();
    """

  /// How many groups come before the next restore point.
  static let groupsPerPoint = 8

  /// Restore points between groups of scripts.
  func points() throws -> [String] {
    (1...(try groups().count) / Self.groupsPerPoint).map { "group \($0 * Self.groupsPerPoint)" }
  }

  /// The names of scripts in the order of the schedule: those of a group run at a time.
  func groups() throws -> [[String]] {
    let schedule = try String(contentsOfFile: "\(folder)/parallel_schedule", encoding: .utf8)
    return schedule.split(separator: "\n").filter { $0.hasPrefix("test:") }.map {
      $0.dropFirst("test:".count).split(separator: " ").map(String.init)
    }
  }
}

extension RecoveryCluster {
  /// Runs the scripts as `pg_regress` does. What they print is not looked at closely: autovacuum changes plans.
  ///
  /// - Returns: how many printed what they should.
  fileprivate func runScripts(_ scripts: RegressionScripts) throws -> Int {
    let place = folder.appending(path: "regress").path
    try shell("cp -r '\(scripts.folder)' '\(place)'; mkdir '\(place)/results'; chmod -R a+rwX '\(place)'")
    // The functions in C stand beside the scripts.
    let variables = [
      "PGHOST='\(folder.path)'", "PGUSER=scrubber", "PGDATABASE=regression", "LC_MESSAGES=C",
      "PGTZ=America/Los_Angeles", "PGDATESTYLE='Postgres, MDY'",
      "PGOPTIONS='-c intervalstyle=postgres_verbose'", "PG_ABS_SRCDIR='\(place)'",
      "PG_ABS_BUILDDIR='\(place)'", "PG_LIBDIR='\(place)'", "PG_DLSUFFIX=.so",
    ]
    let psql = "'\(server.folder)/psql' -X -a -q -v HIDE_TABLEAM=on -v HIDE_TOAST_COMPRESSION=on"
    var lines = ["export " + variables.joined(separator: " "), "cd '\(place)'"]
    for (index, group) in try scripts.groups().enumerated() {
      for name in group { lines.append("\(psql) < sql/\(name).sql > results/\(name).out 2>&1 &") }
      lines.append("wait")
      guard (index + 1) % RegressionScripts.groupsPerPoint == 0 else { continue }
      let point = "select pg_create_restore_point('group \(index + 1)')"
      lines.append("\(psql) -d postgres -c checkpoint -c \"\(point)\" > /dev/null")
    }
    // Some have several results that are right.
    lines.append(
      "for f in results/*.out; do b=${f#results/}; b=${b%.out}; for e in expected/$b.out expected/${b}_?.out"
    )
    lines.append("do if cmp -s $f $e; then echo $b; break; fi; done; done")
    let said = try shell("\(Self.asUser) bash", input: lines.joined(separator: "\n") + "\n")
    return said.split(separator: "\n").count
  }
}
