import IndexFormat

/// The relations of one database, first layout: the value of `Key.relationDirectoryV1`.
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 8 | number of entries |
/// | 8 | 5 each | relation u32, fork u8 |
///
/// Numbers are big-endian. Written by page servers in the order of a hash table, here in ascending order. An entry that
/// is there twice counts once. Relation 0 does not exist: page servers refuse to read or write it, so it is an error.
///
/// Dropping a relation takes its entry out and leaves its pages and its size where they are. So the directory alone
/// says which relations there are.
///
/// Source: `pageserver/src/pgdatadir_mapping.rs`.
public struct RelationDirectory: StoredValue {
  public struct Entry: Hashable, Comparable, Sendable {
    public var relation: UInt32
    public var fork: RelationFork

    public init(relation: UInt32, fork: RelationFork) {
      self.relation = relation
      self.fork = fork
    }

    public static func < (left: Entry, right: Entry) -> Bool {
      left.relation == right.relation ? left.fork < right.fork : left.relation < right.relation
    }
  }

  /// In ascending order, each once.
  public private(set) var entries: [Entry]
  /// Entries that were there once more than they count. Not written again.
  public private(set) var repeatedEntryCount = 0

  static let entryByteCount = 5

  public init() { entries = [] }

  public init(_ entries: [Entry]) {
    let (unique, repeated) = entries.sortedByLast(<)
    self.entries = unique
    repeatedEntryCount = repeated
  }

  public init(parsing bytes: RawSpan) throws(FormatError) {
    var reader = ByteReader(bytes)
    let count = try reader.count("entries", elementByteCount: RelationDirectory.entryByteCount)
    var entries: [Entry] = []
    entries.reserveCapacity(count)
    for _ in 0..<count {
      let start = reader.offset
      let relation = try reader.uint32("relnode")
      guard relation != 0 else {
        throw FormatError(
          .badValue,
          offset: start,
          field: "relnode",
          found: "0",
          expected: "a relation's number"
        )
      }
      entries.append(Entry(relation: relation, fork: RelationFork(try reader.uint8("forknum"))))
    }
    try reader.end(of: "relation directory")
    self.init(entries)
  }

  public func encode(into bytes: inout [UInt8]) {
    bytes.appendBigEndian(UInt64(entries.count))
    for entry in entries {
      bytes.appendBigEndian(entry.relation)
      bytes.append(entry.fork.number)
    }
  }

  /// False if it was there already.
  mutating func insert(_ entry: Entry) -> Bool {
    let position = entries.firstPosition { !($0 < entry) }
    if position < entries.count, entries[position] == entry { return false }
    entries.insert(entry, at: position)
    return true
  }

  /// False if it was not there.
  mutating func remove(_ entry: Entry) -> Bool {
    let position = entries.firstPosition { !($0 < entry) }
    guard position < entries.count, entries[position] == entry else { return false }
    entries.remove(at: position)
    return true
  }

  public func contains(relation: UInt32, fork: RelationFork) -> Bool {
    let wanted = Entry(relation: relation, fork: fork)
    let position = entries.firstPosition { !($0 < wanted) }
    return position < entries.count && entries[position] == wanted
  }
}
