import Engine
import IndexFormat

/// A small cluster as a page server keeps it, for tests that change one value after the other.
struct ClusterBuilder {
  var values: [Key: [UInt8]] = [:]

  static let database = DatabaseTag(tablespace: 1663, database: 5)
  static let facts = TimelineFacts(shard: .unsharded(), pgVersion: 17)

  /// Two databases; 16384 with three forks, 16390 without pages; one segment of each SLRU.
  init() {
    put(
      .databaseDirectory,
      DatabaseDirectory([
        .init(Self.database, hasRelationMap: true), .init(.global, hasRelationMap: true),
      ])
    )
    for database in [Self.database, .global] { putRelations([], of: database) }
    putRelations([(16384, 0, 10), (16384, 1, 3), (16384, 2, 1), (16390, 0, 0)], of: Self.database)
    putRelations([(1260, 0, 1)], of: .global)
    for kind in SLRUKind.allCases {
      put(.slruDirectory(kind), SLRUSegmentDirectory([0]))
      put(.slruSegmentSize(SLRUSegment(kind, number: 0)), BlockCountValue(1))
      values[.slruBlock(SLRUSegment(kind, number: 0), BlockNumber(0))] = [UInt8](repeating: 0, count: 8192)
    }
    put(.twoPhaseDirectory, TwoPhaseDirectory([0xa_0000_02e4], width: .full))
    values[.twoPhaseFile(transaction: 0xa_0000_02e4)] = [1, 2, 3]
    values[.controlFile] = ValueFuzzTests.controlFile()
    values[.checkpoint] = [UInt8](hex: ValueFuzzTests.checkpoint)
    for database in [Self.database, .global] {
      values[.relationMap(database)] = ValueFuzzTests.relationMap(17)
    }
  }

  mutating func put(_ key: Key, _ value: some StoredValue) {
    var bytes: [UInt8] = []
    value.encode(into: &bytes)
    values[key] = bytes
  }

  /// Relation, fork, blocks: in the directory of the first layout.
  mutating func putRelations(_ relations: [(UInt32, UInt8, UInt32)], of database: DatabaseTag) {
    put(
      .relationDirectoryV1(database),
      RelationDirectory(relations.map { .init(relation: $0.0, fork: RelationFork($0.1)) })
    )
    for (relation, fork, blocks) in relations { putSize(relation, fork, blocks, of: database) }
  }

  mutating func putSize(_ relation: UInt32, _ fork: UInt8, _ blocks: UInt32, of database: DatabaseTag) {
    let tag = RelationTag(database, relation: relation, fork: RelationFork(fork))
    put(.relationSize(tag), BlockCountValue(blocks))
  }

  mutating func mark(_ relation: UInt32, _ marker: RelationMarker, of database: DatabaseTag) {
    put(.relationDirectoryV2(RelationTag(database, relation: relation)), marker)
  }

  func catalog(_ change: (inout TimelineFacts) -> Void = { _ in }) -> TimelineCatalog {
    var facts = Self.facts
    change(&facts)
    return TimelineCatalog(MemoryValueSource(values), facts)
  }
}

/// The error of an asynchronous read, nil if there is none.
func readError<Value>(_ body: () async throws(ReadError) -> Value) async -> ReadError? {
  do throws(ReadError) {
    _ = try await body()
    return nil
  } catch {
    return error
  }
}
