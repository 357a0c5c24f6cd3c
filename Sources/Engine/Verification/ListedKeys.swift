import IndexFormat

/// The relations of all databases, as far as the directories can be read.
struct ListedRelations {
  /// In ascending order.
  private(set) var databases: [DatabaseTag] = []
  private(set) var count = 0

  /// Throws where a store gives no answer.
  init(_ catalog: TimelineCatalog, at lsn: Lsn) async throws(ReadError) {
    let directory = try await readable { () async throws(ReadError) in try await catalog.databases(at: lsn) }
    guard let directory else { return }
    databases = directory.entries.map(\.database)
    for database in databases {
      let tags = try await readable { () async throws(ReadError) in
        try await catalog.relations(ofListed: [database], at: lsn)
      }
      count += tags?.count ?? 0
    }
  }
}

/// The keys that must have a value, as `TimelineCatalog.keySpace` lists them, but without what damaged directories
/// and sizes would list.
struct ListedKeys {
  private(set) var dense = KeySpace()

  /// Throws where a store gives no answer.
  init(_ catalog: TimelineCatalog, at lsn: Lsn) async throws(ReadError) {
    let whole = try await readable { () async throws(ReadError) in try await catalog.keySpace(at: lsn) }
    if let whole {
      dense = whole.dense.keySpace
      return
    }
    var ranges: [KeyRange] = []
    func add(_ key: Key) { ranges.append(KeyRange(key)) }
    for key in [Key.databaseDirectory, .twoPhaseDirectory, .controlFile, .checkpoint] { add(key) }
    let databases = try await readable { () async throws(ReadError) in try await catalog.databases(at: lsn) }
    for entry in databases?.entries ?? [] {
      add(.relationDirectoryV1(entry.database))
      if entry.hasRelationMap || catalog.facts.rules.listsEveryRelationMap {
        add(.relationMap(entry.database))
      }
      let tags = try await readable { () async throws(ReadError) in
        try await catalog.relations(ofListed: [entry.database], at: lsn)
      }
      for tag in tags ?? [] {
        add(.relationSize(tag))
        let count = try await readable { () async throws(ReadError) in
          try await catalog.blockCounts([.relationSize(tag)], at: lsn).first
        }
        guard let blocks = count ?? nil else { continue }
        ranges.append(
          KeyRange(start: .relationBlock(tag, BlockNumber(0)), end: .relationBlock(tag, BlockNumber(blocks)))
        )
      }
    }
    for kind in SLRUKind.allCases where catalog.facts.hasSLRUs {
      add(.slruDirectory(kind))
      let directory = try await readable { () async throws(ReadError) -> SLRUSegmentDirectory in
        try await catalog.read(.slruDirectory(kind), at: lsn)
      }
      // Each size by itself: one that cannot be read must not take the others away, nor itself.
      for number in directory?.segments ?? [] {
        let segment = SLRUSegment(kind, number: number)
        add(.slruSegmentSize(segment))
        let count = try await readable { () async throws(ReadError) in
          try await catalog.blockCounts([.slruSegmentSize(segment)], at: lsn).first
        }
        guard let blocks = count ?? nil else { continue }
        let end = Key.slruBlock(segment, BlockNumber(blocks))
        ranges.append(KeyRange(start: .slruBlock(segment, BlockNumber(0)), end: end))
      }
    }
    let prepared = try await readable { () async throws(ReadError) in
      try await catalog.preparedTransactions(at: lsn)
    }
    for transaction in prepared?.transactions ?? [] { add(.twoPhaseFile(transaction: transaction)) }
    dense = KeySpace(ranges)
  }
}

/// What is read, or nil if it is damaged or missing. Other errors are thrown.
func readable<Value>(
  _ read: () async throws(ReadError) -> Value
) async throws(ReadError) -> Value? {
  do throws(ReadError) {
    return try await read()
  } catch {
    guard error.isOfData else { throw error }
    return nil
  }
}

extension ReadError {
  var isCancellation: Bool {
    switch self {
    case .cancelled: true
    case .layer(let error): error.cause.isCancellation
    default: false
    }
  }

  /// Whether it says something of the data, and not of whether they could be had.
  var isOfData: Bool {
    switch self {
    case .cancelled: false
    case .layer(let error): error.cause.isOfData
    case .missingKey, .unreplayed, .redo, .damagedValue, .disagreement: true
    }
  }
}

extension LayerReadError.Cause {
  var isCancellation: Bool {
    if case .source(let error) = self { error.kind == .cancelled } else { false }
  }

  /// Layers are written once and never changed: one that is not there, or ends early, is damaged.
  var isOfData: Bool {
    switch self {
    case .source(let error): error.kind == .notFound || error.kind == .shortRead
    case .damaged, .summary: true
    case .noMemory: false
    }
  }
}
