import Foundation
import IndexFormat

@testable import Scrubber

/// WAL of a PostgreSQL 15 of this machine: initdb, and some work of all common kinds. Made once.
final class RealWAL: Sendable {
  private let folder: TemporaryFolder
  /// The folder with its segments.
  var path: String { "\(folder.path)/data/pg_wal" }
  let segment = "000000010000000000000001"

  private static let shared = Task { try RealWAL() }

  static func made() async throws -> RealWAL { try await shared.value }

  private static let work = """
    create table t (id int primary key, v text, w int[]);
    insert into t select i, repeat('x', i % 50), array[i, i + 1] from generate_series(1, 2000) i;
    create index on t (v);
    create index on t using hash (v);
    create index on t using gin (w);
    create index on t using brin (id);
    update t set v = v || 'y' where id % 3 = 0;
    delete from t where id % 5 = 0;
    select * from t where id < 20 for update;
    vacuum freeze t;
    insert into t select i, 'again', array[i] from generate_series(3000, 4000) i;
    create sequence s; select nextval('s');
    create table p as select point(i, i) as p from generate_series(1, 500) i;
    create index on p using gist (p); create index on p using spgist (p);
    truncate p; drop table p;
    select pg_logical_emit_message(false, 'prefix', 'content');
    create database other strategy file_copy;
    drop database other;
    checkpoint;
    update t set v = 'z' where id < 100;
    select pg_create_restore_point('here');
    """

  private init() throws {
    folder = try TemporaryFolder()
    let (path, programs, user) = (folder.path, RealPostgres.programs, RealPostgres.asUser)
    try RealPostgres.shell("chmod 755 '\(path)' && mkdir '\(path)/data'")
    if !user.isEmpty { try RealPostgres.shell("chown postgres '\(path)/data'") }
    try RealPostgres.shell(
      "\(user)\(programs)/initdb -D '\(path)/data' -U scrubber --no-sync --locale=C.UTF-8 -A trust"
    )
    // Each line is one command there.
    try RealPostgres.shell(
      "\(user)\(programs)/postgres --single -D '\(path)/data' -c wal_level=logical -c max_wal_senders=1 postgres",
      input: Self.work
    )
  }

  /// What `pg_waldump` prints of the segment from its beginning to its end.
  func waldump(_ arguments: String) throws -> String {
    try RealPostgres.shell(
      "TZ=UTC \(RealPostgres.programs)/pg_waldump -p '\(path)' -s 0/1000028 \(arguments) 2> /dev/null || true"
    )
  }

  func bytes() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: "\(path)/\(segment)"))) }
}
