import Engine
import IndexFormat

/// What a value says, by what its key stands for: rows of a name and a text.
struct ValueText {
  private(set) var rows: [(name: String, text: String)] = []
  /// Why the value is not what its key says.
  private(set) var problem: FormatError?

  /// - Parameter pgVersion: the major version of PostgreSQL, by which some layouts differ.
  init(_ bytes: [UInt8], of key: Key, pgVersion: UInt32) {
    do throws(FormatError) {
      try read(bytes.span.bytes, KeyClass(key), pgVersion)
    } catch {
      problem = error
    }
  }

  private mutating func add(_ name: String, _ text: some CustomStringConvertible) {
    rows.append((name, text.description))
  }

  private mutating func read(
    _ bytes: RawSpan,
    _ kind: KeyClass,
    _ pgVersion: UInt32
  ) throws(FormatError) {
    switch kind {
    case .databaseDirectory: add(try DatabaseDirectory(parsing: bytes))
    case .relationMap: add(try RelationMap(parsing: bytes, pgVersion: pgVersion))
    case .relationDirectoryV1: add(try RelationDirectory(parsing: bytes))
    case .relationBlock(let tag, _): try addPage(bytes, hasLinePointers: tag.fork == .main)
    case .relationSize, .slruSegmentSize: add(try BlockCountValue(parsing: bytes))
    case .slruDirectory:
      let segments = try SLRUSegmentDirectory(parsing: bytes).segments
      add("segments", segments.count)
      for segment in segments { add("segment", String(segment, radix: 16, uppercase: true)) }
    case .slruBlock(let segment, _) where segment.kind == .transactionStatus:
      add(try TransactionStatusPage(parsing: bytes))
    case .twoPhaseDirectory:
      let transactions = try TwoPhaseDirectory(parsing: bytes, pgVersion: pgVersion).transactions
      add("transactions", transactions.count)
      for transaction in transactions { add("prepared", transaction) }
    case .controlFile: add(try ControlFile(parsing: bytes))
    case .checkpoint: add(try Checkpoint(parsing: bytes))
    case .auxFilesV1: add(try AuxFilesDirectory(parsing: bytes).files)
    case .auxFile: add(try AuxFileList(parsing: bytes).files)
    case .replicationOrigin:
      let origin = try ReplicationOriginValue(parsing: bytes)
      add("remote LSN", origin.isPresent ? "\(origin.remoteLsn ?? .invalid)" : "dropped")
    case .relationDirectoryV2:
      add("relation", try RelationMarker(parsing: bytes) == .exists ? "exists" : "removed")
    case .slruBlock, .twoPhaseFile, .reserved, .unknown: break
    }
  }

  // MARK: Directories

  private mutating func add(_ directory: DatabaseDirectory) {
    add("databases", directory.entries.count)
    for entry in directory.entries {
      add("database", "\(entry.database)" + (entry.hasRelationMap ? "" : ", without a relation map"))
    }
  }

  private mutating func add(_ directory: RelationDirectory) {
    add("relation forks", directory.entries.count)
    for entry in directory.entries { add("relation", "\(entry.relation)\(entry.fork.suffix)") }
  }

  private mutating func add(_ map: RelationMap) {
    add("mappings", map.mappings.count)
    for mapping in map.mappings { add("relation", "\(mapping.relation) in file \(mapping.fileNumber)") }
  }

  private mutating func add(_ size: BlockCountValue) {
    let bytes = UInt64(size.blockCount) * UInt64(PageHeader.pageByteCount)
    add("blocks", "\(DecimalText.grouped(size.blockCount)) (\(DecimalText.bytes(bytes)))")
  }

  private mutating func add(_ files: [AuxFile]) {
    add("files", files.count)
    for file in files { add("file", "\(file.path), \(DecimalText.bytes(UInt64(file.content.count)))") }
  }

  // MARK: Pages

  private mutating func add(_ page: TransactionStatusPage) {
    add("last commit", page.commitTime.map { "\($0)" } ?? "not told")
    var counts = [0, 0, 0, 0]
    for byte in page.statuses {
      for shift in stride(from: 0, to: 8, by: 2) { counts[Int(byte >> UInt8(shift)) & 3] += 1 }
    }
    for (name, count) in zip(["in progress", "committed", "aborted", "subcommitted"], counts) {
      add(name, count)
    }
  }

  private mutating func addPage(_ page: RawSpan, hasLinePointers: Bool) throws(FormatError) {
    let header = try PageHeader(parsing: page)
    if header.isNew, PageHeader.problem(of: page) == nil {
      add("page", "new: all zeros")
      return
    }
    add("page LSN", header.lsn)
    add("checksum", header.checksum == 0 ? "none" : "0x" + String(header.checksum, radix: 16))
    add("flags", "0x" + String(header.flags, radix: 16))
    add("lower", header.lower)
    add("upper", header.upper)
    add("special", header.special)
    add("layout", "\(header.pageSize) bytes, version \(header.layoutVersion)")
    add("prune xid", header.pruneTransaction)
    if let problem = PageHeader.problem(of: page) { throw problem }
    add("free", "\(header.upper - header.lower) bytes")
    if hasLinePointers, let pointers = LinePointers(page, header) { add("line pointers", pointers) }
  }

  // MARK: Control files

  private mutating func add(_ checkpoint: Checkpoint) {
    add("redo", checkpoint.redo)
    add("timeline", "\(checkpoint.timelineID), before \(checkpoint.previousTimelineID)")
    add("full page writes", checkpoint.fullPageWrites)
    add("WAL level", checkpoint.walLevel)
    add("next xid", "\(checkpoint.nextTransaction >> 32):\(checkpoint.nextTransaction & 0xffff_ffff)")
    add("next OID", checkpoint.nextOid)
    add("next multixact", "\(checkpoint.nextMultixact), offset \(checkpoint.nextMultixactOffset)")
    add(
      "oldest xid",
      "\(checkpoint.oldestTransaction) of database \(checkpoint.oldestTransactionDatabase)"
    )
    add("oldest multixact", "\(checkpoint.oldestMultixact) of database \(checkpoint.oldestMultixactDatabase)")
    add("oldest active xid", checkpoint.oldestActiveTransaction)
    add(
      "commit timestamps",
      "\(checkpoint.oldestCommitTimestampTransaction) to \(checkpoint.newestCommitTimestampTransaction)"
    )
    add("time", Self.time(checkpoint.time))
  }

  private mutating func add(_ file: ControlFile) {
    add("system identifier", file.systemIdentifier)
    add("version", "\(file.controlVersion), catalog \(file.catalogVersion)")
    add("PostgreSQL", file.pgVersion.map { "\($0)" } ?? "unknown")
    add("state", file.state.map { "\($0)" } ?? "unknown")
    add("time", Self.time(file.time))
    add("checkpoint", file.checkpoint)
    add("page checksums", file.dataChecksumVersion == 0 ? "off" : "version \(file.dataChecksumVersion)")
    add("block size", file.blockSize)
    add("WAL segment size", file.walSegmentSize)
    add("max connections", file.maxConnections)
    add(file.checkpointCopy)
  }

  private static func time(_ seconds: Int64) -> String {
    NaiveDateTime(secondsSinceEpoch: seconds).map { "\($0)Z" } ?? "\(seconds) seconds since 1970"
  }
}

/// How many line pointers a page has, by kind.
///
/// | bits | field |
/// |---|---|
/// | 0-14 | where the row begins |
/// | 15-16 | 0 unused, 1 in use, 2 leads to another one, 3 dead |
/// | 17-31 | length of the row |
///
/// Pages of indices that begin with something else (meta pages) have none.
///
/// Source: PostgreSQL `storage/itemid.h`.
struct LinePointers: CustomStringConvertible {
  private(set) var counts = [0, 0, 0, 0]

  private static let byteCount = 4

  /// Nil if what stands there cannot be line pointers.
  init?(_ page: RawSpan, _ header: PageHeader) {
    let end = Int(header.lower)
    guard PageHeader.byteCount <= end, end <= page.byteCount,
      (end - PageHeader.byteCount) % Self.byteCount == 0
    else { return nil }
    for offset in stride(from: PageHeader.byteCount, to: end, by: Self.byteCount) {
      let pointer = UInt32(littleEndian: page.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
      let (start, kind, length) = (Int(pointer & 0x7fff), Int(pointer >> 15 & 3), Int(pointer >> 17))
      // Only pointers in use must lead to a row; dead ones may.
      guard kind != 1 || (Int(header.upper) <= start && start + length <= Int(header.special)) else {
        return nil
      }
      counts[kind] += 1
    }
  }

  var description: String {
    let names = ["unused", "in use", "redirected", "dead"]
    let kinds = zip(counts, names).filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    return kinds.isEmpty ? "none" : kinds.joined(separator: ", ")
  }
}
