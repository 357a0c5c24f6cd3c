/// What the header of each page of one timeline's WAL must say, learned from the pages seen before.
///
/// | field | rule | otherwise |
/// |---|---|---|
/// | magic | of a known version; the same on all pages | the page cannot be read |
/// | page address | where the page lies | the page cannot be read |
/// | form | long on the first page of a segment, else short | the page cannot be read |
/// | timeline | 1 | only reported |
/// | flags | known ones | only reported |
/// | segment size, page size, system identifier | those of the segments | only reported |
public struct WALPageRules: Sendable {
  public let segmentSize: WALSegmentSize
  /// Nil as long as no page has been seen and nobody said it.
  public private(set) var version: PostgresVersion?
  public private(set) var systemIdentifier: UInt64?

  public init(
    segmentSize: WALSegmentSize,
    version: PostgresVersion? = nil,
    systemIdentifier: UInt64? = nil
  ) {
    self.segmentSize = segmentSize
    self.version = version
    self.systemIdentifier = systemIdentifier
  }

  /// Reads and checks the header of the page at `position`; nil if the page cannot be read by it.
  ///
  /// - Parameter mayBeCut: Whether it is no problem that the page is too short for a header.
  public mutating func check(
    _ page: RawSpan,
    at position: Lsn,
    mayBeCut: Bool,
    _ report: (WALProblem) -> Void
  ) -> WALPageHeader? {
    guard let header = WALPageHeader(page: page) else {
      if !mayBeCut {
        report(
          .page(position, "the page is cut off", seen: "\(page.byteCount) bytes", expected: "8192 bytes")
        )
      }
      return nil
    }
    guard let found = PostgresVersion(pageMagic: header.magic), version == nil || version == found else {
      report(wrongMagic(header, page, position))
      return nil
    }
    guard header.pageAddress == position else {
      let message = "the page is of another place"
      report(.page(position, message, seen: "\(header.pageAddress)", expected: "\(position)"))
      return nil
    }
    if header.postgresTimeline != WALSegmentName.neonTimeline {
      let message = "the page is of another timeline of PostgreSQL"
      report(.page(position, message, seen: "\(header.postgresTimeline)", expected: "1"))
    }
    if !WALPageHeader.Flags.known.isSuperset(of: header.flags) {
      let seen = Self.hex(header.flags.rawValue)
      report(.page(position, "the page has unknown flags", seen: seen, expected: "flags below 0x10"))
    }
    let isFirst = segmentSize.offset(of: position) == 0
    guard isFirst == (header.segment != nil) else {
      let forms = isFirst ? ("a short header", "a long one") : ("a long one", "a short header")
      let message = "the header has the wrong form for its place"
      report(.page(position, message, seen: forms.0, expected: forms.1))
      return nil
    }
    if let segment = header.segment { check(segment, position, report) }
    version = found
    return header
  }

  private mutating func check(
    _ segment: WALPageHeader.Segment,
    _ position: Lsn,
    _ report: (WALProblem) -> Void
  ) {
    if UInt64(segment.segmentSize) != segmentSize.byteCount {
      let (seen, expected) = ("\(segment.segmentSize)", "\(segmentSize.byteCount)")
      report(.page(position, "the header states another segment size", seen: seen, expected: expected))
    }
    if segment.pageSize != UInt32(WALPageHeader.pageByteCount) {
      let message = "the header states another page size"
      report(.page(position, message, seen: "\(segment.pageSize)", expected: "8192"))
    }
    if let systemIdentifier, systemIdentifier != segment.systemIdentifier {
      let (seen, expected) = ("\(segment.systemIdentifier)", "\(systemIdentifier)")
      report(.page(position, "the segment is of another database system", seen: seen, expected: expected))
    }
    if systemIdentifier == nil { systemIdentifier = segment.systemIdentifier }
  }

  private func wrongMagic(_ header: WALPageHeader, _ page: RawSpan, _ position: Lsn) -> WALProblem {
    .page(
      position,
      "the page does not begin as pages of WAL do",
      seen: page.firstNonzero() == nil ? "a page of zeros" : Self.hex(header.magic),
      expected: version.map { Self.hex($0.pageMagic) } ?? "0xd10d, 0xd110, 0xd113 or 0xd116"
    )
  }

  private static func hex(_ value: UInt16) -> String { "0x" + String(value, radix: 16) }
}

extension WALProblem {
  fileprivate static func page(_ lsn: Lsn, _ message: String, seen: String, expected: String) -> WALProblem {
    WALProblem(.page, lsn, message, seen: seen, expected: expected)
  }
}
