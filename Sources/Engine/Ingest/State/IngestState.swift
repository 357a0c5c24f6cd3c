import IndexFormat

/// What the directories of a timeline say at the LSN that ingest has come to. Directories are small; they are held
/// whole, as every change of one writes all of it anew. Relations of a database are loaded when a record names it.
struct IngestState {
  var checkpoint: TrackedCheckpoint
  var databases: DatabaseDirectory
  var prepared: TwoPhaseDirectory
  /// Lengths of segments, by kind. Only shard 0 has any.
  var segments: [SLRUKind: [UInt32: UInt32]]
  /// Relations of the databases that are loaded.
  var relations: [DatabaseTag: RelationDirectory] = [:]
  var sizes = RelationSizes()
  /// Relations that the second layout has, of the databases that are loaded.
  var secondLayout: Set<RelationTag> = []
  /// Of the keys that were asked for.
  var auxFiles: [Key: AuxFileList] = [:]
  var auxFileByteCount = 0

  init(
    checkpoint: Checkpoint,
    databases: DatabaseDirectory = DatabaseDirectory(),
    prepared: TwoPhaseDirectory,
    segments: [SLRUKind: [UInt32: UInt32]] = [:]
  ) {
    self.checkpoint = TrackedCheckpoint(checkpoint)
    self.databases = databases
    self.prepared = prepared
    self.segments = segments
  }

  /// Whether relations of a database need not be loaded: they are, or there are none.
  func isLoaded(_ database: DatabaseTag) -> Bool {
    relations[database] != nil || databases.entry(of: database) == nil
  }

  /// The list of a key that is loaded, with a file put or deleted.
  mutating func updateAuxFile(_ path: AuxFilePath, _ content: [UInt8]) throws(IngestFault) -> AuxFileList {
    var list = auxFiles[path.key.key] ?? AuxFileList()
    auxFileByteCount -= Self.byteCount(of: list)
    list.update(path, content: content)
    auxFileByteCount += Self.byteCount(of: list)
    guard auxFileByteCount <= IngestRules.maximumAuxFileByteCount else {
      throw .limitExceeded(
        field: "aux files",
        found: UInt64(auxFileByteCount),
        limit: UInt64(IngestRules.maximumAuxFileByteCount)
      )
    }
    auxFiles[path.key.key] = list
    return list
  }

  mutating func take(_ answer: IngestAnswer) {
    switch answer {
    case .relations(let database, let known, let second):
      relations[database] = RelationDirectory(
        known.map { RelationDirectory.Entry(relation: $0.tag.relation, fork: $0.tag.fork) }
      )
      for size in known { sizes.set(size.tag, size.blockCount) }
      secondLayout.formUnion(second)
    case .auxFiles(let key, let list):
      auxFiles[key] = list
      auxFileByteCount += Self.byteCount(of: list)
    }
  }

  private static func byteCount(of list: AuxFileList) -> Int {
    list.files.reduce(64) { $0 + $1.path.utf8.count + $1.content.count + 64 }
  }
}
