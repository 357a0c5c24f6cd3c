import IndexFormat

/// Imports the files of a cluster as page servers do: all values are images at one LSN.
///
/// | file | value |
/// |---|---|
/// | `global/N`, `base/DB/N`, with fork and segment | pages of a relation, its length, directories |
/// | `global/pg_filenode.map`, `base/DB/pg_filenode.map` | relation map; marks the database's entry |
/// | `global/pg_control` | control file, as it is; checkpoint: its copy in there |
/// | `pg_xact/N`, `pg_multixact/offsets/N`, `pg_multixact/members/N` | pages, lengths, directories; shard 0 alone |
/// | `pg_twophase/N` | file of a prepared transaction, with its checksum; directory |
/// | all others | none |
///
/// Files may come in any order. What an empty cluster has is there too: directories without entries.
///
/// Source: `pageserver/src/import_datadir.rs`.
public final class BaseBackupImport {
  public let rules: IngestRules
  public let lsn: Lsn
  private let layer = MemoryLayer()
  private var databases = DatabaseDirectory()
  private var relations: [DatabaseTag: RelationDirectory] = [:]
  private var sizes: [RelationTag: UInt32] = [:]
  private var segments: [SLRUKind: [UInt32]] = [:]
  private var prepared: TwoPhaseDirectory
  private var hasControlFile = false

  /// Bytes of all files together: they are held until the end.
  public static let maximumByteCount: UInt64 = 8 << 30

  /// - lsn: where WAL goes on behind the import.
  public init(_ rules: IngestRules, at lsn: Lsn) {
    self.rules = rules
    self.lsn = lsn
    prepared = TwoPhaseDirectory([], width: TwoPhaseDirectory.Width(pgVersion: UInt32(rules.version.major)))
  }

  /// Takes a file, by its path below the data directory.
  public func add(_ path: String, _ content: RawSpan) throws(IngestError) {
    do throws(IngestFault) {
      try take(path, content)
    } catch {
      throw IngestError(error, at: lsn)
    }
  }

  /// Whether something is made of the file.
  static func isImported(_ path: String) -> Bool { Kind(path) != nil }

  private enum Kind {
    case controlFile
    case relationMap(DatabaseTag)
    case relation(DatabaseTag, name: String)
    case segment(SLRUKind, name: String)
    case prepared(name: String)
    case tablespace

    /// Nil of files that nothing is made of.
    init?(_ path: String) {
      let parts = path.split(separator: "/").drop { $0 == "." }.map(String.init)
      guard let name = parts.last, !name.hasPrefix("."), name != "PG_VERSION" else { return nil }
      switch (parts.first, parts.count) {
      case ("global", 2) where name == "pg_control": self = .controlFile
      case ("global", 2): self.init(name, of: .global)
      case ("base", 3):
        guard let number = UInt32(parts[1]) else { return nil }
        self.init(name, of: DatabaseTag(tablespace: DatabaseTag.defaultTablespace, database: number))
      case ("pg_xact", 2): self = .segment(.transactionStatus, name: name)
      case ("pg_multixact", 3) where parts[1] == "offsets": self = .segment(.multixactOffsets, name: name)
      case ("pg_multixact", 3) where parts[1] == "members": self = .segment(.multixactMembers, name: name)
      case ("pg_twophase", 2): self = .prepared(name: name)
      case ("pg_tblspc", 2...): self = .tablespace
      default: return nil
      }
    }

    private init?(_ name: String, of database: DatabaseTag) {
      // A cache that the server writes anew.
      if name == "pg_internal.init" { return nil }
      self = name == "pg_filenode.map" ? .relationMap(database) : .relation(database, name: name)
    }
  }

  private func take(_ path: String, _ content: RawSpan) throws(IngestFault) {
    let byteCount = layer.byteCount &+ UInt64(content.byteCount)
    guard byteCount <= Self.maximumByteCount else {
      throw .limitExceeded(field: "base backup", found: byteCount, limit: Self.maximumByteCount)
    }
    switch Kind(path) {
    case .controlFile: try takeControlFile(content)
    case .relationMap(let database):
      enter(database, hasRelationMap: true)
      layer.put(.relationMap(database), lsn, image: content)
    case .relation(let database, let name): try takeRelation(name, of: database, content)
    case .segment(let kind, let name): try takeSegment(kind, name, content)
    case .prepared(let name): try takePrepared(name, content)
    case .tablespace: throw .badField(field: path, found: 0, expected: "no tablespaces")
    case nil: break
    }
  }

  // MARK: Relations

  private func takeRelation(
    _ name: String,
    of database: DatabaseTag,
    _ content: RawSpan
  ) throws(IngestFault) {
    let file: RelationFileName
    do throws(FormatError) {
      file = try RelationFileName(parsing: name)
    } catch {
      throw .unreadable(error)
    }
    let tag = RelationTag(database, relation: file.relation, fork: file.fork)
    guard file.relation != 0 else { throw .badRelation(tag) }
    let count = try pageCount(of: content, name, limit: RelationFileName.blocksPerSegment)
    let (start, overflow) = file.segment.multipliedReportingOverflow(by: RelationFileName.blocksPerSegment)
    guard !overflow, start <= UInt32.max - RelationFileName.blocksPerSegment else {
      throw .badField(field: name, found: UInt64(file.segment), expected: "the number of a segment")
    }
    enter(database, hasRelationMap: false)
    _ = relations[database]?.insert(RelationDirectory.Entry(relation: file.relation, fork: file.fork))
    sizes[tag] = max(sizes[tag] ?? 0, start + count)
    for index in 0..<count {
      let key = Key.relationBlock(tag, BlockNumber(start + index))
      guard rules.shard.isLocal(key) else { continue }
      layer.put(key, lsn, image: Self.page(index, of: content))
    }
  }

  private func enter(_ database: DatabaseTag, hasRelationMap: Bool) {
    let known = databases.entry(of: database)
    databases.set(
      DatabaseDirectory.Entry(database, hasRelationMap: hasRelationMap || known?.hasRelationMap == true)
    )
    if known == nil { relations[database] = RelationDirectory() }
  }

  private func pageCount(of content: RawSpan, _ name: String, limit: UInt32) throws(IngestFault) -> UInt32 {
    let size = PageHeader.pageByteCount
    guard content.byteCount % size == 0 else {
      throw .badField(field: name, found: UInt64(content.byteCount), expected: "a multiple of \(size) bytes")
    }
    guard content.byteCount / size <= Int(limit) else {
      throw .limitExceeded(field: name, found: UInt64(content.byteCount / size), limit: UInt64(limit))
    }
    return UInt32(content.byteCount / size)
  }

  @_lifetime(copy content)
  private static func page(_ index: UInt32, of content: RawSpan) -> RawSpan {
    let start = Int(index) * PageHeader.pageByteCount
    return content.extracting(start..<start + PageHeader.pageByteCount)
  }

  // MARK: Others

  private func takeControlFile(_ content: RawSpan) throws(IngestFault) {
    do throws(FormatError) {
      let file = try ControlFile(parsing: content)
      layer.put(.controlFile, lsn, image: content)
      layer.put(.checkpoint, lsn, file.checkpointCopy)
      hasControlFile = true
    } catch {
      throw .unreadable(error.within(field: "pg_control"))
    }
  }

  private func takeSegment(_ kind: SLRUKind, _ name: String, _ content: RawSpan) throws(IngestFault) {
    guard let number = UInt32(name, radix: 16) else {
      throw .badField(field: name, found: 0, expected: "the number of a segment")
    }
    let count = try pageCount(of: content, name, limit: SLRUKind.pagesPerSegment)
    guard rules.isShardZero else { return }
    let segment = SLRUSegment(kind, number: number)
    segments[kind, default: []].append(number)
    layer.put(.slruSegmentSize(segment), lsn, BlockCountValue(count))
    for index in 0..<count {
      layer.put(.slruBlock(segment, BlockNumber(index)), lsn, image: Self.page(index, of: content))
    }
  }

  private func takePrepared(_ name: String, _ content: RawSpan) throws(IngestFault) {
    guard let transaction = UInt64(name, radix: 16), prepared.insert(transaction) else {
      throw .badField(field: name, found: 0, expected: "the number of a transaction")
    }
    layer.put(.twoPhaseFile(transaction: transaction), lsn, image: content)
  }

  // MARK: The end

  /// Writes directories and lengths; nothing can be added afterwards.
  public func finish() throws(IngestError) -> MemoryRun {
    guard hasControlFile else {
      let fault = IngestFault.badField(field: "base backup", found: 0, expected: "global/pg_control")
      throw IngestError(fault, at: lsn)
    }
    layer.put(.databaseDirectory, lsn, databases)
    layer.put(.twoPhaseDirectory, lsn, prepared)
    for (database, directory) in relations { layer.put(.relationDirectoryV1(database), lsn, directory) }
    for (tag, count) in sizes {
      layer.put(.relationSize(tag), lsn, BlockCountValue(count))
      if rules.writesSecondLayout { layer.put(.relationDirectoryV2(tag), lsn, RelationMarker.exists) }
    }
    if rules.isShardZero {
      for kind in SLRUKind.allCases {
        layer.put(.slruDirectory(kind), lsn, SLRUSegmentDirectory(segments[kind, default: []]))
      }
    }
    guard let run = layer.freeze() else { throw IngestError(.notBehind(lsn), at: lsn) }
    return run
  }
}
