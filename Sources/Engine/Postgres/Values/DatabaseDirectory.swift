import IndexFormat

/// The databases of a cluster: the value of `Key.databaseDirectory`.
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 8 | number of entries |
/// | 8 | 9 each | tablespace u32, database u32, whether there is a relation map: bool |
///
/// Numbers are big-endian, as `ByteReader` reads them. Page servers write the entries in the order of a hash table, so
/// the same databases have many encodings: compare what is read, never bytes. Written here in ascending order.
///
/// An entry is made without a relation map by the first relation in that tablespace and database; the map comes with
/// `CREATE DATABASE`, and with it `PG_VERSION`. An entry that is there twice is read as page servers read it: the last
/// one counts.
///
/// Source: `pageserver/src/pgdatadir_mapping.rs`.
public struct DatabaseDirectory: StoredValue {
  public struct Entry: Equatable, Sendable {
    public var database: DatabaseTag
    public var hasRelationMap: Bool

    public init(_ database: DatabaseTag, hasRelationMap: Bool) {
      self.database = database
      self.hasRelationMap = hasRelationMap
    }
  }

  /// In ascending order of the databases, each once.
  public private(set) var entries: [Entry]
  /// Entries whose database another one has, too. Not written again.
  public private(set) var repeatedEntryCount = 0

  static let entryByteCount = 9

  public init() { entries = [] }

  public init(_ entries: [Entry]) {
    let (unique, repeated) = entries.sortedByLast { $0.database < $1.database }
    self.entries = unique
    repeatedEntryCount = repeated
  }

  public init(parsing bytes: RawSpan) throws(FormatError) {
    var reader = ByteReader(bytes)
    let count = try reader.count("entries", elementByteCount: DatabaseDirectory.entryByteCount)
    var entries: [Entry] = []
    entries.reserveCapacity(count)
    for _ in 0..<count {
      let database = DatabaseTag(
        tablespace: try reader.uint32("spcnode"),
        database: try reader.uint32("dbnode")
      )
      entries.append(Entry(database, hasRelationMap: try reader.bool("has_relmap_file")))
    }
    try reader.end(of: "database directory")
    self.init(entries)
  }

  public func encode(into bytes: inout [UInt8]) {
    bytes.appendBigEndian(UInt64(entries.count))
    for entry in entries {
      bytes.appendBigEndian(entry.database.tablespace)
      bytes.appendBigEndian(entry.database.database)
      bytes.append(entry.hasRelationMap)
    }
  }

  /// Puts an entry in place of one of the same database.
  mutating func set(_ entry: Entry) {
    let position = entries.firstPosition { !($0.database < entry.database) }
    if position < entries.count, entries[position].database == entry.database {
      entries[position] = entry
    } else {
      entries.insert(entry, at: position)
    }
  }

  /// Whether there was such a database.
  mutating func remove(_ database: DatabaseTag) -> Bool {
    let position = entries.firstPosition { !($0.database < database) }
    guard position < entries.count, entries[position].database == database else { return false }
    entries.remove(at: position)
    return true
  }

  /// The entry of a database; nil if there is no such database.
  public func entry(of database: DatabaseTag) -> Entry? {
    let position = entries.firstPosition { !($0.database < database) }
    return position < entries.count && entries[position].database == database ? entries[position] : nil
  }
}
