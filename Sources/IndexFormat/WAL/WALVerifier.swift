/// Follows the WAL of one timeline page by page: every page's header, and the chain of records across pages
/// and segments with the checksum of each. Keeps no record in memory, whatever lengths the bytes claim.
///
///     var verifier = WALVerifier(segmentSize: .standard, start: Lsn(0x2000028))
///     verifier.begin(segment)
///     verifier.add(bytes) { problem in … }    // the segment's bytes, in pieces of whole pages
///
/// ## Where reading begins
///
/// | what is known | what is done |
/// |---|---|
/// | `start` lies in the segment | pages before it may hold anything that safekeepers fill up with: only headers that are there are checked |
/// | nothing | zeros are passed over; else the first page says how much of an earlier record it begins with |
/// | after damage | goes on at the next page whose header is right, as if nothing was known |
///
/// A record that says that the segment ends (`XLOG_SWITCH`) is followed by padding, which is not looked at.
public struct WALVerifier: Sendable {
  public let segmentSize: WALSegmentSize
  /// Where the timeline's WAL begins, if that is known.
  public let start: Lsn?
  /// Whether the WAL may end in zeros: in a segment that was not complete.
  public var mayEnd = false
  public private(set) var recordCount: UInt64 = 0
  public private(set) var pageCount: UInt64 = 0

  /// The LSN of the next byte.
  private(set) var position = Lsn.invalid
  private var chain = Chain.unknown
  private var previousRecord: Lsn?
  private var rules: WALPageRules
  private var hasSeenRecord = false
  /// The record before failed its checksum: if the next one makes no sense either, its length was wrong.
  private var isDoubtful = false

  private enum Chain {
    /// A record begins at the next aligned byte.
    case atRecord
    case inRecord(PartOfRecord)
    /// Nothing is known of where records begin.
    case unknown
    /// The rest of the segment is padding.
    case padding
    /// Zeros instead of the record that should begin here, or of the rest of it: nothing should come behind them.
    case ended(Lsn, isReported: Bool)
  }

  /// A record of which a part has been seen.
  fileprivate struct PartOfRecord {
    var start: Lsn
    var header: [UInt8] = []
    var missing: UInt32
    var checksum = CRC32C()
  }

  /// - Parameter systemIdentifier: That of the database system; if nobody knows it, all segments must have the same.
  public init(segmentSize: WALSegmentSize, start: Lsn?, systemIdentifier: UInt64? = nil) {
    self.segmentSize = segmentSize
    rules = WALPageRules(segmentSize: segmentSize, systemIdentifier: systemIdentifier)
    self.start = start
  }

  /// Goes on with this segment. If it is not the one behind the last, the chain begins anew.
  public mutating func begin(_ segment: WALSegmentNumber) {
    let begin = segmentSize.start(of: segment) ?? Lsn(.max)
    if position != begin || position == .invalid {
      lose()
      position = begin
    }
    if case .padding = chain { chain = .atRecord }
    if position == start { chain = .atRecord }
  }

  /// Takes the next bytes of the segment: whole pages, of which only the last in a segment that was not complete may be
  /// short.
  public mutating func add(_ bytes: RawSpan, report: (WALProblem) -> Void) {
    var offset = 0
    while offset < bytes.byteCount {
      let end = min(offset + WALPageHeader.pageByteCount, bytes.byteCount)
      page(bytes.extracting(offset..<end), report)
      pageCount += 1
      position = Lsn(position.value &+ UInt64(end - offset))
      offset = end
    }
  }

  // MARK: Pages

  private mutating func lose() {
    chain = .unknown
    previousRecord = nil
    isDoubtful = false
  }

  private mutating func page(_ page: RawSpan, _ report: (WALProblem) -> Void) {
    if case .padding = chain { return }
    let isZero = page.firstNonzero() == nil
    let end = position.value &+ UInt64(page.byteCount)
    if let start, position < start {
      // What fills up the segment before the timeline begins.
      if page.firstNonzero().map({ $0 < WALPageHeader.shortByteCount }) ?? false, header(page, report) == nil
      {
        return
      }
      if end > start.value {
        chain = .atRecord
        records(page, from: Int(clamping: start.value - position.value), report)
      }
      return
    }
    switch chain {
    case .ended where isZero: return
    case .atRecord where isZero: return endInZeros(at: position, report)
    case .inRecord(let part) where isZero: return endInZeros(at: part.start, report)
    case .unknown where !hasSeenRecord:
      guard let first = page.firstNonzero() else { return }
      if first >= WALPageHeader.shortByteCount {
        // The WAL begins in the middle of a page, without its header.
        chain = .atRecord
        records(page, from: first & ~7, report)
        return
      }
    default: break
    }
    guard let header = header(page, report) else {
      lose()
      return
    }
    guard var from = continuation(header, page, report) else { return }
    if start == nil, !hasSeenRecord, case .atRecord = chain {
      // The timeline may begin behind what fills up the segment before it.
      guard let first = page.firstNonzero(from: from) else {
        chain = .unknown
        return
      }
      from = max(from, first & ~7)
    }
    records(page, from: from, report)
  }

  /// Checks a page's header; nil if the page cannot be read by it.
  private mutating func header(_ page: RawSpan, _ report: (WALProblem) -> Void) -> WALPageHeader? {
    rules.check(page, at: position, mayBeCut: mayEnd, report)
  }

  /// Compares what the page says of the record it begins with and what is known; gives where to read on, or nil if
  /// there is nothing to read on this page.
  private mutating func continuation(
    _ header: WALPageHeader,
    _ page: RawSpan,
    _ report: (WALProblem) -> Void
  ) -> Int? {
    let isContinued = header.flags.contains(.firstIsContinuation)
    let stated = isContinued ? header.remainingLength : 0
    let missing: UInt32?
    switch chain {
    case .inRecord(let part):
      if header.flags.contains(.firstOverwritesContinuation) {
        lose()
        chain = .atRecord
        return header.byteCount
      }
      missing = part.missing
    case .atRecord: missing = 0
    case .ended(let end, let isReported):
      missing = nil
      if !isReported {
        let message = "the WAL ends here in zeros, and goes on behind them"
        problem(.end, message, "a page of WAL at \(position)", "zeros", at: end, report)
      }
    case .unknown, .padding: missing = nil
    }
    if let missing, missing == stated, isContinued == (missing > 0),
      isContinued || header.remainingLength == 0
    {
      return header.byteCount
    }
    if let missing {
      problem(
        .record,
        "the page does not go on with the record before it",
        "\(stated) bytes of an earlier record",
        "\(missing)",
        report
      )
    }
    lose()
    // What the page says is the best there is: its next record begins behind the rest of an earlier one.
    let from = header.byteCount + Int((UInt64(stated) + 7) & ~7)
    guard from < page.byteCount else { return nil }
    chain = .atRecord
    return from
  }

  // MARK: Records

  private mutating func records(_ page: RawSpan, from start: Int, _ report: (WALProblem) -> Void) {
    var offset = start
    while offset < page.byteCount {
      switch chain {
      case .atRecord:
        guard begin(at: offset, page, report) else { return }
      case .inRecord(var part):
        let count = min(Int(part.missing), page.byteCount - offset)
        part.take(page.extracting(offset..<offset + count))
        offset += count
        chain = .inRecord(part)
        guard part.missing == 0 else { return }
        end(part, report)
        offset = (offset + 7) & ~7
      case .unknown, .padding, .ended: return
      }
    }
  }

  private mutating func endInZeros(at lsn: Lsn, _ report: (WALProblem) -> Void) {
    if !mayEnd { problem(.end, "the WAL ends here in zeros", "zeros", "a record", at: lsn, report) }
    lose()
    chain = .ended(lsn, isReported: !mayEnd)
  }

  /// Begins the record at `offset`; false if there is none.
  private mutating func begin(at offset: Int, _ page: RawSpan, _ report: (WALProblem) -> Void) -> Bool {
    let lsn = Lsn(position.value &+ UInt64(offset))
    guard page.byteCount - offset >= 4 else { return false }
    let length = page.littleEndian32(at: offset)
    guard length != 0 else {
      endInZeros(at: lsn, report)
      return false
    }
    guard length >= UInt32(WALRecordHeader.byteCount), length <= WALRecordHeader.maxLength else {
      if !isDoubtful {
        let expected = "\(WALRecordHeader.byteCount) to \(WALRecordHeader.maxLength)"
        problem(.record, "the record has an impossible length", "\(length)", expected, at: lsn, report)
      }
      lose()
      return false
    }
    chain = .inRecord(PartOfRecord(start: lsn, missing: length))
    return true
  }

  private mutating func end(_ part: PartOfRecord, _ report: (WALProblem) -> Void) {
    guard let header = WALRecordHeader(part.header.span.bytes) else {
      lose()
      return
    }
    var checksum = part.checksum
    checksum.update(part.header.span.bytes.extracting(0..<WALRecordHeader.checkedByteCount))
    let isWhole = checksum.value == header.checksum
    if !isWhole {
      if isDoubtful {
        lose()
        return
      }
      let hex = { (value: UInt32) in HexDigits.string(UInt64(value), count: 8, uppercase: false) }
      let (seen, expected) = (hex(checksum.value), hex(header.checksum))
      problem(.record, "the record's checksum is wrong", seen, expected, at: part.start, report)
    } else if let previousRecord, header.previous != previousRecord {
      let message = "the record does not name the one before it"
      problem(.record, message, "\(header.previous)", "\(previousRecord)", at: part.start, report)
    }
    recordCount += 1
    hasSeenRecord = true
    isDoubtful = !isWhole
    previousRecord = part.start
    chain = isWhole && header.endsSegment ? .padding : .atRecord
  }

  private func problem(
    _ kind: WALProblem.Kind,
    _ message: String,
    _ seen: String,
    _ expected: String,
    at lsn: Lsn? = nil,
    _ report: (WALProblem) -> Void
  ) {
    report(WALProblem(kind, lsn ?? position, message, seen: seen, expected: expected))
  }
}

extension WALVerifier.PartOfRecord {
  /// Takes bytes of the record; there must be no more than are missing.
  fileprivate mutating func take(_ bytes: RawSpan) {
    let ofHeader = min(WALRecordHeader.byteCount - header.count, bytes.byteCount)
    for index in 0..<max(0, ofHeader) { header.append(bytes.byte(index)) }
    checksum.update(bytes.extracting(max(0, ofHeader)..<bytes.byteCount))
    missing -= UInt32(bytes.byteCount)
  }
}
