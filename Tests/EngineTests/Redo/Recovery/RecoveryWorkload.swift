/// What the server does before replay begins, and what is replayed.
///
/// Statements are chosen so that their WAL has every kind of record that a single session can cause.
enum RecoveryWorkload {
  /// Restore points that recovery goes up to: before relations are dropped and written anew, and the last one. Each
  /// comes behind a checkpoint, so that the server's recovery writes its pages when it ends.
  static let middle = "middle"
  static let end = "end"
  static var rest: [String] { [second, third] }

  static let first = """
    set client_min_messages = error;
    create table plain (id int, pad text) with (fillfactor = 70);
    insert into plain select g, repeat('x', g % 50) from generate_series(1, 2000) g;
    create table keyed (id int primary key, tag text, value int, note text);
    create index on keyed (tag);
    create index on keyed (value) where value > 100;
    insert into keyed select g, 'tag ' || g % 20, g % 400, repeat('note ', g % 9) from generate_series(1, 3000) g;
    create table wide (id int, big text);
    alter table wide alter big set storage external;
    insert into wide select g, repeat(chr(65 + g % 26), 5000 + g * 37) from generate_series(1, 60) g;
    create table hashed (id int, bucket int);
    create index hashed_id on hashed using hash (id);
    create index hashed_bucket on hashed using hash (bucket);
    create table ranged (id int, word text) with (fillfactor = 10);
    alter table ranged alter word set storage plain;
    create index ranged_id on ranged using brin (id) with (pages_per_range = 1, autosummarize = off);
    create index ranged_word on ranged using brin (word) with (pages_per_range = 1);
    create table bloomed (a int, b int, c int);
    do $$ begin
      if exists (select from pg_available_extensions where name = 'bloom') then
        create extension bloom;
        create index on bloomed using bloom (a, b, c);
      end if;
    end $$;
    create table documents (id int, words tsvector, area point, path text, span int4range);
    create index on documents using gin (words);
    create index on documents using gist (area);
    create index on documents using gist (span);
    create index on documents using spgist (area);
    create index on documents using spgist (path);
    create sequence counter cache 3;
    create unlogged table fleeting (id int primary key, word text);
    create index on fleeting using hash (id);
    insert into fleeting select g, 'fleeting' from generate_series(1, 100) g;
    create table doomed (id int);
    insert into doomed select generate_series(1, 500);
    """

  private static let second = """
    set client_min_messages = error;
    -- heap: updates, locks, freezing
    update plain set pad = pad || 'y' where id % 7 = 0;
    update plain set pad = pad || 'zz' where id % 7 = 0;
    delete from plain where id % 11 = 0;
    select count(*) from plain;
    begin;
    savepoint a;
    update plain set pad = 'lost' where id < 200;
    rollback to a;
    delete from plain where id between 300 and 320;
    rollback;
    begin; select * from plain where id = 1 for share; prepare transaction 'shared';
    begin; select * from plain where id = 1 for key share; select id from plain where id = 2 for update; commit;
    commit prepared 'shared';
    begin; update keyed set note = 'changed' where id = 5; prepare transaction 'updated';
    select id from keyed where id = 5 for key share;
    commit prepared 'updated';
    begin; select id from keyed where id = 8 for no key update; prepare transaction 'kept';
    select id from keyed where id = 8 for key share;
    rollback prepared 'kept';
    insert into keyed values (5, 'again', 1, ''), (7001, 'new', 2, '')
      on conflict (id) do update set value = excluded.value;
    vacuum plain;
    vacuum freeze keyed;
    create table copied (id int, word text);
    copy copied from program 'seq -f "%.0f\tword %.0f" 1 3000 | head -2500';
    begin;
    create table frozen (id int, word text);
    copy frozen from program 'seq -f "%.0f	frozen" 1 2000' with (freeze);
    commit;
    update frozen set word = 'thawed' where id % 50 = 0;
    delete from frozen where id % 90 = 0;
    create table summary as select id % 10 as d, count(*) from plain group by 1;
    -- pages in many versions
    do $$ begin for i in 1..40 loop update keyed set value = value + 1000 where id <= 60; end loop; end $$;
    do $$ begin for i in 1..20 loop
      update keyed set value = value + 1 where id between 100 and 160;
      perform count(*) from keyed where value > 100 and value < 600; end loop; end $$;
    -- wide rows
    update wide set big = big || 'more' where id % 3 = 0;
    delete from wide where id % 5 = 0;
    vacuum wide;
    -- b-tree: random inserts, duplicates, page deletion
    insert into keyed select 10000 + (g * 7919) % 3001, 'tag ' || g % 3, g, ''
      from generate_series(1, 3000) g on conflict do nothing;
    create table long_keys (k text);
    create index on long_keys (k);
    insert into long_keys select md5(g::text) || repeat('k', 700) from generate_series(1, 500) g;
    create table many (v int);
    create index on many (v);
    insert into many select g % 5 from generate_series(1, 4000) g;
    insert into many select g % 5 from generate_series(1, 1000) g;
    insert into many select g % 2500 from generate_series(1, 3500) g;
    delete from many where v > 200 and v < 2200;
    vacuum many;
    delete from keyed where id between 500 and 2500;
    vacuum keyed;
    vacuum keyed;
    insert into keyed select g, 'back', 3, '' from generate_series(500, 1500) g;
    delete from many where v % 5 = 2 and ctid::text like '%1)';
    vacuum many;
    -- hash: splits, overflow, squeezing
    insert into hashed select g, g % 3 from generate_series(1, 2500) g;
    delete from hashed where id % 4 = 0;
    vacuum hashed;
    delete from hashed where bucket = 1;
    vacuum hashed;
    insert into hashed select g, g % 3 from generate_series(1, 1500) g;
    update hashed set bucket = 7 where id < 900;
    set enable_seqscan = off; set enable_bitmapscan = off;
    do $$ begin for i in 1..4 loop
      delete from hashed where ctid in (select ctid from hashed where bucket = 2 limit 250);
      perform count(*) from hashed where bucket = 2;
      perform count(*) from hashed where bucket = 0; end loop; end $$;
    reset enable_seqscan; reset enable_bitmapscan;
    insert into hashed select g, 2 from generate_series(1, 1500) g;
    -- brin
    insert into ranged select g, repeat(chr(97 + g % 26), 600 + g % 100) from generate_series(1, 1500) g;
    select brin_summarize_new_values('ranged_id');
    vacuum ranged;
    update ranged set word = repeat('m', 300) || id where id % 97 = 0;
    insert into ranged select -g, repeat('a', 1 + g % 1000) from generate_series(1, 300) g;
    select brin_desummarize_range('ranged_word', 3), brin_desummarize_range('ranged_id', 5);
    vacuum ranged;
    -- bloom
    insert into bloomed select g, g % 17, g % 5 from generate_series(1, 1500) g;
    delete from bloomed where a % 3 = 0;
    vacuum bloomed;
    -- gin, gist, sp-gist
    insert into documents select g, to_tsvector('simple', 'word' || g % 50 || ' term' || g || ' all'),
      point(g % 71, g % 53),
      repeat('p', g % 5) || g, int4range(g, g + g % 40) from generate_series(1, 1500) g;
    delete from documents where id % 3 = 0;
    vacuum documents;
    insert into documents select g, to_tsvector('simple', 'word' || g % 5), point(g, g), 'path' || g,
      int4range(g, g + 5)
      from generate_series(1, 300) g;
    -- sequences
    select setval('counter', 1000), nextval('counter');
    select count(nextval('counter')) from generate_series(1, 200);
    alter sequence counter increment 5;
    checkpoint;
    insert into hashed select g, 2 from generate_series(1, 100) g;
    delete from plain where id % 17 = 0;
    vacuum plain;
    select pg_create_restore_point('\(middle)');
    -- relations that go and change
    drop table doomed;
    truncate summary;
    insert into summary values (1, 2);
    create index plain_id on plain (id); cluster plain using plain_id;
    alter table fleeting set logged;
    alter table copied set unlogged;
    delete from frozen where id > 300;
    vacuum frozen;
    checkpoint;
    """

  private static let third = """
    set client_min_messages = error;
    update plain set pad = 'third' where id % 13 = 0;
    insert into keyed select g, 'third', g, '' from generate_series(20000, 20500) g;
    insert into hashed select g, g % 9 from generate_series(5000, 6000) g;
    insert into bloomed select g, g % 17, g % 5 from generate_series(1, 300) g;
    insert into documents select g, to_tsvector('simple', 'third' || g), point(g, -g), 'third' || g,
      int4range(g, g + 1) from generate_series(1, 200) g;
    delete from many where v = 3;
    vacuum many;
    vacuum plain;
    select nextval('counter');
    select pg_create_restore_point('\(end)');
    select pg_switch_wal();
    """
}
