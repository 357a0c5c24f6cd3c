import Engine
import IndexFormat

/// Prints what a timeline has at an LSN.
struct KeySpaceReport {
  let catalog: TimelineCatalog
  let view: TimelineView
  let lsn: Lsn
  let desk: CommandDesk

  // MARK: Text

  func writeText(_ show: KeySpaceCommand.Show) async throws(ReadError) {
    desk.writeLine("timeline \(view.id) of \(view.tenantShard) at \(lsn)")
    let census = try await TimelineCensus.count(catalog, at: lsn)
    switch show {
    case .ranges: writeRanges(census.keySpace)
    case .databases: writeDatabases(census)
    case .relations:
      var table = TextTable([.init(title: "relation"), .init(title: "blocks", isNumber: true)])
      for size in census.relations { table.add(["\(size.tag)", "\(size.blockCount)"]) }
      desk.writeLines(table.lines(desk.style))
    case .slrus:
      var table = TextTable([.init(title: "segment"), .init(title: "blocks", isNumber: true)])
      for size in census.segments { table.add(["\(size.segment)", "\(size.blockCount)"]) }
      desk.writeLines(table.lines(desk.style))
    case .auxFiles:
      var table = TextTable([.init(title: "bytes", isNumber: true), .init(title: "file")])
      for file in census.auxFiles { table.add(["\(file.content.count)", "\(file.path)"]) }
      desk.writeLines(table.lines(desk.style))
    case .summary: break
    }
    writeSummary(census)
  }

  private func writeRanges(_ keys: CollectedKeySpace) {
    var table = TextTable([
      .init(title: "from"), .init(title: "up to"), .init(title: "keys", isNumber: true),
      .init(title: "begins with"),
    ])
    for range in keys.dense.ranges {
      let count = range.rawLength
      table.add([
        "\(range.start)", "\(range.end)", count == KeyRange.unknownLength ? "?" : "\(count)",
        "\(KeyClass(range.start))",
      ])
    }
    for range in keys.sparse {
      table.add(["\(range.start)", "\(range.end)", "sparse", Self.family(range)])
    }
    desk.writeLines(table.lines(desk.style))
  }

  private static func family(_ range: KeyRange) -> String {
    switch range {
    case .auxFiles: "aux files"
    case .replicationOrigins: "replication origins"
    case .relationDirectoriesV2: "relation directory entries (v2)"
    default: "other keys"
    }
  }

  private func writeDatabases(_ census: TimelineCensus) {
    var table = TextTable([
      .init(title: "database"), .init(title: "forks", isNumber: true), .init(title: "blocks", isNumber: true),
      .init(title: "size", isNumber: true), .init(title: "relation map"),
    ])
    for database in census.databases {
      table.add([
        "\(database.entry.database)", "\(database.forkCount)", "\(database.blockCount)",
        DecimalText.bytes(database.byteCount), database.entry.hasRelationMap ? "yes" : "no",
      ])
    }
    desk.writeLines(table.lines(desk.style))
  }

  private func writeSummary(_ census: TimelineCensus) {
    let keys = census.keySpace
    var table = TextTable([.init(title: ""), .init(title: "")])
    table.add([
      "keys",
      "\(DecimalText.grouped(keys.dense.rawLength)) in \(Count(keys.dense.ranges.count, "range")), "
        + "and \(Count(keys.sparse.count, "sparse range"))",
    ])
    table.add(["databases", "\(census.databases.count)"])
    table.add(["relation forks", "\(census.relations.count)"])
    let size = census.logicalByteCount
    let isExact = catalog.facts.shard.index.number == 0
    table.add([
      "logical size",
      isExact ? "\(DecimalText.grouped(size)) bytes (\(DecimalText.bytes(size)))" : "known to shard 0 alone",
    ])
    table.add([
      "SLRU segments",
      catalog.facts.hasSLRUs
        ? "\(census.segments.count) of \(Count(census.slruBlockCount, "block"))" : "known to shard 0 alone",
    ])
    table.add(["aux files", "\(census.auxFiles.count)"])
    table.add(["replication origins", "\(census.origins.count)"])
    table.add(["prepared transactions", "\(census.preparedCount)"])
    desk.writeLines(table.lines(desk.style))
  }

  // MARK: JSON

  func writeJSON(_ show: KeySpaceCommand.Show) async throws(ReadError) {
    var json = JSONWriter()
    if show == .ranges {
      // Of the shape that page servers give, and no more reads than they make.
      let keys = try await catalog.keySpace(at: lsn)
      json.object { json in
        Self.member("keys", keys.dense.ranges, &json)
        Self.member("sparse_keys", keys.sparse, &json)
        json.member("at_lsn", lsn.description)
      }
    } else {
      let census = try await TimelineCensus.count(catalog, at: lsn)
      json.object { write(census, show, &$0) }
    }
    desk.write(json.bytes)
    desk.writeLine("")
  }

  private static func member(_ name: String, _ ranges: [KeyRange], _ json: inout JSONWriter) {
    json.member(name) { json in
      json.array { json in
        for range in ranges {
          json.array { json in
            json.value(range.start.description)
            json.value(range.end.description)
          }
        }
      }
    }
  }

  private func write(_ census: TimelineCensus, _ show: KeySpaceCommand.Show, _ json: inout JSONWriter) {
    json.member("tenant_shard_id", view.tenantShard.description)
    json.member("timeline_id", view.id.description)
    json.member("at_lsn", lsn.description)
    switch show {
    case .ranges, .summary: break
    case .databases:
      Self.objects("databases", census.databases, &json) { json, database in
        json.member("tablespace", database.entry.database.tablespace)
        json.member("database", database.entry.database.database)
        json.member("has_relation_map", database.entry.hasRelationMap)
        json.member("relation_forks", database.forkCount)
        json.member("bytes", database.byteCount)
      }
    case .relations:
      Self.objects("relations", census.relations, &json) { json, size in
        json.member("relation", size.tag.description)
        json.member("blocks", size.blockCount)
      }
    case .slrus:
      Self.objects("slru_segments", census.segments, &json) { json, size in
        json.member("slru", size.segment.kind.folder)
        json.member("segment", size.segment.fileName)
        json.member("blocks", size.blockCount)
      }
    case .auxFiles:
      Self.objects("aux_files", census.auxFiles, &json) { json, file in
        json.member("path", file.path.description)
        json.member("bytes", file.content.count)
      }
    }
    json.member("keys", census.keySpace.dense.rawLength)
    json.member("database_count", census.databases.count)
    json.member("relation_fork_count", census.relations.count)
    if catalog.facts.shard.index.number == 0 { json.member("logical_size", census.logicalByteCount) }
    json.member("slru_segment_count", census.segments.count)
    json.member("aux_file_count", census.auxFiles.count)
    json.member("replication_origin_count", census.origins.count)
    json.member("prepared_transaction_count", census.preparedCount)
  }

  private static func objects<Item>(
    _ name: String,
    _ items: [Item],
    _ json: inout JSONWriter,
    _ body: (inout JSONWriter, Item) -> Void
  ) {
    json.member(name) { json in
      json.array { json in for item in items { json.object { body(&$0, item) } } }
    }
  }
}
