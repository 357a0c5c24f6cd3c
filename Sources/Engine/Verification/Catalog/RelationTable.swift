import IndexFormat
import Synchronization

/// Which kind of pages each file of a database has, as pg_class tells it.
final class RelationTable: Sendable {
  /// Of main forks, by the number in keys of pages.
  private let kinds: [UInt32: PageKind]

  static let empty = RelationTable([:])

  init(_ kinds: [UInt32: PageKind]) { self.kinds = kinds }

  /// Nil where nobody says.
  func kind(of tag: RelationTag) -> PageKind? {
    switch tag.fork {
    case .freeSpaceMap: .freeSpaceMap
    case .visibilityMap: .visibilityMap
    default: kinds[tag.relation]
    }
  }
}

/// The tables of databases at LSNs, each read once and a few of them kept.
final class RelationTables: Sendable {
  private struct Place: Hashable {
    var database: DatabaseTag
    var lsn: Lsn
  }

  private typealias Reading = Task<Result<RelationTable, ReadError>, Never>

  private let catalog: TimelineCatalog
  private let tables = Mutex<[(place: Place, reading: Reading)]>([])

  private static let limit = 4
  /// Relations of a database whose kinds are kept.
  private static let relationLimit = 1 << 20

  init(_ catalog: TimelineCatalog) { self.catalog = catalog }

  /// Without entries where pg_class cannot be read, which says nothing of the pages. Throws for cancellation alone.
  func table(of database: DatabaseTag, at lsn: Lsn) async throws(ReadError) -> RelationTable {
    let place = Place(database: database, lsn: lsn)
    let catalog = catalog
    let reading = tables.withLock { tables -> Reading in
      if let known = tables.first(where: { $0.place == place }) { return known.reading }
      let reading = Reading { await Self.read(catalog, database, lsn) }
      if tables.count >= Self.limit { tables.removeFirst() }
      tables.append((place, reading))
      return reading
    }
    switch await reading.value {
    case .success(let table): return table
    case .failure(let error):
      if error.isCancellation, Task.isCancelled { throw .cancelled }
      return .empty
    }
  }

  private static func read(
    _ catalog: TimelineCatalog,
    _ database: DatabaseTag,
    _ lsn: Lsn
  ) async -> Result<RelationTable, ReadError> {
    do throws(ReadError) {
      return .success(RelationTable(try await kinds(catalog, database, lsn)))
    } catch {
      return .failure(error)
    }
  }

  private static func kinds(
    _ catalog: TimelineCatalog,
    _ database: DatabaseTag,
    _ lsn: Lsn
  ) async throws(ReadError) -> [UInt32: PageKind] {
    // Each pg_class has the catalogs that all databases share.
    var reader = database
    if database == .global {
      let directory = try await readable { () async throws(ReadError) in try await catalog.databases(at: lsn)
      }
      guard let first = directory?.entries.first(where: { $0.hasRelationMap && $0.database != .global })
      else {
        return [:]
      }
      reader = first.database
    }
    let map = try await readable { () async throws(ReadError) in
      try await catalog.relationMap(of: database, at: lsn)
    }
    var files: [UInt32: UInt32] = [:]
    for mapping in map?.mappings ?? [] { files[mapping.relation] = mapping.fileNumber }
    var kinds: [UInt32: PageKind] = [:]
    var scan = ClassScan(catalog, at: lsn)
    let mapped = files
    let isRead = try await scan.forEachRow(of: reader) { row, visibility in
      guard visibility != .invisible, row.hasStorage, kinds.count < relationLimit else { return }
      guard row.isShared == (database == .global) else { return }
      let file = row.fileNumber != 0 ? row.fileNumber : mapped[row.identifier] ?? 0
      guard file != 0 else { return }
      // A file that two rows name differently has a kind that nobody can tell.
      let isTold = kinds[file].map { $0 == row.pageKind } ?? true
      kinds[file] = isTold ? row.pageKind : .other
    }
    return isRead ? kinds : [:]
  }
}
