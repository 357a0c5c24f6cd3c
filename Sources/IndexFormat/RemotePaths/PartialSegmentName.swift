/// The name of a segment that one safekeeper uploaded before it was complete:
/// `<segment>_<term>_<flush LSN>_<commit LSN>_sk<node>.partial`.
///
/// Term and node are decimal, LSNs 16 upper-case hex digits. The object holds the segment's bytes up to the
/// flush LSN, none at all if that lies on the segment's start, and may hold WAL that never was committed. The
/// term is that of the last log entry since 2024-06-26, before it was the safekeeper's. Source:
/// `safekeeper/src/wal_backup_partial.rs`.
public struct PartialSegmentName: Hashable, Sendable {
  public let segment: WALSegmentName
  public let term: UInt64
  public let flushLsn: Lsn
  public let commitLsn: Lsn
  public let node: NodeID

  public init(segment: WALSegmentName, term: UInt64, flushLsn: Lsn, commitLsn: Lsn, node: NodeID) {
    self.segment = segment
    self.term = term
    self.flushLsn = flushLsn
    self.commitLsn = commitLsn
    self.node = node
  }

  /// Reads all of `bytes`, as written: no leading zeros or lower-case digits.
  public init?(text bytes: RawSpan) {
    guard bytes.ends(with: ".partial"), bytes.has("_", at: 24),
      let segment = WALSegmentName(text: bytes.extracting(0..<24)),
      let termEnd = bytes.firstOffset(of: UInt8(ascii: "_"), from: 25),
      let term = DecimalDigits.decodeCanonical(bytes.extracting(25..<termEnd)),
      let flushLsn = PartialSegmentName.lsn(bytes, at: termEnd + 1), bytes.has("_", at: termEnd + 17),
      let commitLsn = PartialSegmentName.lsn(bytes, at: termEnd + 18), bytes.has("_sk", at: termEnd + 34)
    else { return nil }
    let nodeEnd = bytes.byteCount - ".partial".utf8.count
    guard termEnd + 37 < nodeEnd,
      let node = DecimalDigits.decodeCanonical(bytes.extracting(termEnd + 37..<nodeEnd))
    else { return nil }
    self.init(segment: segment, term: term, flushLsn: flushLsn, commitLsn: commitLsn, node: NodeID(node))
  }

  private static func lsn(_ bytes: RawSpan, at offset: Int) -> Lsn? {
    guard bytes.byteCount - offset >= 16 else { return nil }
    let digits = bytes.extracting(offset..<offset + 16)
    guard !digits.hasLowerCase(upTo: 16), let value = HexDigits.decode16(digits, at: 0) else { return nil }
    return Lsn(value)
  }

  /// How long the object must be.
  public func byteCount(size: WALSegmentSize) -> UInt64 { size.offset(of: flushLsn) }

  /// Whether the flush LSN lies in the segment of the name. One on a boundary belongs to the segment behind
  /// it.
  public func isConsistent(size: WALSegmentSize) -> Bool {
    segment.segment(size: size) == size.segment(of: flushLsn)
  }
}

extension PartialSegmentName: LosslessStringConvertible {
  public init?(_ text: String) { self.init(text: text.utf8Span.span.bytes) }

  public var description: String {
    "\(segment)_\(term)_\(flushLsn.fileNameForm)_\(commitLsn.fileNameForm)_sk\(node).partial"
  }
}
