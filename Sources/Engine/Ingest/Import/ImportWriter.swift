import IndexFormat

/// Takes the values of an import, in ascending order of their keys.
protocol ImportTarget: ~Copyable {
  mutating func put(_ key: Key, _ image: RawSpan) throws(BaseBackupError)
}

/// Puts files piece by piece, and notes what they do not tell. For one import.
struct ImportWriter: ~Copyable {
  var notes = BaseBackupImport.Notes()
  private let shard: ShardIdentity
  private let files: ClusterFiles
  private let room: UnsafeMutableRawBufferPointer
  private var scratch: [UInt8] = []
  /// Behind the last page of the relation at hand that has something in it.
  private var usedEnd: UInt32 = 0

  private static let pageByteCount = PageHeader.pageByteCount
  private static let piecePageCount = 128

  init(_ rules: IngestRules, _ files: ClusterFiles) {
    shard = rules.shard
    self.files = files
    room = .allocate(byteCount: Self.piecePageCount * Self.pageByteCount, alignment: 4096)
  }

  deinit { room.deallocate() }

  mutating func put<Target: ImportTarget & ~Copyable>(
    _ key: Key,
    _ value: some StoredValue,
    _ target: inout Target
  ) throws(BaseBackupError) {
    scratch.removeAll(keepingCapacity: true)
    value.encode(into: &scratch)
    let bytes = scratch
    try target.put(key, bytes.span.bytes)
  }

  /// Puts the pages of a relation's file that the shard has.
  ///
  /// - Returns: the block behind its last one.
  mutating func putRelation<Target: ImportTarget & ~Copyable>(
    _ tag: RelationTag,
    _ file: ClusterFiles.File,
    from start: UInt32,
    _ target: inout Target
  ) throws(BaseBackupError) -> UInt32 {
    if start == 0 { usedEnd = 0 }
    let shard = shard
    var used = usedEnd
    try putPages(file) { index in
      .relationBlock(tag, BlockNumber(start &+ index))
    } put: { (key, page) throws(BaseBackupError) in
      if page.firstNonZero(in: 0..<page.byteCount) != nil { used = key.field6 &+ 1 }
      if shard.isLocal(key) { try target.put(key, page) }
    }
    usedEnd = used
    return start &+ UInt32(clamping: file.byteCount / UInt64(Self.pageByteCount))
  }

  /// Notes whether a relation ends with pages of zeros. All its files have been put.
  mutating func noteEnd(of tag: RelationTag, _ blockCount: UInt32) {
    if blockCount > 0, usedEnd < blockCount { notes.looseEnds[tag] = usedEnd }
  }

  mutating func putPages(
    _ file: ClusterFiles.File,
    _ key: (UInt32) -> Key,
    put: (Key, RawSpan) throws(BaseBackupError) -> Void
  ) throws(BaseBackupError) {
    let count = Int(clamping: file.byteCount / UInt64(Self.pageByteCount))
    guard count > 0 else { return }
    let open = try files.open(file)
    var index = 0
    while index < count {
      if Task.isCancelled { throw BaseBackupError(.cancelled, file.path, found: "", expected: "") }
      let pages = min(Self.piecePageCount, count &- index)
      let piece = UnsafeMutableRawBufferPointer(rebasing: room[0..<pages &* Self.pageByteCount])
      try open.read(into: piece, from: UInt64(index) &* UInt64(Self.pageByteCount))
      for page in 0..<pages {
        let start = page &* Self.pageByteCount
        let bytes = UnsafeRawBufferPointer(rebasing: piece[start..<start &+ Self.pageByteCount])
        try put(key(UInt32(truncatingIfNeeded: index &+ page)), RawSpan(_unsafeBytes: bytes))
      }
      index &+= pages
    }
  }
}

/// Values of an import in memory.
struct MemoryImport: ImportTarget {
  let layer = MemoryLayer()
  private let lsn: Lsn

  init(_ lsn: Lsn) { self.lsn = lsn }

  mutating func put(_ key: Key, _ image: RawSpan) throws(BaseBackupError) {
    let limit = BaseBackupImport.maximumMemoryByteCount
    guard layer.byteCount < limit else {
      throw BaseBackupError(
        .refused,
        "base backup",
        found: "\(layer.byteCount) bytes",
        expected: "at most \(limit)"
      )
    }
    layer.put(key, lsn, image: image)
  }
}
