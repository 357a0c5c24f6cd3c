import IndexFormat

/// What a base backup tells of a key space, and what it does not: that must neither be called damage nor proved.
///
/// | keys | what a backup does not tell |
/// |---|---|
/// | aux files, replication origins, second layout of directories of relations | all of it |
/// | unlogged relations, but for their init forks | all of it: servers make them anew |
/// | control file | what changes while a server runs |
/// | checkpoint | where it was, its time; of a server's backup all of it, as page servers round |
/// | `pg_xact` | commit times behind the pages |
/// | prepared transactions | the checksum behind the file is not stored |
/// | lengths of relations and existence of maps, on shards but the first | page servers know only their own blocks |
/// | pages | checksums |
/// | pages, of a server's backup | hints (`PageHints`), how far a sequence has run ahead |
/// | free space maps, existence of visibility maps, of a server's backup | not all of it is in the WAL |
/// | pages of zeros at the end of a relation, of a server's backup | whether the WAL knows of them |
/// | segments of offsets of multixacts that a server dropped | page servers keep them |
/// | where the next multixact begins, of a server's backup | newer minor releases note it beforehand |
public struct BackupTrust: Sendable {
  /// What two values are to each other.
  enum Agreement {
    /// Equal, but for what no backup tells.
    case same
    /// Different, and a backup does not tell which is right.
    case untold
    case different
  }

  /// Where the base stands.
  let start: Lsn
  let isOfKeySpace: Bool
  private let isShardZero: Bool
  private let notes: BaseBackupImport.Notes

  init(_ notes: BaseBackupImport.Notes, at start: Lsn, isOfKeySpace: Bool, shard: ShardIndex) {
    self.notes = notes
    self.start = start
    self.isOfKeySpace = isOfKeySpace
    isShardZero = shard.number == 0
  }

  // MARK: Whether there is a value

  /// Whether it is damage if only one side has the key.
  func tells(_ key: Key) -> Bool {
    if key.isSparse { return false }
    switch KeyClass(key) {
    case .auxFilesV1: return false
    case .checkpoint: return isOfKeySpace
    case .relationBlock(let tag, let block):
      guard tells(tag) else { return false }
      return isOfKeySpace || notes.looseEnds[tag].map { block.value < $0 } ?? true
    case .relationSize(let tag):
      return tells(tag) && isShardZero && (isOfKeySpace || notes.looseEnds[tag] == nil)
    case .slruBlock(let segment, _), .slruSegmentSize(let segment): return tells(segment)
    default: return true
    }
  }

  private func tells(_ tag: RelationTag) -> Bool {
    if tag.fork != .initial, notes.unlogged.contains(RelationTag(tag.database, relation: tag.relation)) {
      return false
    }
    return isOfKeySpace && isShardZero || tag.fork != .freeSpaceMap && tag.fork != .visibilityMap
  }

  private func tells(_ segment: SLRUSegment) -> Bool {
    guard segment.kind == .multixactOffsets, !isOfKeySpace else { return true }
    return segment.number >= notes.firstOffsets ?? 0
  }

  /// Cuts keys that one side alone has where that changes what the backup tells of them.
  func parts(of range: KeyRange) -> [(keys: KeyRange, isTold: Bool)] {
    var parts: [(keys: KeyRange, isTold: Bool)] = []
    var start = range.start
    while start < range.end {
      let end = min(range.end, max(self.end(from: start), start.successor ?? range.end))
      let isTold = tells(start)
      if let last = parts.last, last.isTold == isTold {
        parts[parts.count - 1].keys = KeyRange(start: last.keys.start, end: end)
      } else {
        parts.append((KeyRange(start: start, end: end), isTold))
      }
      guard end > start else { break }
      start = end
    }
    return parts
  }

  /// Up to where keys are of one relation fork or one segment, and told alike.
  private func end(from key: Key) -> Key {
    switch KeyClass(key) {
    case .relationBlock(let tag, let block):
      if let loose = notes.looseEnds[tag], block.value < loose {
        return .relationBlock(tag, BlockNumber(loose))
      }
      return .relationSize(tag)
    case .slruBlock(let segment, _): return .slruSegmentSize(segment)
    default: return key.successor ?? .max
    }
  }

  // MARK: Values

  /// What two values are that differ.
  ///
  /// - Parameters:
  ///   - imageLsn: from which LSN the replay's image is.
  func agreement(_ key: Key, _ stored: RawSpan, _ own: RawSpan, imageLsn: Lsn) -> Agreement {
    do throws(FormatError) {
      switch KeyClass(key) {
      case .relationBlock(let tag, _): return pages(key, tag, stored, own, imageLsn)
      case .slruBlock(let segment, _): return slru(segment, stored, own)
      case .databaseDirectory: return try databases(stored, own)
      case .relationDirectoryV1(let database): return try relations(database, stored, own)
      case .slruDirectory(.multixactOffsets): return try offsets(stored, own)
      case .twoPhaseFile: return prepared(stored, own) ? .same : .different
      case .controlFile: return try controlFiles(stored, own)
      case .checkpoint: return try checkpoints(stored, own)
      default: return tells(key) || imageLsn > start && key.isSparse ? .different : .untold
      }
    } catch {
      return .different
    }
  }

  private func pages(_ key: Key, _ tag: RelationTag, _ stored: RawSpan, _ own: RawSpan, _ imageLsn: Lsn)
    -> Agreement
  {
    let page = PageHeader.pageByteCount
    if stored.byteCount == page, own.byteCount == page, isOfBackup(own, imageLsn) {
      if Self.areEqual(stored, own, butFor: 8..<10) { return .same }
      if !isOfKeySpace {
        if tag.fork == .visibilityMap, Self.areEqual(stored, own, butFor: 0..<10) { return .same }
        if PageHints.areEqual(stored, own) { return .same }
        if PageHints.isSequence(stored), PageHints.isSequence(own) { return .untold }
      }
    }
    return tells(key) ? .different : .untold
  }

  /// Whether a page, or what records were applied to, stood in the backup: pages of a database that was copied since,
  /// too.
  private func isOfBackup(_ page: RawSpan, _ imageLsn: Lsn) -> Bool {
    let lsn = UInt64(page.littleEndian32(0)) << 32 | UInt64(page.littleEndian32(4))
    return imageLsn <= start || lsn <= start.value
  }

  private func slru(_ segment: SLRUSegment, _ stored: RawSpan, _ own: RawSpan) -> Agreement {
    let page = PageHeader.pageByteCount
    if segment.kind == .transactionStatus, stored.byteCount >= page, own.byteCount >= page,
      min(stored.byteCount, own.byteCount) == page,
      ComparedValue.areSame(stored.extracting(0..<page), own.extracting(0..<page))
    {
      return .same
    }
    if segment.kind == .multixactOffsets, !isOfKeySpace, Self.areEqualWhereSet(stored, own) { return .untold }
    return tells(segment) ? .different : .untold
  }

  /// Whether numbers of 32 bits are equal but where the first page has none. Since their releases of late 2025 servers
  /// note with a multixact where the next one will begin, which page servers do not.
  private static func areEqualWhereSet(_ stored: RawSpan, _ own: RawSpan) -> Bool {
    guard stored.byteCount == own.byteCount, stored.byteCount % 4 == 0 else { return false }
    var offset = 0
    while offset < stored.byteCount {
      let number = stored.littleEndian32(offset)
      if number != 0, number != own.littleEndian32(offset) { return false }
      offset &+= 4
    }
    return true
  }

  private static func areEqual(_ left: RawSpan, _ right: RawSpan, butFor hole: Range<Int>) -> Bool {
    guard left.byteCount == right.byteCount, left.byteCount >= hole.upperBound else { return false }
    let (head, tail) = (0..<hole.lowerBound, hole.upperBound..<left.byteCount)
    return ComparedValue.areSame(left.extracting(head), right.extracting(head))
      && ComparedValue.areSame(left.extracting(tail), right.extracting(tail))
  }

  /// A database without a relation map and without relations leaves no files.
  private func databases(_ stored: RawSpan, _ own: RawSpan) throws(FormatError) -> Agreement {
    let stored = try DatabaseDirectory(parsing: stored).entries.filter(\.hasRelationMap)
    let own = try DatabaseDirectory(parsing: own).entries.filter(\.hasRelationMap)
    return stored == own ? .same : .different
  }

  private func relations(
    _ database: DatabaseTag,
    _ stored: RawSpan,
    _ own: RawSpan
  ) throws(FormatError) -> Agreement {
    func told(_ bytes: RawSpan) throws(FormatError) -> [RelationDirectory.Entry] {
      try RelationDirectory(parsing: bytes).entries.filter {
        tells(RelationTag(database, relation: $0.relation, fork: $0.fork))
      }
    }
    return try told(stored) == told(own) ? .same : .different
  }

  private func offsets(_ stored: RawSpan, _ own: RawSpan) throws(FormatError) -> Agreement {
    func told(_ bytes: RawSpan) throws(FormatError) -> [UInt32] {
      try SLRUSegmentDirectory(parsing: bytes).segments.filter {
        tells(SLRUSegment(.multixactOffsets, number: $0))
      }
    }
    return try told(stored) == told(own) ? .same : .different
  }

  /// One may have the checksum that files have.
  private func prepared(_ stored: RawSpan, _ own: RawSpan) -> Bool {
    let (short, long) = stored.byteCount < own.byteCount ? (stored, own) : (own, stored)
    guard long.byteCount == short.byteCount + 4 else { return false }
    return ComparedValue.areSame(short, long.extracting(0..<short.byteCount))
      && long.littleEndian32(short.byteCount) == CRC32C.checksum(short)
  }

  private func controlFiles(_ stored: RawSpan, _ own: RawSpan) throws(FormatError) -> Agreement {
    let (stored, own) = (try ControlFile(parsing: stored), try ControlFile(parsing: own))
    let isOfOne =
      stored.systemIdentifier == own.systemIdentifier && stored.controlVersion == own.controlVersion
      && stored.catalogVersion == own.catalogVersion && stored.walSegmentSize == own.walSegmentSize
      && stored.blockSize == own.blockSize && stored.blocksPerSegment == own.blocksPerSegment
    return isOfOne ? .untold : .different
  }

  private func checkpoints(_ stored: RawSpan, _ own: RawSpan) throws(FormatError) -> Agreement {
    guard isOfKeySpace else { return .untold }
    var (stored, own) = (try Checkpoint(parsing: stored), try Checkpoint(parsing: own))
    (stored.redo, own.redo) = (.invalid, .invalid)
    (stored.time, own.time) = (0, 0)
    (stored.timelineID, own.timelineID) = (1, 1)
    (stored.previousTimelineID, own.previousTimelineID) = (1, 1)
    (stored.oldestActiveTransaction, own.oldestActiveTransaction) = (0, 0)
    (stored.fullPageWrites, own.fullPageWrites) = (true, true)
    return stored == own ? .same : .different
  }
}
