/// Statements that make PostgreSQL write all kinds of records of its tree-like indexes. An empty line ends each.
enum IndexWorkload {
  /// Posting trees that grow, shrink and lose pages; pending lists; long and short rows.
  static let gin = """
    create table g (id int, a int[]);

    create index on g using gin (a) with (fastupdate = off);

    insert into g select i, array[0, case when i % 4 = 0 then i % 3000 when i % 4 = 1 then 9000 + i end]
    from generate_series(1, 30000) i;

    delete from g where id % 3 = 0;

    vacuum g;

    insert into g select i, array[0, i % 5 + 1] from generate_series(30001, 38000) i;

    delete from g where id between 2000 and 25000 or id > 30000;

    vacuum g;

    vacuum g;

    insert into g select i, array[0, i % 3] from generate_series(40001, 50000) i;

    create table l (id int, a int[]);

    create index on l using gin (a) with (fastupdate = on, gin_pending_list_limit = 256);

    insert into l select i, array[i % 11, i % 501, i] from generate_series(1, 6000) i;

    insert into l select i, (select array_agg(i * 7 + j) from generate_series(1, 2000) j) from generate_series(1, 6) i;

    insert into l select i, array[i % 3, i] from generate_series(1, 100) i;

    select gin_clean_pending_list('l_a_idx');

    delete from l where id % 2 = 0;

    vacuum l;

    create table w (t tsvector);

    insert into w select to_tsvector('simple', md5(i::text) || ' ' || i % 97) from generate_series(1, 3000) i;

    create index on w using gin (t);

    insert into w select to_tsvector('simple', md5(i::text) || ' ' || i % 97) from generate_series(1, 3000) i;

    vacuum w;
    """

  /// Splits of leaves, inner pages and roots; tuples that scans marked; pages that vacuum deletes, and their use again.
  static let gist = """
    create table p (id int, p point, r int4range);

    create index on p using gist (p);

    create index on p using gist (r);

    insert into p select i, point(hashint4(i) % 10000, hashint4(i + 7) % 10000),
    int4range(abs(hashint4(i) % 100000), abs(hashint4(i) % 100000) + i % 50) from generate_series(1, 20000) i;

    delete from p where id % 3 = 0;

    set enable_seqscan = off;

    set enable_bitmapscan = off;

    select count(*) from p where p <@ box '((-20000,-20000),(20000,20000))';

    select count(*) from p where r && int4range(0, 200000);

    insert into p select i, point(hashint4(i) % 10000, hashint4(i + 7) % 10000),
    int4range(abs(hashint4(i) % 100000), abs(hashint4(i) % 100000) + i % 50) from generate_series(1, 5000) i;

    vacuum p;

    create index on p using gist (p);

    delete from p where p <@ box '((-6000,-6000),(6000,6000))';

    vacuum p;

    select pg_current_xact_id();

    vacuum p;

    insert into p select i, point(hashint4(i) % 5000, hashint4(i + 9) % 5000), int4range(i, i + 9)
    from generate_series(1, 5000) i;

    create table b (b box);

    create index on b using gist (b);

    insert into b select box(point(i, i), point(i + 1, i + 1)) from generate_series(1, 5000) i;
    """

  /// Splits of all kinds in text and points; dead tuples, redirections and placeholders, and what takes their places.
  static let spgist = """
    create table s (id int, t text, p point);

    create index on s using spgist (t);

    create index on s using spgist (p);

    create index on s using spgist (p kd_point_ops);

    insert into s select i, 'http://example/' || i % 100 || '/' || md5(i::text), point(hashint4(i), hashint4(-i))
    from generate_series(1, 8000) i;

    insert into s select i, chr(40 + i % 2000) || chr(50 + i % 77) || md5(i::text), point(i % 71, i % 73)
    from generate_series(1, 8000) i;

    insert into s select i, repeat('long prefix ', i % 40) || i, null from generate_series(1, 3000) i;

    insert into s select i, null, null from generate_series(1, 2000) i;

    vacuum s;

    delete from s where t like 'http://example/7/%' or id % 3 = 0;

    vacuum s;

    insert into s select i, 'http://example/' || i % 100 || '/' || md5(i::text), point(hashint4(i), hashint4(-i))
    from generate_series(1, 5000) i;

    delete from s where id > 3000;

    vacuum s;

    select pg_current_xact_id();

    vacuum s;

    insert into s select i, 'http://other/' || i % 100 || '/' || md5(i::text), point(hashint4(i), hashint4(-i))
    from generate_series(1, 5000) i;

    create table z (t text);

    create index on z using spgist (t);

    insert into z select 'few ' || i from generate_series(1, 30) i;

    delete from z where t like '%3';

    vacuum z;

    insert into z select 'few ' || i from generate_series(1, 2) i;
    """
}
