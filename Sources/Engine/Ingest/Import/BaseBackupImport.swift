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
/// What an empty cluster has is there too: directories without entries. The values come in the order of their keys, so
/// that of a large file no more is held than a piece.
///
/// Source: `pageserver/src/import_datadir.rs`.
public struct BaseBackupImport: Sendable {
  public let rules: IngestRules
  public let lsn: Lsn
  private let files: ClusterFiles
  /// In ascending order.
  private let databases: [Database]
  private let segments: [SLRUKind: [(number: UInt32, file: ClusterFiles.File)]]
  private let prepared: [(transaction: UInt64, file: ClusterFiles.File)]
  private let controlFile: ClusterFiles.File

  private struct Database: Sendable {
    var tag: DatabaseTag
    var map: ClusterFiles.File?
    /// In ascending order.
    var relations: [Relation] = []
  }

  private struct Relation: Sendable {
    var tag: RelationTag
    /// In ascending order; all but the last are full.
    var segments: [ClusterFiles.File] = []
    var blockCount: UInt32 = 0
  }

  /// What the files do not tell, found while they were read.
  public struct Notes: Sendable {
    /// Relations that end with pages of zeros, and behind which page these begin: a server makes relations longer
    /// without telling the WAL.
    public internal(set) var looseEnds: [RelationTag: UInt32] = [:]
    /// Unlogged relations: the main forks of those that have an init fork.
    public internal(set) var unlogged: Set<RelationTag> = []
    /// The lowest segment of offsets of multixacts.
    public internal(set) var firstOffsets: UInt32?
  }

  /// Bytes that are read at a time.
  private static let pieceByteCount = 1 << 20
  private static let smallFileLimit = 1 << 20
  /// Bytes of values that are held, if they are.
  public static let maximumMemoryByteCount: UInt64 = 8 << 30

  /// - lsn: where WAL goes on behind the import.
  public init(_ files: ClusterFiles, _ rules: IngestRules, at lsn: Lsn) throws(BaseBackupError) {
    self.files = files
    self.rules = rules
    self.lsn = lsn
    var maps: [DatabaseTag: ClusterFiles.File] = [:]
    var relations: [RelationTag: [(segment: UInt32, file: ClusterFiles.File)]] = [:]
    var segments: [SLRUKind: [(number: UInt32, file: ClusterFiles.File)]] = [:]
    var prepared: [(transaction: UInt64, file: ClusterFiles.File)] = []
    var controlFile: ClusterFiles.File?
    for file in files.files {
      switch file.name {
      case .controlFile: controlFile = file
      case .relationMap(let database): maps[database] = file
      case .relation(let tag, let segment): relations[tag, default: []].append((segment, file))
      case .slru(let segment): segments[segment.kind, default: []].append((segment.number, file))
      case .prepared(let transaction): prepared.append((transaction, file))
      case .tablespace:
        throw BaseBackupError(.refused, file.path, found: "a tablespace", expected: "none")
      case .note: break
      }
    }
    guard let controlFile else {
      throw BaseBackupError(
        .refused,
        files.location,
        found: "no global/pg_control",
        expected: "a base backup"
      )
    }
    self.controlFile = controlFile
    databases = try Self.databases(maps, relations)
    self.segments = segments.mapValues { $0.sorted { $0.number < $1.number } }
    self.prepared = prepared.sorted { $0.transaction < $1.transaction }
  }

  private static func databases(
    _ maps: [DatabaseTag: ClusterFiles.File],
    _ relations: [RelationTag: [(segment: UInt32, file: ClusterFiles.File)]]
  ) throws(BaseBackupError) -> [Database] {
    var databases: [DatabaseTag: Database] = [:]
    for (tag, map) in maps { databases[tag] = Database(tag: tag, map: map) }
    for (tag, segments) in relations {
      let relation = try relation(tag, segments.sorted { $0.segment < $1.segment })
      databases[tag.database, default: Database(tag: tag.database)].relations.append(relation)
    }
    return databases.values.sorted { $0.tag < $1.tag }.map { database in
      var database = database
      database.relations.sort { $0.tag < $1.tag }
      return database
    }
  }

  /// The files that hold pages: a relation ends where a file is not full. Empty ones may stand behind, where it was
  /// longer once.
  private static func relation(
    _ tag: RelationTag,
    _ segments: [(segment: UInt32, file: ClusterFiles.File)]
  ) throws(BaseBackupError) -> Relation {
    var relation = Relation(tag: tag)
    for (number, file) in segments {
      let count = try pageCount(file, limit: RelationFileName.blocksPerSegment)
      let (start, overflow) = number.multipliedReportingOverflow(by: RelationFileName.blocksPerSegment)
      if number > 0, count == 0 { continue }
      guard !overflow, relation.blockCount == start, start < UInt32.max - RelationFileName.blocksPerSegment
      else {
        let expected = "segments that are full before it"
        throw BaseBackupError(
          .damaged,
          file.path,
          found: "\(relation.blockCount) pages before it",
          expected: expected
        )
      }
      relation.segments.append(file)
      relation.blockCount = start + count
    }
    return relation
  }

  private static func pageCount(_ file: ClusterFiles.File, limit: UInt32) throws(BaseBackupError) -> UInt32 {
    let size = UInt64(PageHeader.pageByteCount)
    guard file.byteCount % size == 0, file.byteCount / size <= UInt64(limit) else {
      let expected = "a multiple of \(size), at most \(UInt64(limit) * size)"
      throw BaseBackupError(.damaged, file.path, found: "\(file.byteCount) bytes", expected: expected)
    }
    return UInt32(file.byteCount / size)
  }

  // MARK: Values in order

  /// Gives all values in ascending order of their keys.
  func write<Target: ImportTarget & ~Copyable>(to target: inout Target) throws(BaseBackupError) -> Notes {
    var writer = ImportWriter(rules, files)
    try writer.put(.databaseDirectory, directory, &target)
    for database in databases { try write(database, &writer, &target) }
    if rules.isShardZero { try writeSLRUs(&writer, &target) }
    for kind in SLRUKind.allCases {
      for (_, file) in segments[kind, default: []] {
        _ = try Self.pageCount(file, limit: SLRUKind.pagesPerSegment)
      }
    }
    let width = TwoPhaseDirectory.Width(pgVersion: UInt32(rules.version.major))
    var transactions = TwoPhaseDirectory([], width: width)
    for (transaction, file) in prepared where !transactions.insert(transaction) {
      throw BaseBackupError(
        .damaged,
        file.path,
        found: "a transaction of 64 bits",
        expected: "one of 32 bits"
      )
    }
    try writer.put(.twoPhaseDirectory, transactions, &target)
    for (transaction, file) in prepared {
      let state = try files.content(file, limit: Self.smallFileLimit)
      try target.put(.twoPhaseFile(transaction: transaction), state.span.bytes)
    }
    let control = try files.controlFile(controlFile)
    try target.put(.controlFile, control.bytes.span.bytes)
    try writer.put(.checkpoint, control.checkpointCopy, &target)
    if rules.writesSecondLayout {
      for relation in databases.flatMap(\.relations) {
        try writer.put(.relationDirectoryV2(relation.tag), RelationMarker.exists, &target)
      }
    }
    writer.notes.firstOffsets = segments[.multixactOffsets]?.first?.number
    return writer.notes
  }

  private var directory: DatabaseDirectory {
    DatabaseDirectory(databases.map { DatabaseDirectory.Entry($0.tag, hasRelationMap: $0.map != nil) })
  }

  private func write<Target: ImportTarget & ~Copyable>(
    _ database: Database,
    _ writer: inout ImportWriter,
    _ target: inout Target
  ) throws(BaseBackupError) {
    if let map = database.map {
      let content = try files.content(map, limit: Self.smallFileLimit)
      try target.put(.relationMap(database.tag), content.span.bytes)
    }
    let entries = database.relations.map {
      RelationDirectory.Entry(relation: $0.tag.relation, fork: $0.tag.fork)
    }
    try writer.put(.relationDirectoryV1(database.tag), RelationDirectory(entries), &target)
    for relation in database.relations {
      if relation.tag.fork == .initial {
        writer.notes.unlogged.insert(RelationTag(database.tag, relation: relation.tag.relation))
      }
      var start: UInt32 = 0
      for file in relation.segments {
        start = try writer.putRelation(relation.tag, file, from: start, &target)
      }
      writer.noteEnd(of: relation.tag, relation.blockCount)
      try writer.put(.relationSize(relation.tag), BlockCountValue(relation.blockCount), &target)
    }
  }

  private func writeSLRUs<Target: ImportTarget & ~Copyable>(
    _ writer: inout ImportWriter,
    _ target: inout Target
  ) throws(BaseBackupError) {
    for kind in SLRUKind.allCases {
      let segments = segments[kind, default: []]
      try writer.put(.slruDirectory(kind), SLRUSegmentDirectory(segments.map(\.number)), &target)
      for (number, file) in segments {
        let segment = SLRUSegment(kind, number: number)
        let count = try Self.pageCount(file, limit: SLRUKind.pagesPerSegment)
        try writer.putPages(file) { index in
          .slruBlock(segment, BlockNumber(index))
        } put: {
          (key, page) throws(BaseBackupError) in
          try target.put(key, page)
        }
        try writer.put(.slruSegmentSize(segment), BlockCountValue(count), &target)
      }
    }
  }

  /// Keys at which parts of about so many pages begin, but for the first part.
  func cuts(pageCount limit: UInt32) -> [Key] {
    var cuts: [Key] = []
    var count: UInt32 = 0
    for relation in databases.lazy.flatMap(\.relations) {
      var block: UInt32 = 0
      while relation.blockCount &- block > limit &- count {
        block &+= limit &- count
        cuts.append(.relationBlock(relation.tag, BlockNumber(block)))
        count = 0
      }
      count &+= relation.blockCount &- block
    }
    return cuts
  }

  /// All values in memory: of small clusters.
  public func values() throws(BaseBackupError) -> MemoryRun {
    var target = MemoryImport(lsn)
    _ = try write(to: &target)
    guard let run = target.layer.freeze() else {
      throw BaseBackupError(.refused, files.location, found: "no values", expected: "a base backup")
    }
    return run
  }
}

extension ClusterFiles {
  /// The control file, its checksum compared.
  func controlFile(_ file: File) throws(BaseBackupError) -> ControlFile {
    let bytes = try content(file, limit: ControlFile.maximumByteCount)
    do throws(FormatError) {
      return try ControlFile(parsing: bytes.span.bytes)
    } catch {
      throw BaseBackupError(
        .damaged,
        "\(file.path): \(error.field)",
        found: error.found,
        expected: error.expected
      )
    }
  }
}
