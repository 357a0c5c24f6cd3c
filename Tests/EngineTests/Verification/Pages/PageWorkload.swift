/// Statements for pages that other work does not leave behind: odd rows, and each access method's odd tuples.
enum PageWorkload {
  static let script = """
    set client_min_messages = error;
    -- rows that move to another partition, that nobody finished, of no columns and of many
    create table parts (id int, part int) partition by list (part);
    create table parts1 partition of parts for values in (1);
    create table parts2 partition of parts for values in (2);
    insert into parts select g, 1 from generate_series(1, 800) g;
    update parts set part = 2 where id % 3 = 0;
    create table bare ();
    insert into bare select from generate_series(1, 700);
    create table taken (id int primary key, word text);
    insert into taken select g, 'a' from generate_series(1, 300) g;
    do $$ begin for i in 1..300 loop
      insert into taken values (i, 'b') on conflict (id) do update set word = taken.word || 'c'; end loop; end $$;
    do $$ declare columns text; begin
      select string_agg('c' || g || ' int', ', ') into columns from generate_series(1, 1590) g;
      execute 'create table broad (' || columns || ')'; end $$;
    insert into broad (c1, c700) select g, g from generate_series(1, 60) g;
    insert into broad (c1590) select g from generate_series(1, 60) g;
    update broad set c9 = c1 where c1 % 2 = 0;
    create table grown (id int);
    insert into grown select g from generate_series(1, 500) g;
    alter table grown add column word text default 'filled', add column other int;
    update grown set other = id where id % 4 = 0;
    insert into grown values (null, null, null), (1, null, 3);
    -- updates within a page that come to nothing, and locks on what they leave
    create table chains (id int primary key, value int) with (fillfactor = 40);
    insert into chains select g, 0 from generate_series(1, 400) g;
    begin; update chains set value = 1; savepoint a; update chains set value = 2; rollback to a;
    update chains set value = 3 where id % 2 = 0; commit;
    begin; update chains set value = 4; rollback;
    begin; select count(*) from (select * from chains for update) as rows; savepoint a;
    update chains set value = 5 where id % 3 = 0; rollback to a; delete from chains where id % 7 = 0; commit;
    select count(*) from chains;
    do $$ begin for i in 1..30 loop
      begin update chains set value = value + 1 where id % 5 = i % 5; if i % 3 = 0 then raise exception 'no'; end if;
      exception when others then null; end; perform count(*) from chains where id < 50; end loop; end $$;
    begin; select * from chains where id = 1 for share; prepare transaction 'chain';
    begin; select * from chains where id = 1 for key share; update chains set value = 9 where id = 2; commit;
    commit prepared 'chain';
    update chains set value = 10 where id = 1;
    vacuum chains;
    select lo_create(0), count(lo_from_bytea(0, convert_to(repeat('large', g * 900), 'UTF8')))
      from generate_series(1, 9) g;
    create materialized view seen as select id, word from taken;
    refresh materialized view seen;
    -- trees: nulls, several columns, values beside the key, several levels, both orders
    create table keys (a int, b text, c numeric, d point, e tsvector, f jsonb, g int[]);
    insert into keys select case when n % 9 > 0 then n % 500 end,
      case when n % 7 > 0 then repeat('key', n % 200) || n end,
      n * 1.5, case when n % 11 > 0 then point(n % 60, n % 70) end, to_tsvector('simple', 'w' || n % 300 || ' x' || n),
      case when n % 13 > 0 then jsonb_build_object('n', n % 40, 'list', array[n, n % 3]) end,
      case n % 5 when 0 then null when 1 then '{}' when 2 then array[null, n] else array[n % 20, n] end
      from generate_series(1, 6000) n;
    create index on keys (a, b desc nulls last) include (c);
    create index on keys (b, a);
    create index on keys (a desc);
    create index on keys ((c::text || repeat('long', 300)));
    create unique index on keys (c) where a is not null;
    -- others
    create index on keys using hash (a) with (fillfactor = 20);
    create index on keys using hash (b);
    create index on keys using gist (d);
    create index on keys using gist (d) include (a);
    create index on keys using gist (e) with (buffering = on);
    create index on keys using spgist (b);
    create index on keys using spgist (d);
    create index on keys using spgist (d) include (a, b);
    create index on keys using gin (e);
    create index on keys using gin (f);
    create index on keys using gin (f jsonb_path_ops) with (fastupdate = off);
    create index on keys using gin (g, e);
    create index on keys using brin (a, b) with (pages_per_range = 1);
    create index on keys using brin (a int4_minmax_multi_ops, c numeric_bloom_ops) with (pages_per_range = 2);
    create index on keys using brin (int4range(a, a + 9)) with (pages_per_range = 4);
    insert into keys select n, 'more' || n, -n, point(n, n), to_tsvector('simple', 'y' || n), '{}', array[n]
      from generate_series(1, 2500) n;
    delete from keys where a % 3 = 0;
    vacuum keys;
    update keys set a = a + 1, d = point(a, a) where a % 5 = 0;
    insert into keys select n, repeat('z', 90) || n % 40, n + 100000, point(-n, n), to_tsvector('simple', 'z' || n % 9),
      null, '{1}' from generate_series(1, 2500) n;
    set enable_seqscan = off;
    delete from keys where a between 100 and 140;
    select count(*) from keys where a between 90 and 150;
    select count(*) from keys where b like 'more%' and d <@ box '((0,0),(900,900))';
    reset enable_seqscan;
    delete from keys where a > 300;
    vacuum keys;
    vacuum freeze keys;
    create unlogged table passing (a int, b text, c int[], d point);
    create index on passing (a);
    create index on passing using gin (c);
    create index on passing using gist (d);
    create index on passing using spgist (b);
    create index on passing using brin (a);
    insert into passing select n, 'p' || n, array[n], point(n, n) from generate_series(1, 500) n;
    """
}
