import IndexFormat

/// Whether a value is what its key says, at the LSN at which it was read. Without memory of others.
struct ValueCheck {
  let facts: TimelineFacts
  let lsn: Lsn

  struct Problem {
    var code: FindingCode
    var error: FormatError
    var message: String
  }

  /// - Parameter storage: what kind of relation it is a page of.
  func problem(of value: RawSpan, _ key: Key, _ storage: RelationStorage) -> Problem? {
    if key.isRelationBlock { return pageProblem(of: value, key, storage) }
    do throws(FormatError) {
      try parse(value, KeyClass(key))
      return nil
    } catch {
      return Problem(code: .valueDamaged, error: error, message: "the value is not what its key says")
    }
  }

  // MARK: Pages of relations

  private func pageProblem(of page: RawSpan, _ key: Key, _ storage: RelationStorage) -> Problem? {
    if let error = PageHeader.problem(of: page), !isNewButForLsn(page) {
      return Problem(code: .pageDamaged, error: error, message: "PostgreSQL would not take this page")
    }
    // There are enough bytes for a header.
    guard let header = try? PageHeader(parsing: page) else { return nil }
    guard header.lsn <= lsn else {
      let error = FormatError(.badValue, field: "pd_lsn", found: "\(header.lsn)", expected: "at most \(lsn)")
      return Problem(code: .pageAhead, error: error, message: "the page is of a later LSN")
    }
    guard !header.isNew else { return nil }
    guard header.sizeAndVersion == PageHeader.knownSizeAndVersion else {
      let error = FormatError(
        .badValue,
        offset: 18,
        field: "pd_pagesize_version",
        found: String(header.sizeAndVersion, radix: 16),
        expected: String(PageHeader.knownSizeAndVersion, radix: 16)
      )
      return Problem(code: .pageDamaged, error: error, message: "PostgreSQL would not take this page")
    }
    return Self.contentProblem(of: page, key, storage).map {
      Problem(code: .pageDamaged, error: $0, message: "what the page holds does not fit")
    }
  }

  /// What the access method says of a page whose header is whole: the one place where pages are looked into.
  private static func contentProblem(of page: RawSpan, _ key: Key, _ storage: RelationStorage) -> FormatError?
  {
    let fork = RelationFork(key.field5)
    guard fork == .main || fork == .initial, storage == .table || storage == .unknown else { return nil }
    return HeapPage.problem(of: page)
  }

  private func isNewButForLsn(_ page: RawSpan) -> Bool {
    page.byteCount == PageHeader.pageByteCount && ContentRules.isOnlyLsn(page)
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
    if kind == .transactionStatus {
      let count = value.byteCount
      if count == PageHeader.pageByteCount || count == TransactionStatusPage.byteCountWithTime { return }
    }
    guard value.byteCount == PageHeader.pageByteCount else {
      throw FormatError(
        .badValue,
        field: "SLRU page",
        found: "\(value.byteCount) bytes",
        expected: kind == .transactionStatus ? "8192 or 8200 bytes" : "8192 bytes"
      )
    }
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
