import IndexFormat

/// Reads the records out of pages of WAL, which are given in order from anywhere: files, objects, a stream.
///
///     var reader = WALReader(segmentSize: .standard, start: .record(Lsn(0x14aec08)))
///     let used = reader.read(bytes) { place, record in … return .goOn } report: { problem in … }
///
/// The first bytes given must be those of `reader.page`, and each time whole pages follow: what `read` did not use is
/// given again. A record within one page is shown where it stands; one that goes over several is put together in a
/// buffer that grows only with bytes that came, whatever length the record claims.
///
/// | what is met | what is done |
/// |---|---|
/// | wrong header of a page, or one that does not go on with the record before | reported; what the page says is believed where it can be read |
/// | impossible length, resource manager or link to the record before | reported; the next record is looked for |
/// | wrong checksum | reported, the record is not shown; goes on behind it, or looks for the next record if that makes no sense |
/// | wrong link, but right checksum | reported; the record is shown |
/// | zeros instead of a record, or of the rest of one | the end, reported unless `mayEnd`; goes on at the next page that is not zeros, which is reported then |
/// | a page that gives up the record before it | no problem: PostgreSQL does so after a crash |
///
/// Who wants no record behind damage pauses when a problem has been reported: problems come before the records behind
/// them.
public struct WALReader: ~Copyable {
  public enum Start: Equatable, Sendable {
    /// A record begins here, or the header of the page whose first record it is.
    case record(Lsn)
    /// The first record from here on; one that began before is passed over.
    case anywhere(Lsn)
  }

  /// Where a record stands.
  public struct Place: Equatable, Sendable {
    public var start: Lsn
    /// Behind its padding: the LSN that its changes have. The next record begins there, or behind the header of the
    /// page that begins there.
    public var end: Lsn
  }

  public enum Flow: Sendable {
    case goOn
    /// Stop behind this record; the next `read` goes on with the one behind it.
    case pause
  }

  /// In what the bytes so far end.
  public enum End: Equatable, Sendable {
    /// A record could follow at this LSN.
    case record(Lsn)
    /// Zeros from here on, or instead of the rest of the record that begins here.
    case zeros(Lsn)
    case withinRecord(start: Lsn, missing: UInt32)
    /// Damage, or a beginning without any record so far.
    case unknown
  }

  enum Chain {
    case atRecord
    case inRecord(start: Lsn, missing: UInt32)
    /// Nothing is known of where records begin.
    case seeking
    /// The rest of the segment is padding.
    case padding
    /// Zeros from here on, or instead of the rest of the record that begins here.
    case ended(Lsn, isReported: Bool)
  }

  /// PostgreSQL 16 and later write no longer ones.
  public static let maximumRecordByteCount: UInt32 = 1020 << 20
  /// A buffer that one long record has made larger than this is not kept.
  static let keptByteCount = 4 << 20

  /// Whether the WAL may end in zeros.
  public var mayEnd = false
  public internal(set) var recordCount: UInt64 = 0
  /// Where the bytes that `read` is given next must begin.
  public internal(set) var page: Lsn
  public let recordLimit: UInt32

  var rules: WALPageRules
  var chain = Chain.seeking
  /// How much of the page has been used.
  var offset = 0
  /// Where the first record begins, if it is known.
  var firstRecord: Lsn?
  /// Records that begin before are not shown.
  let firstShown: Lsn
  var previousRecord: Lsn?
  /// The record before failed its checksum: if the next one makes no sense either, its length was wrong.
  var isDoubtful = false
  /// The bytes so far of the record that is being put together.
  var assembled: [UInt8] = []

  /// - Parameters:
  ///   - version: that of the server, if it is known; else the first page says it.
  ///   - recordLimit: how long a record may be.
  public init(
    segmentSize: WALSegmentSize,
    start: Start,
    version: PostgresVersion? = nil,
    systemIdentifier: UInt64? = nil,
    recordLimit: UInt32 = WALReader.maximumRecordByteCount
  ) {
    rules = WALPageRules(segmentSize: segmentSize, version: version, systemIdentifier: systemIdentifier)
    self.recordLimit = recordLimit
    switch start {
    case .record(let lsn): (firstRecord, firstShown) = (lsn, .invalid)
    case .anywhere(let lsn): (firstRecord, firstShown) = (nil, lsn)
    }
    let lsn = max(firstRecord ?? .invalid, firstShown)
    page = Lsn(lsn.value & ~UInt64(WALPageHeader.pageByteCount - 1))
  }

  /// Another reader that goes on from the same place.
  public func copy() -> WALReader {
    var copy = WALReader(
      segmentSize: rules.segmentSize,
      start: .anywhere(firstShown),
      recordLimit: recordLimit
    )
    copy.mayEnd = mayEnd
    copy.recordCount = recordCount
    copy.page = page
    copy.rules = rules
    copy.chain = chain
    copy.offset = offset
    copy.firstRecord = firstRecord
    copy.previousRecord = previousRecord
    copy.isDoubtful = isDoubtful
    copy.assembled = assembled
    return copy
  }

  /// That of the server, as the pages say it.
  public var version: PostgresVersion? { rules.version }

  public var end: End {
    switch chain {
    case .atRecord: .record(lsn)
    case .inRecord(let start, let missing): .withinRecord(start: start, missing: missing)
    case .padding: .record(nextSegment(of: lsn))
    case .ended(let lsn, _): .zeros(lsn)
    case .seeking: .unknown
    }
  }

  var lsn: Lsn { Lsn(page.value &+ UInt64(offset)) }

  func nextSegment(of lsn: Lsn) -> Lsn {
    let size = rules.segmentSize
    // On a boundary only if the record before ended there.
    let into = size.offset(of: lsn)
    return into == 0 ? lsn : Lsn(lsn.value &+ (size.byteCount &- into))
  }

  /// Reads pages, and returns how many bytes were used: whole pages, unless a short one was the last.
  ///
  /// A page that is short, or on which reading paused, is not counted although some of it was read. It must be given
  /// again, and may be longer then.
  ///
  /// - Parameters:
  ///   - visit: is shown each record: its place, and its bytes without headers of pages. They are valid only during
  ///     the call, and their checksum is right.
  ///   - report: is told of what is wrong.
  public mutating func read(
    _ bytes: RawSpan,
    _ visit: (Place, RawSpan) -> Flow,
    report: (WALProblem) -> Void
  ) -> Int {
    var used = 0
    while used < bytes.byteCount {
      let end = min(used &+ WALPageHeader.pageByteCount, bytes.byteCount)
      let flow = read(page: bytes.extracting(used..<end), visit, report)
      guard offset >= WALPageHeader.pageByteCount else { return used }
      page = Lsn(page.value &+ UInt64(WALPageHeader.pageByteCount))
      offset = 0
      used = end
      if flow == .pause { return used }
    }
    return used
  }

  /// Moves over the padding that a segment ends in; false if the next page is no such one. The bytes given next must
  /// begin at the new `page` then, so that padding need not be fetched.
  public mutating func skipPadding() -> Bool {
    guard case .padding = chain else { return false }
    chain = .atRecord
    page = nextSegment(of: lsn)
    offset = 0
    return true
  }

  private mutating func read(
    page bytes: RawSpan,
    _ visit: (Place, RawSpan) -> Flow,
    _ report: (WALProblem) -> Void
  ) -> Flow {
    if offset == 0 {
      // Even a short page is judged by its header only when that is whole.
      guard bytes.byteCount >= WALPageHeader.longByteCount || bytes.byteCount == WALPageHeader.pageByteCount
      else { return .goOn }
      if let firstRecord, firstRecord.value &- page.value < UInt64(WALPageHeader.pageByteCount),
        firstRecord.value &- page.value >= UInt64(bytes.byteCount)
      {
        return .goOn
      }
      enter(bytes, report)
    }
    while offset < bytes.byteCount {
      switch chain {
      case .atRecord:
        let before = offset
        if begin(bytes, visit, report) == .pause { return .pause }
        // Too few bytes of a short page to tell.
        if offset == before, case .atRecord = chain { return .goOn }
      case .inRecord(let start, let missing):
        if take(bytes, start, missing, visit, report) == .pause { return .pause }
      case .seeking, .padding, .ended: offset = WALPageHeader.pageByteCount
      }
    }
    return .goOn
  }

  mutating func lose() {
    chain = .seeking
    previousRecord = nil
    isDoubtful = false
    if assembled.capacity > Self.keptByteCount { assembled = [] }
  }
}
