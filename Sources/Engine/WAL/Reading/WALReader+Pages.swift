import IndexFormat

/// What the header of a page says of the records on it.
extension WALReader {
  /// Reads the header of the page, and moves to where the first record or the rest of one begins; to the page's end if
  /// nothing can be read on it.
  mutating func enter(_ bytes: RawSpan, _ report: (WALProblem) -> Void) {
    defer { if case .seeking = chain { offset = WALPageHeader.pageByteCount } }
    if let firstRecord, page <= firstRecord, firstRecord.value &- page.value < UInt64(bytes.byteCount) {
      enterFirst(bytes, at: Int(firstRecord.value &- page.value), report)
      return
    }
    switch chain {
    case .padding:
      guard rules.segmentSize.offset(of: page) == 0 else {
        offset = WALPageHeader.pageByteCount
        return
      }
      chain = .atRecord
    case .ended where Self.isZeros(bytes):
      offset = WALPageHeader.pageByteCount
      return
    case .atRecord where Self.isZeros(bytes):
      endInZeros(at: page, report)
      return
    case .inRecord(let start, _) where Self.isZeros(bytes):
      endInZeros(at: start, report)
      return
    case .seeking where recordCount == 0:
      // Zeros fill up the segment before a timeline begins, perhaps without headers of pages.
      guard let first = bytes.firstNonZero(in: 0..<bytes.byteCount) else { return }
      if first >= WALPageHeader.shortByteCount {
        chain = .atRecord
        offset = first & ~7
        return
      }
    default: break
    }
    guard let header = rules.check(bytes, at: page, mayBeCut: true, report) else {
      lose()
      return
    }
    followOn(header, bytes, report)
  }

  private static func isZeros(_ bytes: RawSpan) -> Bool { bytes.firstNonZero(in: 0..<bytes.byteCount) == nil }

  /// The page with the first record. What stands before that may be zeros; a header that is there is checked.
  private mutating func enterFirst(_ bytes: RawSpan, at start: Int, _ report: (WALProblem) -> Void) {
    var least = 0
    if bytes.firstNonZero(in: 0..<WALPageHeader.shortByteCount) != nil || start < WALPageHeader.shortByteCount
    {
      guard let header = rules.check(bytes, at: page, mayBeCut: true, report) else {
        lose()
        return
      }
      least = header.byteCount
    }
    chain = .atRecord
    // A record begins at a multiple of 8; another address is the caller's mistake, which the next one forgives.
    offset = (max(least, start) &+ 7) & ~7
  }

  /// Compares what the page says of the record it begins with and what is known.
  private mutating func followOn(
    _ header: WALPageHeader,
    _ bytes: RawSpan,
    _ report: (WALProblem) -> Void
  ) {
    let isContinued = header.flags.contains(.firstIsContinuation)
    let stated = isContinued ? header.remainingLength : 0
    let isUnread = recordCount == 0
    offset = header.byteCount
    var missing: UInt32?
    switch chain {
    case .inRecord(_, let rest):
      if header.flags.contains(.firstOverwritesContinuation) {
        lose()
        chain = .atRecord
        return
      }
      missing = rest
    case .atRecord: missing = 0
    case .ended(let end, let isReported):
      if !isReported {
        let message = "the WAL ends here in zeros, and goes on behind them"
        report(WALProblem(.end, end, message, seen: "a page of WAL at \(page)", expected: "zeros"))
      }
    case .seeking, .padding: break
    }
    if let missing {
      if missing == header.remainingLength, isContinued == (missing > 0) { return }
      report(
        WALProblem(
          .record,
          page,
          "the page does not go on with the record before it",
          seen: "\(stated) bytes of an earlier record",
          expected: "\(missing)"
        )
      )
    }
    lose()
    // What the page says is the best there is: its next record begins behind the rest of an earlier one.
    let from = UInt64(header.byteCount) &+ (UInt64(stated) &+ 7) & ~7
    guard from < UInt64(WALPageHeader.pageByteCount) else { return }
    offset = Int(from)
    chain = .atRecord
    guard missing == nil, isUnread, offset < bytes.byteCount else { return }
    // The timeline may begin behind what fills up the segment before it.
    if let first = bytes.firstNonZero(in: offset..<bytes.byteCount) {
      offset = max(offset, first & ~7)
    } else {
      chain = .seeking
    }
  }
}
