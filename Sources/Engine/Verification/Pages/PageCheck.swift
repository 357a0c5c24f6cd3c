import IndexFormat

/// What must hold of a page by itself, by the access method that wrote it.
///
/// Each rule holds for every page that PostgreSQL 14 to 17 leaves behind: split halfway, half dead, deleted, behind a
/// recovery, of an unlogged relation's first fork, and as page servers make it. What a rule needs that is not in the
/// page, a catalog or an operator class, is not looked at. `docs/verification-pages.md` says how much of random damage
/// the rules see.
///
/// Nothing is allocated for a page without a problem.
public struct PageCheck: Sendable {
  /// What the timeline tells of the moment; a rule whose limit is nil is left out.
  public struct Limits: Sendable {
    /// `nextXid` of the checkpoint, the lower half: transactions in pages are older.
    public var nextTransaction: UInt32?
    /// `nextMulti` of the checkpoint: multixacts in pages are older.
    public var nextMultixact: UInt32?
    /// No page has a higher LSN.
    public var lsn: Lsn?

    public init(nextTransaction: UInt32? = nil, nextMultixact: UInt32? = nil, lsn: Lsn? = nil) {
      self.nextTransaction = nextTransaction
      self.nextMultixact = nextMultixact
      self.lsn = lsn
    }

    /// The limits at the LSN that the checkpoint was read at.
    public init(_ checkpoint: Checkpoint, lsn: Lsn? = nil) {
      nextTransaction = UInt32(truncatingIfNeeded: checkpoint.nextTransaction)
      nextMultixact = checkpoint.nextMultixact
      self.lsn = lsn
    }
  }

  public var version: PostgresVersion
  public var limits: Limits

  public init(version: PostgresVersion, limits: Limits = Limits()) {
    self.version = version
    self.limits = limits
  }

  /// The first thing that cannot be as it is; nil for a page that may be whole.
  ///
  /// - page: 8192 bytes, of pg_xact also 8200. Any other length is a problem.
  /// - block: where the page lies in its fork, counted over all files of it; not used for SLRUs.
  ///
  /// A page of zeros is new, and whole in every relation; with nothing but an LSN it is, too, as page servers made
  /// such pages until November 2024. The checksum is not compared: see `PageChecksum`.
  public func problem(of page: RawSpan, as kind: PageKind, block: BlockNumber) -> FormatError? {
    if case .slru(let slru) = kind { return SLRUPageCheck.problem(of: page, slru) }
    if let problem = PageHeader.problem(of: page) { return Self.isOnlyLsn(page) ? nil : problem }
    guard page.littleEndian16(14) != 0 else { return nil }
    do throws(PageFault) {
      try check(PageView(page, block.value), kind)
      return nil
    } catch {
      return error.error
    }
  }

  /// Whether all is zero behind the LSN.
  private static func isOnlyLsn(_ page: RawSpan) -> Bool {
    page.byteCount == PageHeader.pageByteCount && page.firstNonZero(in: 8..<page.byteCount) == nil
  }

  @inline(__always)
  private func check(_ page: PageView, _ kind: PageKind) throws(PageFault) {
    try page.require(
      page.uint16(18) == PageHeader.knownSizeAndVersion,
      "pd_pagesize_version",
      at: 18,
      page.uint16(18),
      "8192 bytes of layout 4:",
      UInt64(PageHeader.knownSizeAndVersion)
    )
    if let lsn = limits.lsn {
      let found = page.lsn
      try page.require(found <= lsn.value, "pd_lsn", at: 0, found, "at most", lsn.value)
    }
    switch kind {
    case .table: try TablePageCheck.check(page, limits)
    case .sequence: try SequencePageCheck.check(page)
    case .btree: try BTreePageCheck.check(page)
    case .hash: try HashPageCheck.check(page)
    case .gin: try GINPageCheck.check(page)
    case .gist: try GiSTPageCheck.check(page)
    case .spgist: try SPGiSTPageCheck.check(page)
    case .brin: try BRINPageCheck.check(page)
    case .freeSpaceMap: try MapPageCheck.checkFreeSpaceMap(page)
    case .visibilityMap: try MapPageCheck.checkVisibilityMap(page, version)
    case .other, .slru: break
    }
  }
}
