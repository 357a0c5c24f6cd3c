import IndexFormat

/// Whether a value is what its key says, at the LSN at which it was read. Without memory of others.
struct ValueCheck {
  let facts: TimelineFacts
  let lsn: Lsn
  private let pages: PageCheck

  /// - Parameter checkpoint: of that LSN, if it can be had: pages name no later transactions.
  init(facts: TimelineFacts, lsn: Lsn, checkpoint: Checkpoint? = nil) {
    self.facts = facts
    self.lsn = lsn
    pages = PageCheck(
      version: PostgresVersion(major: facts.pgVersion) ?? .v17,
      limits: checkpoint.map { PageCheck.Limits($0) } ?? PageCheck.Limits()
    )
  }

  struct Problem {
    var code: FindingCode
    var error: FormatError
    var message: String
  }

  /// - Parameter kind: of a page; nil where nobody says.
  func problem(of value: RawSpan, _ key: Key, _ kind: PageKind?) -> Problem? {
    if key.isRelationBlock { return pageProblem(of: value, key, kind) }
    do throws(FormatError) {
      try parse(value, KeyClass(key))
      return nil
    } catch {
      return Problem(code: .valueDamaged, error: error, message: "the value is not what its key says")
    }
  }

  // MARK: Pages of relations

  private func pageProblem(of page: RawSpan, _ key: Key, _ kind: PageKind?) -> Problem? {
    // Its own finding, as a header may be whole and of another time.
    if page.byteCount == PageHeader.pageByteCount, let header = try? PageHeader(parsing: page),
      header.lsn > lsn,
      !header.isNew
    {
      let error = FormatError(.badValue, field: "pd_lsn", found: "\(header.lsn)", expected: "at most \(lsn)")
      return Problem(code: .pageAhead, error: error, message: "the page is of a later LSN")
    }
    let error: FormatError?
    if let kind {
      error = pages.problem(of: page, as: kind, block: BlockNumber(key.field6))
    } else {
      // Of pages whose kind nobody knows, those of tables can be told.
      error =
        pages.problem(of: page, as: .other, block: BlockNumber(key.field6)) ?? HeapPage.problem(of: page)
    }
    return error.map {
      Problem(code: .pageDamaged, error: $0, message: "the page is not as PostgreSQL makes it")
    }
  }

  // MARK: Other values

  private func parse(_ value: RawSpan, _ meaning: KeyClass) throws(FormatError) {
    switch meaning {
    case .databaseDirectory: _ = try DatabaseDirectory(parsing: value)
    case .relationDirectoryV1: _ = try RelationDirectory(parsing: value)
    case .relationDirectoryV2: _ = try RelationMarker(parsing: value)
    case .relationSize, .slruSegmentSize: try parseSize(value)
    case .relationMap: _ = try RelationMap(parsing: value, pgVersion: facts.pgVersion)
    case .slruDirectory: _ = try SLRUSegmentDirectory(parsing: value)
    case .slruBlock(let segment, _): try parsePage(value, segment.kind)
    case .twoPhaseDirectory: _ = try TwoPhaseDirectory(parsing: value, pgVersion: facts.pgVersion)
    case .twoPhaseFile: try parseTwoPhaseFile(value)
    case .controlFile: try parseControlFile(value)
    case .checkpoint: _ = try Checkpoint(parsing: value)
    case .auxFilesV1: _ = try AuxFilesDirectory(parsing: value)
    case .auxFile: if value.byteCount > 0 { _ = try AuxFileList(parsing: value) }
    case .replicationOrigin: _ = try ReplicationOriginValue(parsing: value)
    case .relationBlock, .reserved, .unknown: break
    }
  }

  private func parseSize(_ value: RawSpan) throws(FormatError) {
    guard value.byteCount == BlockCountValue.byteCount else {
      throw FormatError(
        .badValue,
        field: "size",
        found: "\(value.byteCount) bytes",
        expected: "\(BlockCountValue.byteCount) bytes"
      )
    }
  }

  private func parsePage(_ value: RawSpan, _ kind: SLRUKind) throws(FormatError) {
    if let problem = pages.problem(of: value, as: .slru(kind), block: BlockNumber(0)) { throw problem }
  }

  /// The first field of the state of a prepared transaction, the same since PostgreSQL 9.6. Source:
  /// `TwoPhaseFileHeader` in `access/transam/twophase.c`.
  private func parseTwoPhaseFile(_ value: RawSpan) throws(FormatError) {
    let magic: UInt32 = 0x57f9_4534
    guard value.byteCount >= 8, value.littleEndian32(0) == magic else {
      throw FormatError(
        .badValue,
        field: "magic",
        found: value.byteCount >= 8 ? String(value.littleEndian32(0), radix: 16) : "\(value.byteCount) bytes",
        expected: String(magic, radix: 16)
      )
    }
  }

  private func parseControlFile(_ value: RawSpan) throws(FormatError) {
    guard value.byteCount >= ControlFile.structureByteCount else {
      throw FormatError(
        .truncated,
        field: "control file",
        found: "\(value.byteCount) bytes",
        expected: "\(ControlFile.structureByteCount) bytes or more"
      )
    }
    // A later version may keep its checksum elsewhere.
    guard ContentRules.knownControlVersions.contains(value.littleEndian32(8)) else { return }
    _ = try ControlFile(parsing: value)
  }
}
