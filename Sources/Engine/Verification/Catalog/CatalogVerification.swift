import IndexFormat

/// Compares pg_class of a database at an LSN with the relations that there are. For one task.
///
/// | row of pg_class | relation | told |
/// |---|---|---|
/// | visible, permanent, with a file | none | `relation.missing` |
/// | visible, unlogged, with a file | no init fork | `relation.missing` |
/// | visible, of a mapped catalog | not in the relation map | `relation.unmapped` |
/// | none, also none that nobody sees | a main fork | `relation.unlisted` |
///
/// Nothing is told of a database that is being made: its pg_class names relations that are still to be copied.
///
/// Temporary relations have no WAL, and so no storage here; unlogged ones have the fork that they begin with. What
/// transactions under way made may be there or not.
final class CatalogVerification {
  private let verification: Verification
  private let database: DatabaseTag
  private let lsn: Lsn
  private let results: VerificationResults

  init(
    _ verification: Verification,
    _ database: DatabaseTag,
    _ lsn: Lsn,
    _ results: VerificationResults
  ) {
    self.verification = verification
    self.database = database
    self.lsn = lsn
    self.results = results
  }

  func run() async throws(ReadError) {
    let catalog = verification.catalog
    let (database, lsn) = (database, lsn)
    let tags = try await readable { () async throws(ReadError) in
      try await catalog.relations(ofListed: [database], at: lsn)
    }
    let map = try await readable { () async throws(ReadError) in
      try await catalog.relationMap(of: database, at: lsn)
    }
    guard let tags, let map, try await DatabaseRow.isComplete(database, catalog, at: lsn) else { return }
    var claimed = Set(map.mappings.map(\.fileNumber))
    if database != .global {
      let mapped = Set(map.mappings.map(\.relation))
      var scan = ClassScan(catalog, at: lsn)
      let isRead = try await scan.forEachRow(of: database) { row, visibility in
        claimed.insert(row.fileNumber)
        if visibility == .visible { check(row, tags, mapped) }
      }
      // Half of a catalog accuses too many.
      guard isRead else { return }
    }
    for tag in tags where tag.fork == .main && !claimed.contains(tag.relation) {
      results.add(
        .relationUnlisted,
        key: .relationSize(tag),
        lsn: lsn,
        "relation \(tag) is named by no row of pg_class"
      )
    }
  }

  private func check(_ row: ClassRow, _ tags: [RelationTag], _ mapped: Set<UInt32>) {
    // What all databases share is mapped, by the map of the global tablespace.
    guard row.hasStorage, !row.isShared, row.isPermanent || row.isUnlogged else { return }
    guard row.fileNumber != 0 else {
      guard !mapped.contains(row.identifier) else { return }
      results.add(
        .relationUnmapped,
        key: .relationMap(database),
        lsn: lsn,
        "pg_class says that the relation map of \(database) leads to the file of relation \(row.identifier)",
        seen: "no entry"
      )
      return
    }
    // Relations in other tablespaces are in another directory, and Neon has no other tablespaces.
    guard row.tablespace == 0 || row.tablespace == database.tablespace else { return }
    let fork = row.isUnlogged ? RelationFork.initial : .main
    let tag = RelationTag(database, relation: row.fileNumber, fork: fork)
    guard !tags.contains(sorted: tag) else { return }
    results.add(
      .relationMissing,
      key: .relationSize(tag),
      lsn: lsn,
      "relation \(row.identifier) of database \(database) has no file \(tag), which pg_class names"
    )
  }
}
