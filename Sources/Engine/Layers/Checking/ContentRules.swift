import IndexFormat

/// What must hold of the values of a layer by the meaning of their keys.
///
/// | value | rule |
/// |---|---|
/// | page of a relation | 8192 bytes; a header as PostgreSQL wants it, or zeros; its LSN is at most the value's |
/// | rows in it, if it is of a table | as `HeapPage` says |
/// | its checksum | right, if the page is as it was imported and the cluster had checksums (below) |
/// | page of pg_xact | 8192 bytes, or 8200 with the time of the last commit |
/// | page of pg_multixact | 8192 bytes |
/// | size of a relation or segment | 4 bytes |
/// | control file | 296 bytes or more, and its CRC where the version is known |
/// | checkpoint | 88 bytes |
/// | relation map | 512 bytes (PostgreSQL 14, 15) or 524 (16, 17), and its CRC |
/// | replication origin | 8 bytes, or none |
/// | relation directory entry, v2 | `r`, or nothing |
/// | record of PostgreSQL | a header, the CRC; the record before it begins at a lower LSN |
/// | record of the page server | the key is of the kind that it changes |
///
/// Directories, aux files and prepared transactions have any length; whoever reads a key space decodes them. Keys of
/// unknown families may be of a later release, and are passed over.
///
/// Page servers do not keep checksums of pages up to date: they set the LSN in images from the WAL, and redo changes
/// pages. So a page's checksum speaks of its bytes only if its LSN is not above that of the import, and only if the
/// imported cluster had checksums at all, which its control file says. That may lie in another layer, so findings of
/// wrong checksums are suspicions until `LayerContents.hasPageChecksums` is known.
///
/// Sources: `pgdatadir_mapping.rs`; PostgreSQL `bufpage.c`, `xlogrecord.h`, `relmapper.c`, `pg_control.h`.
struct ContentRules {
  let importLsn: Lsn?
  private(set) var contents = LayerContents()

  init(importLsn: Lsn?) { self.importLsn = importLsn }

  // MARK: Images

  @inline(__always)
  mutating func check(_ entry: LayerEntry, image: RawSpan, _ findings: inout FindingList) {
    if entry.key.isRelationBlock {
      checkPage(entry, image, &findings)
    } else {
      checkOther(entry, image, &findings)
    }
  }

  private mutating func checkPage(_ entry: LayerEntry, _ page: RawSpan, _ findings: inout FindingList) {
    contents.pageCount &+= 1
    guard page.byteCount == PageHeader.pageByteCount else {
      report(entry, byteCount: page.byteCount, expected: "8192 bytes", &findings)
      return
    }
    if let problem = PageHeader.problem(of: page), !Self.isOnlyLsn(page) {
      report(.layerPageDamaged, entry, problem, "PostgreSQL would not take this page", &findings)
      return
    }
    // There are enough bytes for a header.
    guard let header = try? PageHeader(parsing: page) else { return }
    guard header.lsn <= entry.lsn else {
      let problem = FormatError(
        .badValue,
        field: "pd_lsn",
        found: "\(header.lsn)",
        expected: "at most \(entry.lsn)"
      )
      report(.layerPageAhead, entry, problem, "a page is of a later LSN than its value", &findings)
      return
    }
    guard !header.isNew else { return }
    guard header.sizeAndVersion == PageHeader.knownSizeAndVersion else {
      let problem = FormatError(
        .badValue,
        offset: 18,
        field: "pd_pagesize_version",
        found: String(header.sizeAndVersion, radix: 16),
        expected: String(PageHeader.knownSizeAndVersion, radix: 16)
      )
      report(.layerPageDamaged, entry, problem, "PostgreSQL would not take this page", &findings)
      return
    }
    if Self.mayBeOfTable(entry.key), let problem = HeapPage.problem(of: page) {
      report(.layerHeapDamaged, entry, problem, "a row in a table's page does not fit", &findings)
      return
    }
    guard header.checksum != 0, let importLsn, header.lsn <= importLsn, Self.keepsLsn(entry.key) else {
      return
    }
    if let problem = PageChecksum.problem(of: page, at: BlockNumber(entry.key.field6)) {
      report(.layerPageChecksum, entry, problem, "the checksum of an imported page is wrong", &findings)
    }
  }

  /// Whether a page is new but for its LSN, which page servers set in pages of visibility maps until November 2024.
  private static func isOnlyLsn(_ page: RawSpan) -> Bool {
    page.firstNonZero(in: 8..<page.byteCount) == nil
  }

  private static func mayBeOfTable(_ key: Key) -> Bool {
    key.field5 == RelationFork.main.number || key.field5 == RelationFork.initial.number
  }

  /// Whether a page never changes without its LSN. Page servers cleared bits of visibility maps so until June 2024, and
  /// PostgreSQL itself does so in free space maps.
  private static func keepsLsn(_ key: Key) -> Bool {
    !key.isVisibilityMapBlock && !key.isFreeSpaceMapBlock
  }

  private mutating func checkOther(_ entry: LayerEntry, _ image: RawSpan, _ findings: inout FindingList) {
    let count = image.byteCount
    let expected: String
    let isRight: Bool
    switch KeyClass(entry.key) {
    case .relationSize, .slruSegmentSize: (isRight, expected) = (count == 4, "4 bytes")
    case .slruBlock(let segment, _):
      let isStatus = segment.kind == .transactionStatus
      isRight = count == PageHeader.pageByteCount || isStatus && count == PageHeader.pageByteCount + 8
      expected = isStatus ? "8192 or 8200 bytes" : "8192 bytes"
    case .checkpoint: (isRight, expected) = (count == 88, "88 bytes")
    case .controlFile:
      let least = ControlFile.structureByteCount
      (isRight, expected) = (count >= least, "\(least) bytes or more")
      if isRight { checkControlFile(entry, image, &findings) }
    case .relationMap:
      (isRight, expected) = (RelationMap.Layout(rawValue: count) != nil, "512 or 524 bytes")
      if isRight { checkRelationMap(entry, image, &findings) }
    case .replicationOrigin: (isRight, expected) = (count == 0 || count == 8, "8 bytes, or none")
    case .relationDirectoryV2:
      isRight = count == 0 || count == 1 && image.byte(0) == UInt8(ascii: "r")
      expected = "\"r\", or nothing"
    case .relationBlock, .databaseDirectory, .relationDirectoryV1, .slruDirectory, .twoPhaseDirectory,
      .twoPhaseFile, .auxFilesV1, .auxFile, .reserved, .unknown:
      return
    }
    if !isRight { report(entry, byteCount: count, expected: expected, &findings) }
  }

  private mutating func checkControlFile(
    _ entry: LayerEntry,
    _ image: RawSpan,
    _ findings: inout FindingList
  ) {
    // A later version may keep its checksum elsewhere.
    guard Self.knownControlVersions.contains(image.littleEndian32(8)) else { return }
    do throws(FormatError) {
      contents.hasPageChecksums = try ControlFile(parsing: image).dataChecksumVersion != 0
    } catch {
      report(.layerImageDamaged, entry, error, "the control file is damaged", &findings)
    }
  }

  static let knownControlVersions: [UInt32] = [1300, 1700]

  private func checkRelationMap(_ entry: LayerEntry, _ image: RawSpan, _ findings: inout FindingList) {
    do throws(FormatError) {
      _ = try RelationMap(parsing: image)
    } catch {
      report(.layerImageDamaged, entry, error, "a relation map is damaged", &findings)
    }
  }

  // MARK: Values of delta layers

  /// Returns how many bytes of the value, behind those that its form explains, a checksum covers.
  @inline(__always)
  mutating func check(
    _ entry: LayerEntry,
    _ value: RawSpan,
    _ outline: ValueOutline,
    _ findings: inout FindingList
  ) -> Int {
    switch outline.form {
    case .image:
      check(entry, image: value.extracting(outline.body), &findings)
      return 0
    case .record(let tag):
      if !Self.fits(tag, entry.key) {
        findings.add(
          .layerRecordMisplaced,
          at: entry.blob.lowerBound,
          key: entry.key,
          lsn: entry.lsn,
          "a record is kept under a key that it cannot change",
          seen: "\(tag) for \(entry.key.describe())",
          expected: Self.target(of: tag)
        )
      }
      guard tag == .postgres else { return 0 }
      contents.walRecordCount &+= 1
      return checkRecord(entry, value.extracting(outline.body), &findings)
    }
  }

  private func checkRecord(_ entry: LayerEntry, _ record: RawSpan, _ findings: inout FindingList) -> Int {
    guard let header = WALRecordHeader(record), let checksum = WALRecordHeader.checksum(of: record) else {
      let problem = FormatError(
        .truncated,
        field: "WAL record",
        found: "\(record.byteCount) bytes",
        expected: "\(WALRecordHeader.byteCount) bytes or more"
      )
      report(.layerRecordDamaged, entry, problem, "a WAL record has no header", &findings)
      return 0
    }
    if header.checksum != checksum {
      let problem = FormatError(
        .checksumMismatch,
        offset: 20,
        field: "xl_crc",
        found: String(header.checksum, radix: 16),
        expected: String(checksum, radix: 16)
      )
      report(.layerRecordDamaged, entry, problem, "the checksum of a WAL record is wrong", &findings)
    } else if header.previous >= entry.lsn {
      let problem = FormatError(
        .badValue,
        offset: 8,
        field: "xl_prev",
        found: "\(header.previous)",
        expected: "below \(entry.lsn)"
      )
      report(.layerRecordDamaged, entry, problem, "a WAL record is kept at the wrong LSN", &findings)
    }
    // The length was compared before; two bytes of the header are not covered.
    return record.byteCount - 4 - 2
  }

  /// Whether a record of this kind changes values of the key's family.
  @inline(__always)
  private static func fits(_ tag: NeonRecord.Tag, _ key: Key) -> Bool {
    switch tag {
    case .postgres: key.isRelationBlock
    case .clearVisibilityMapFlags, .truncateVisibilityMap: key.isVisibilityMapBlock
    case .clogSetCommitted, .clogSetAborted: isPage(key, of: .transactionStatus)
    case .multixactOffsetCreate: isPage(key, of: .multixactOffsets)
    case .multixactMembersCreate: isPage(key, of: .multixactMembers)
    case .auxFile: key == .auxFilesV1
    case .test: true
    }
  }

  private static func isPage(_ key: Key, of kind: SLRUKind) -> Bool {
    key.isSLRUBlock && key.field2 == kind.rawValue
  }

  private static func target(of tag: NeonRecord.Tag) -> String {
    switch tag {
    case .postgres: "a page of a relation"
    case .clearVisibilityMapFlags, .truncateVisibilityMap: "a page of a visibility map"
    case .clogSetCommitted, .clogSetAborted: "a page of pg_xact"
    case .multixactOffsetCreate: "a page of pg_multixact/offsets"
    case .multixactMembersCreate: "a page of pg_multixact/members"
    case .auxFile: "the aux files (v1)"
    case .test: "any key"
    }
  }

  // MARK: Reporting

  private func report(
    _ code: FindingCode,
    _ entry: LayerEntry,
    _ problem: FormatError,
    _ message: String,
    _ findings: inout FindingList
  ) {
    // The place in the file is that of the blob: what it holds may be compressed.
    let place = problem.offset > 0 ? " at byte \(problem.offset)" : ""
    findings.add(
      code,
      at: entry.blob.lowerBound,
      key: entry.key,
      lsn: entry.lsn,
      "\(message): \(problem.field)\(place), \(entry.key.describe())",
      seen: problem.found,
      expected: problem.expected
    )
  }

  private func report(
    _ entry: LayerEntry,
    byteCount: Int,
    expected: String,
    _ findings: inout FindingList
  ) {
    let problem = FormatError(.badValue, field: "length", found: "\(byteCount) bytes", expected: expected)
    report(.layerImageDamaged, entry, problem, "an image is not what its key stands for", &findings)
  }
}
